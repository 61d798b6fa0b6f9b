"""What one principal may do with one secret: allowed by a request, refused whatever the request, or undecided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, unique
from functools import lru_cache

from iam.decision import Decision, Outcome
from iam.document import Effect, Policy, Statement
from iam.evaluate import Holder, Policies
from iam.pattern import resource_matches
from iam.principal import Principal
from iam.variables import Piece
from iam.witness import Layer
from policies.access.circumstances import on_key, on_secret
from policies.access.paper import EVERYBODY, EVERYTHING, NOT_KNOWN, Paper, about
from policies.access.question import Question, possible
from policies.access.subject import Party, Target

SERVICE = "secretsmanager"
READ, WRITE = f"{SERVICE}:GetSecretValue", f"{SERVICE}:PutSecretValue"
ACTIONS = (
    READ,
    WRITE,
    *(
        f"{SERVICE}:{operation}"
        for operation in (
            "UpdateSecretVersionStage",
            "UpdateSecret",
            "DeleteSecret",
            "PutResourcePolicy",
            "DeleteResourcePolicy",
            "ReplicateSecretToRegions",
            "RemoveRegionsFromReplication",
            "StopReplicationToReplica",
            "RotateSecret",
            "CancelRotateSecret",
            "RestoreSecret",
            "TagResource",
            "UntagResource",
            "ValidateResourcePolicy",
            "GetResourcePolicy",
            "ListSecretVersionIds",
            "DescribeSecret",
        )
    ),
)
"""What can be done with a secret that is there, the gravest first.

docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html. BatchGetSecretValue is not among
them: it "must have secretsmanager:GetSecretValue for each secret" (API_BatchGetSecretValue.html), so READ decides it.
"""
_ON_KEY = {READ: "kms:Decrypt", WRITE: "kms:GenerateDataKey"}
"""What Secrets Manager calls KMS for, on behalf of the caller, where a secret has a key of the account.

docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-using-cmk. That page
asks whoever writes for kms:Decrypt too; the proof asks for less, as it must not call possible what is not.
"""


@unique
class Verdict(Enum):
    """May it?"""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNDECIDED = "undecided"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`decisions` are the requests that show it: all allowed, or the last refused.

    `unread` are the documents that an undecided answer hangs on; `assumptions` what an allowed one rests on.
    """

    verdict: Verdict
    decisions: tuple[Decision, ...]
    assumptions: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()


@lru_cache(maxsize=1 << 17)
def answer(party: Party, action: str, target: Target) -> Answer:
    """Whether some request of `party` for `action` on `target` is allowed, and the value's key gives it up with it.

    An unread document may say anything: where even that is refused the answer is REFUSED, else UNDECIDED.
    """
    refused: Answer | None = None
    if not _granted(party, action, target):
        request = on_secret(party.callers[0], action, target).request
        nothing = Decision(request=request, outcome=Outcome.IMPLICIT_DENY, layer=Layer.IDENTITY)
        return Answer(verdict=Verdict.REFUSED, decisions=(nothing,))
    unread = tuple(dict.fromkeys(_unread(party, action, target)))
    for caller in party.callers:
        found = possible(tuple(_questions(party, caller, action, target)))
        if found.allowed:
            verdict = Verdict.UNDECIDED if unread else Verdict.ALLOWED
            return Answer(verdict=verdict, decisions=found.decisions, assumptions=found.assumptions, unread=unread)
        refused = refused or Answer(verdict=Verdict.REFUSED, decisions=found.decisions)
    if refused is None:
        raise ValueError(f"'{party.name}' has no caller to ask as; give the party at least one principal")
    return refused


def because(decision: Decision) -> str:
    """The statements behind an allowance or an explicit denial; for an implicit one, what is missing."""
    if decision.outcome is Outcome.IMPLICIT_DENY:
        return decision.reason
    return " and ".join(str(witness) for witness in decision.witnesses) or decision.layer.value


def _questions(party: Party, caller: Principal, action: str, target: Target) -> Iterator[Question]:
    yield Question(
        fixed=on_secret(caller, action, target),
        policies=replace(_own(party, action), resource=_held(target.policy, action)),
    )
    if (wanted := _ON_KEY.get(action)) and (lock := target.lock):
        held = replace(_own(party, wanted), resource=_held(lock.policy, wanted), holder=Holder.KEY, grants=lock.grants)
        yield Question(fixed=on_key(caller, wanted, target, lock), policies=held)


def _granted(party: Party, action: str, target: Target) -> bool:
    """Whether any document has an Allow for it at all; most pairs end here, so it is asked first."""
    papers = [one if one.policy else EVERYTHING for one in party.identity]
    papers += [target.policy if target.policy.policy else EVERYBODY] if target.policy else []
    return any(_allows(paper, action, target.arn) for paper in papers)


@lru_cache(maxsize=1 << 17)
def _allows(paper: Paper, action: str, arn: str) -> bool:
    return any(
        statement.effect is Effect.ALLOW and (statement.except_resources or _names(statement, arn))
        for statement in _about(paper, action).statements
    )


def _names(statement: Statement, arn: str) -> bool:
    return any(
        "${" in text or resource_matches((Piece(text=text, verbatim=False),), arn) for text in statement.resources
    )


@lru_cache(maxsize=1 << 14)
def _own(party: Party, action: str) -> Policies:
    """The principal's side. What cannot be read allows everything, and as a boundary holds nobody back."""
    return Policies(
        identity=tuple(_about(one if one.policy else EVERYTHING, action) for one in party.identity),
        boundary=about(party.boundary, action) if party.boundary else None,
    )


def _held(paper: Paper | None, action: str) -> Policy | None:
    return _about(paper if paper.policy else EVERYBODY, action) if paper else None


def _about(paper: Paper, action: str) -> Policy:
    found = about(paper, action)
    assert found is not None
    return found


def _unread(party: Party, action: str, target: Target) -> Iterator[str]:
    papers = [*party.identity, party.boundary, target.policy]
    if action in _ON_KEY:
        papers.append(target.lock.policy if target.lock else None)
        if target.lock is None:
            yield f"key of {target.name} {NOT_KNOWN}"
        elif target.lock.aliases is None:
            yield f"alias of the key of {target.name} {NOT_KNOWN}"
    yield from (str(paper) for paper in papers if paper and paper.policy is None)
