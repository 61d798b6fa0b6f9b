"""EventBridge: buses, rules, patterns, schedules and targets."""
