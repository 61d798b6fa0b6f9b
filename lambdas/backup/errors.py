"""The one error of this layer. Its texts end up in logs and name secrets, buckets and versions, never a value."""


class BackupError(RuntimeError):
    """There is no new backup, or it cannot be vouched for; the text says why, and what to do."""
