# ruff: noqa: ARG002 - an implementation takes what the interface gives
"""Secrets whose new value only a person can fetch: the issuer has no usable API for it, or it is not automated yet."""

from collections.abc import Callable

from rotation.document import Document
from rotation.errors import RotationError
from rotation.targets.target import Fallbacks


class Assisted:
    """Never makes a value. A schedule on such a secret is a reminder: its refusal reaches the alarms, a person acts."""

    credential: frozenset[str] = frozenset()
    value = ""
    overlaps = False

    def __init__(self, ca_pem: str | None = None) -> None:
        del ca_pem

    def generate(self, name: str, current: Document) -> Document:
        """Refuse, naming the command that takes the new value."""
        short = name.rsplit("/", 1)[-1]
        raise RotationError(
            f"secret '{name}': its issuer gives a new value to a person only; fetch one there and run "
            f"`secretsctl set {short}`"
        )

    def apply(self, current: Document, pending: Callable[[], Document], fallbacks: Fallbacks) -> None:
        """Nothing: there is no server that we may change."""

    def verify(self, document: Document) -> None:
        """Nothing: `secretsctl set` verifies a value when it is given."""

    def heal(self, current: Document, fallbacks: Fallbacks) -> None:
        """Refuse: only a new value helps."""
        raise RotationError(
            "this kind of secret cannot be healed by a machine; give it a new value with `secretsctl set`"
        )

    def retire(self, current: Document, previous: Document, fallbacks: Fallbacks) -> None:
        """Refuse: the old value ends at its issuer."""
        raise RotationError("this kind of secret is retired by a person: revoke the old value at its issuer")
