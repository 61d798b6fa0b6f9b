"""Policy documents, parsed once a text: the same text gives the same policy."""

import logging
from dataclasses import dataclass
from functools import lru_cache

from iam.document import Policy, PolicyKind, parse
from iam.error import PolicyError
from sandbox.aws.errors import AwsError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Document:
    """A stored document and what it is called in messages."""

    name: str
    text: str


def parsed(document: Document, kind: PolicyKind) -> Policy:
    """The policy; a stored text that AWS would not have saved refuses every call that it applies to."""
    policy = _parse(document.text, kind, document.name)
    if isinstance(policy, str):
        _log.warning("a stored policy cannot be read, so calls that it applies to are refused: %s", policy)
        raise AwsError("AccessDeniedException", f"The local AWS cannot judge by a stored policy: {policy}")
    return policy


def problem(text: str, kind: PolicyKind) -> str | None:
    """Why a text is no policy of this kind; None when it is one."""
    policy = _parse(text, kind, "policy")
    return policy if isinstance(policy, str) else None


@lru_cache(maxsize=4096)
def _parse(text: str, kind: PolicyKind, name: str) -> Policy | str:
    try:
        return parse(text, kind, name=name)
    except PolicyError as exc:
        return str(exc)
