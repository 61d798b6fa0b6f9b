"""The daily watch over the ages of secrets and of their backup. It reads dates, labels and tags, never a value."""
