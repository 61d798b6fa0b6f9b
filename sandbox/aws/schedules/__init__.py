"""Schedules of the local AWS: their expressions, the rules and schedules of EventBridge, and when they come due."""
