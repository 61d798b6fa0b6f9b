"""CloudTrail: every call becomes an event that can be looked up, and that trails deliver."""
