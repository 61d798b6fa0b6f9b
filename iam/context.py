"""The context of a request: keys without regard to case, each with any number of values.

IAM: reference_policies_condition-keys.html, reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

ContextValue = str | bool | int | float | Iterable[str]


class Context:
    """An immutable map from context key to values; a key with no value counts as absent."""

    def __init__(self, values: Mapping[str, ContextValue] | None = None) -> None:
        self._values = {key.lower(): as_values(value) for key, value in (values or {}).items()}

    def values_of(self, key: str) -> tuple[str, ...]:
        """The values of `key`, none when it is absent."""
        return self._values.get(key.lower(), ())

    def items(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Each key in lower case, with its values."""
        yield from self._values.items()

    def over(self, defaults: Mapping[str, ContextValue]) -> Context:
        """This context on top of `defaults`."""
        merged = Context(defaults)
        merged._values.update(self._values)
        return merged

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Context) and self._values == other._values

    def __hash__(self) -> int:
        return hash(frozenset(self._values.items()))

    def __repr__(self) -> str:
        return f"Context({self._values!r})"


def as_values(value: ContextValue) -> tuple[str, ...]:
    """A JSON scalar or a list of texts as texts, the way that AWS compares them: true is `true`."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    return tuple(value)
