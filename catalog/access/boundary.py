"""The most that any role of the programme can do, whatever its policies say."""

from __future__ import annotations

from catalog.access.duty import EVERYTHING
from catalog.access.statement import Policy, allow, deny, policy
from catalog.environment import Environment
from catalog.names import SERVICE


def boundary_policy(environment: Environment) -> Policy:
    """Secrets, keys and logs of this environment; nothing of IAM, nothing of another environment.

    A boundary grants nothing: docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    region, account = environment.region, environment.account
    secrets = f"arn:aws:secretsmanager:{region}:{account}:secret:{SERVICE}/{environment.name}/*"
    return policy(
        allow("OwnSecrets", ("secretsmanager:*",), [secrets]),
        allow("ListSecrets", ("secretsmanager:ListSecrets",), EVERYTHING),
        allow(
            "KeysOfTheAccount",
            ("kms:*",),
            [f"arn:aws:kms:{region}:{account}:key/*", f"arn:aws:kms:{region}:{account}:alias/*"],
        ),
        allow(
            "Logs",
            ("logs:*",),
            [f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{SERVICE}-{environment.name}-*"],
        ),
        allow("Record", ("cloudtrail:DescribeTrails", "cloudtrail:LookupEvents"), EVERYTHING),
        deny(
            "NoDeletionAtOnce",
            ("secretsmanager:DeleteSecret",),
            EVERYTHING,
            {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}},
        ),
    )
