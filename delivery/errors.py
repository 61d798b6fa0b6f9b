"""The one error of this layer. Its texts name files, servers and serial numbers, never a key or a password."""


class DeliveryError(RuntimeError):
    """A value could not be put into force; the text says what, where, and what to do."""
