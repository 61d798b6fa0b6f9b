"""What secrets exist, and everything that follows from it without asking a cloud."""
