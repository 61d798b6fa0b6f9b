"""The policy of an endpoint: who may use it."""

from __future__ import annotations

from catalog.access.statement import Policy, allow, held_by, policy
from catalog.environment import Environment


def endpoint_policy(environment: Environment) -> Policy:
    """Lets principals of this account through, so that credentials of another account carry nothing out by it.

    What they may do is decided by their own policies; the asterisks are all that an endpoint of any service can serve:
    docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
    """
    own = {"StringEquals": {"aws:PrincipalAccount": environment.account}}
    return policy(held_by("*", allow("OwnAccountOnly", ("*",), ("*",), own)))
