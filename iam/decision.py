"""The answer to a request: allowed or not, by which layer, and because of which statements."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique

from iam.request import Request
from iam.witness import Layer, Witness


@unique
class Outcome(Enum):
    """IAM: reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html"""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicit deny"
    IMPLICIT_DENY = "implicit deny"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """`layer` decided; `witnesses` are the statements behind an allow or an explicit deny, none for an implicit one."""

    request: Request
    outcome: Outcome
    layer: Layer
    witnesses: tuple[Witness, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether AWS would carry out the request."""
        return self.outcome is Outcome.ALLOWED

    @property
    def reason(self) -> str:
        """Why, in AWS's words where AWS says it (IAM: troubleshoot_access-denied.html)."""
        action = self.request.action
        if self.allowed:
            return "allowed by " + (" and ".join(str(witness) for witness in self.witnesses) or self.layer.value)
        # When a service control policy denies, the message says explicit deny, "even if the denial is implicit".
        if self.outcome is Outcome.EXPLICIT_DENY or self.layer is Layer.SERVICE_CONTROL:
            return f"with an explicit deny in {_article(self.layer)} {self.layer.value}"
        return f"because no {self.layer.value} allows the {action} action"

    @property
    def message(self) -> str:
        """The text of AWS's AccessDeniedException, or for an allowed request who allowed it."""
        request = self.request
        where = f" on resource: {request.resource}" if request.resource != "*" else ""
        verb = "is authorized" if self.allowed else "is not authorized"
        return f"User: {request.principal.arn} {verb} to perform: {request.action}{where} {self.reason}"


def _article(layer: Layer) -> str:
    if layer is Layer.TRUST:
        return "the"
    return "an" if layer is Layer.IDENTITY else "a"
