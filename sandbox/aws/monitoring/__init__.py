"""CloudWatch: metrics, metric filters over logs, and alarms that change state and tell someone."""
