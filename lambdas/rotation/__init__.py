"""Rotation of one secret in AWS Secrets Manager: one protocol (steps), one file for each kind of target."""
