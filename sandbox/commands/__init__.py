"""The commands of `python -m sandbox` that look at a running sandbox or work on it, a file each."""
