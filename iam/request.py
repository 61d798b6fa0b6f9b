"""One request to AWS: who asks, for what, on which resource, in which circumstances."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from iam.context import Context, ContextValue
from iam.principal import Principal, PrincipalKind

_ACCOUNT_FIELD = 4
_PARTS = 6


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request. `resource` is an ARN, or `*` for an action without one.

    `resource_account` owns the resource; by default the account in its ARN, and for an ARN without one (S3) or `*` the
    caller's own. `given` is what the service knows; keys that follow from the principal are added to it.
    """

    principal: Principal
    action: str
    resource: str = "*"
    resource_account: str | None = None
    given: Context = field(default_factory=Context)

    @property
    def owner(self) -> str | None:
        """The account that owns the resource."""
        parts = self.resource.split(":")
        written = parts[_ACCOUNT_FIELD] if len(parts) >= _PARTS else ""
        return self.resource_account or written or self.principal.account

    @property
    def crosses_accounts(self) -> bool:
        """Whether the caller belongs to another account than the resource."""
        return self.principal.account is not None and self.principal.account != self.owner

    @cached_property
    def context(self) -> Context:
        """`given` over what the principal implies."""
        return self.given.over(self._implied())

    def _implied(self) -> dict[str, ContextValue]:
        """IAM: reference_policies_condition-keys.html; KMS: conditions-kms.html#conditions-kms-caller-account."""
        principal = self.principal
        implied: dict[str, ContextValue] = {"aws:PrincipalIsAWSService": principal.kind is PrincipalKind.SERVICE}
        if principal.kind is PrincipalKind.SERVICE:
            implied["aws:PrincipalServiceName"] = principal.arn
        elif principal.kind is PrincipalKind.ROLE:
            implied["aws:PrincipalType"] = str(PrincipalKind.ROLE_SESSION)
        elif principal.kind is not PrincipalKind.FEDERATED:
            implied["aws:PrincipalType"] = str(principal.kind)
        if principal.account:
            implied["aws:PrincipalAccount"] = principal.account
            session = principal.kind is PrincipalKind.ROLE_SESSION
            # "For IAM roles, the request context returns the ARN of the role, not the ARN of the user that assumed it".
            implied["aws:PrincipalArn"] = (principal.entity_arn or principal.arn) if session else principal.arn
            if self.action.lower().startswith("kms:"):
                implied["kms:CallerAccount"] = principal.account
        if principal.kind is PrincipalKind.USER:
            implied["aws:username"] = principal.arn.rpartition("/")[2]
        if self.owner and self.resource != "*":
            implied["aws:ResourceAccount"] = self.owner
        return implied
