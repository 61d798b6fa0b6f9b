"""Step Functions: moto's interpreter, made to act as the state machine's role and to keep what it was told."""
