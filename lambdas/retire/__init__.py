"""Ends old credentials after their overlap: asks the secret's rotation function to, and tells who uses one still."""
