"""A policy document as a stack holds it: parsed, or the reason why it cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from iam.document import Policy, PolicyKind, parse
from iam.error import PolicyError
from iam.pattern import action_matches

NOT_KNOWN = "is not known yet"


@dataclass(frozen=True, kw_only=True, eq=False)
class Paper:
    """`policy` is None where the document cannot be read; `why` then says so, after its name.

    Two papers are the same if they are one object, and `paper` gives one object for one text: decisions are kept by it.
    """

    name: str
    policy: Policy | None
    why: str = ""

    def __str__(self) -> str:
        return f"{self.name} {self.why}".strip()


@lru_cache(maxsize=4096)
def paper(name: str, kind: PolicyKind, text: str) -> Paper:
    """The document with this text; unread where AWS would refuse to save it."""
    try:
        return Paper(name=name, policy=parse(text, kind, name=name))
    except PolicyError as exc:
        return Paper(name=name, policy=None, why=f"is not known yet as a document: {exc}")


@lru_cache(maxsize=4096)
def unread(name: str, why: str = NOT_KNOWN) -> Paper:
    """A document of which nothing is known but that it is there."""
    return Paper(name=name, policy=None, why=why)


@lru_cache(maxsize=1 << 16)
def about(document: Paper, action: str) -> Policy | None:
    """The document without the statements that say nothing about `action`, whatever the request."""
    if document.policy is None:
        return None
    kept = (
        one
        for one in document.policy.statements
        if any(action_matches(pattern, action) for pattern in one.actions) is not one.except_actions
    )
    return replace(document.policy, statements=tuple(kept))


EVERYTHING = paper(
    "everything",
    PolicyKind.IDENTITY,
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}',
)
"""What somebody may hold whose own policies are not in the stack."""
EVERYBODY = paper(
    "everybody",
    PolicyKind.RESOURCE,
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}',
)
"""What a resource's policy may say that is not known."""
