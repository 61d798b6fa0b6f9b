"""The state machine that rotates everything, a tier or some secrets in an emergency: its definition, pure."""
