"""The Condition element: tests on the context of a request, all of which must hold.

IAM: reference_policies_elements_condition.html, reference_policies_condition-logic-multiple-context-keys-or-values.html
(values are OR, and NOR under a negated operator; keys and operators are AND) and
reference_policies_condition-single-vs-multi-valued-context-keys.html (ForAllValues, ForAnyValue).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique

from iam.context import Context
from iam.error import PolicyError
from iam.operators import OPERATORS
from iam.variables import expand

_IF_EXISTS = "IfExists"
_NULL = "Null"


@unique
class SetOperator(StrEnum):
    """What stands before the colon of an operator, if anything."""

    ALL = "ForAllValues"
    ANY = "ForAnyValue"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One operator on one key: `operator` is the bare name, and any of `values` satisfies it."""

    operator: str
    key: str
    values: tuple[str, ...]
    set_operator: SetOperator | None = None
    if_exists: bool = False

    def holds(self, context: Context, *, variables: bool) -> bool:
        """Whether the request passes. A missing key fails a test, passes a negated one, and passes with IfExists."""
        given = context.values_of(self.key)
        if self.operator == _NULL:
            return ("true" if not given else "false") in self.values
        if not given and self.if_exists:
            return True
        if self.set_operator is SetOperator.ALL:
            # "It also returns true if there are no context keys in the request, or if the context key value resolves
            # to a null dataset, such as an empty string."
            return all(self._passes(value, context, variables) for value in given if value)
        if self.set_operator is SetOperator.ANY:
            return any(self._passes(value, context, variables) for value in given if value)
        if OPERATORS[self.operator].negated:
            return all(self._passes(value, context, variables) for value in given)
        # AWS asks for a set operator where a key has several values; that any of them will do is unverified.
        return any(self._passes(value, context, variables) for value in given)

    def _passes(self, value: str, context: Context, variables: bool) -> bool:
        operator = OPERATORS[self.operator]
        expanded = (
            expand(wanted, context, enabled=variables and operator.variables) for wanted in self.values
        )  # a variable without a value equals nothing: reference_policies_variables.html, "variables with no value"
        matched = any(pieces is not None and operator.matches(pieces, value) for pieces in expanded)
        return matched is not operator.negated


def parse_condition(value: object, where: str) -> tuple[Comparison, ...]:
    """Reads a Condition element; `where` begins the message of an error."""
    if not isinstance(value, Mapping):
        raise PolicyError(f'{where} must be an object; give for example {{"StringEquals": {{"aws:username": "x"}}}}')
    return tuple(one for name, keys in value.items() for one in _comparisons(str(name), keys, f"{where}.{name}"))


def _comparisons(name: str, keys: object, where: str) -> Iterator[Comparison]:
    set_operator, bare, if_exists = _split(name, where)
    if not isinstance(keys, Mapping) or not keys:
        raise PolicyError(f"{where} must be an object from condition key to values; name at least one key")
    seen: set[str] = set()
    for key, value in keys.items():
        if not isinstance(key, str) or ":" not in key:
            raise PolicyError(f"{where} has the key {key!r} without a prefix; write it like aws:SourceIp")
        if key.lower() in seen:
            raise PolicyError(f"{where} has the key {key!r} twice (case does not count); keep one")
        seen.add(key.lower())
        yield Comparison(
            operator=bare,
            key=key,
            values=_values(bare, value, f"{where}.{key}"),
            set_operator=set_operator,
            if_exists=if_exists,
        )


def _split(name: str, where: str) -> tuple[SetOperator | None, str, bool]:
    before, colon, rest = name.rpartition(":")
    bare = rest.removesuffix(_IF_EXISTS)
    if_exists = bare != rest
    # "You can add IfExists to the end of any condition operator name except the Null condition".
    known = bare in OPERATORS or (bare == _NULL and not if_exists and not colon)
    if not known or (colon and before not in tuple(SetOperator)):
        raise PolicyError(
            f"{where}: unknown operator {name!r}; use one of {', '.join(OPERATORS)} or Null, "
            "with ForAllValues: or ForAnyValue: before it and IfExists after it where needed (not with Null)"
        )
    return (SetOperator(before) if colon else None), bare, if_exists


def _values(bare: str, value: object, where: str) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple) else [value]
    if not listed or not all(isinstance(one, str | bool | int | float) for one in listed):
        raise PolicyError(f"{where} must be a text, number, boolean, or a list of them; give at least one value")
    texts = tuple(str(one).lower() if isinstance(one, bool) else str(one) for one in listed)
    if bare == _NULL:
        texts = tuple(text.lower() for text in texts)
        bad = [text for text in texts if text not in ("true", "false")]
    else:
        bad = [text for text in texts if not OPERATORS[bare].accepts(text)]
    if bad:
        raise PolicyError(f"{where}: {bad[0]!r} is no value for {bare}; give one that the operator can compare")
    return texts
