"""What policies are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Statement = dict[str, object]
Policy = dict[str, object]
Condition = Mapping[str, Mapping[str, object]]


def policy(*statements: Statement) -> Policy:
    """A policy document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(sid: str, actions: Sequence[str], resources: Sequence[str], condition: Condition | None = None) -> Statement:
    """A statement of an identity policy that allows."""
    return _statement(sid, "Allow", actions, resources, condition)


def deny(sid: str, actions: Sequence[str], resources: Sequence[str], condition: Condition | None = None) -> Statement:
    """A statement of an identity policy that denies, whatever else allows."""
    return _statement(sid, "Deny", actions, resources, condition)


def held_by(principal: Mapping[str, object] | str, statement: Statement) -> Statement:
    """The statement as a resource's policy has it: about `principal`."""
    return {"Sid": statement["Sid"], "Effect": statement["Effect"], "Principal": principal, **statement}


def _statement(
    sid: str, effect: str, actions: Sequence[str], resources: Sequence[str], condition: Condition | None
) -> Statement:
    made: Statement = {"Sid": sid, "Effect": effect, "Action": list(actions), "Resource": list(resources)}
    return made | ({"Condition": {key: dict(value) for key, value in condition.items()}} if condition else {})
