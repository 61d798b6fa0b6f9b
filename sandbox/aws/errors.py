"""The two errors of the local AWS: one it answers with, one that keeps it from running."""


class SandboxError(RuntimeError):
    """The local AWS itself cannot do what was asked: says what, the value given and what to do."""


class AwsError(Exception):
    """An error that AWS documents, answered to the caller with its code and text.

    `status` is the HTTP status; the JSON services answer 400 for a caller's fault.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
