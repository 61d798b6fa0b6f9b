"""The one error family of this layer. Its texts end up in logs and in the console, and never hold a secret value."""


class RotationError(RuntimeError):
    """A step cannot go on; the text says what, where, and what to do."""


class ServiceError(RotationError):
    """Secrets Manager refused a call. Keeps AWS's error code, not its message, which may quote the request."""

    def __init__(self, operation: str, secret_id: str, code: str) -> None:
        super().__init__(
            f"secret '{secret_id}': {operation} was refused with {code}; "
            f"check the function's role and the state of the secret"
        )
        self.code = code


class LoginRefusedError(RotationError):
    """The server answered and does not accept this credential. Another version of the secret may still be right."""


class ServerBusyError(RotationError):
    """The server answered and has no room or is starting up. Says nothing about the credential: try again later."""


class ServerUnreachableError(RotationError):
    """No trusted TLS connection. Says nothing about the credential: mend the network or the certificate."""
