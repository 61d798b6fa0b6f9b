"""The most that any role of the programme can do, whatever its policies say."""

from __future__ import annotations

from catalog import names
from catalog.access.audit import LOOK_UP_ACTIONS, record_boundary
from catalog.access.backup import FOLDER, OBJECT_ACTIONS
from catalog.access.duty import (
    DEAD_LETTER_ACTIONS,
    EMERGENCY_ACTIONS,
    EVERYTHING,
    GUARD_ACTIONS,
    OPERATE_ACTIONS,
    PUT_POLICY,
    READ_ROLE_ACTIONS,
    WATCH_ACTIONS,
)
from catalog.access.emergency import BOUND_ACTIONS
from catalog.access.function import NETWORK_ACTIONS, TRACE_ACTIONS, dead_letters_arn
from catalog.access.key import ADMIN_ACTIONS
from catalog.access.metric import count
from catalog.access.retire import PLAN_ACTIONS, SCHEDULE, schedules_arn
from catalog.access.secrets import ENCRYPT_AND_DECRYPT, ROTATE_ACTIONS, regions
from catalog.access.statement import Policy, allow, deny, policy
from catalog.environment import Environment
from catalog.names import SERVICE, Duty

POLICY_ACTIONS = ("secretsmanager:DeleteResourcePolicy", "secretsmanager:PutResourcePolicy")


def boundary_policy(environment: Environment) -> Policy:
    """Secrets, keys and logs of this environment; no write of IAM, nothing of another environment.

    A boundary grants nothing: docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html. AWS limits it
    to 6,144 characters (reference_iam-quotas.html there). What deploys has another one, `deploy.deploy_boundary`.
    """
    region, account = environment.region, environment.account
    held_in, own = regions(environment), names.named(environment, "")
    return policy(
        allow(
            "OwnSecrets",
            sorted({*ROTATE_ACTIONS, *OPERATE_ACTIONS, *GUARD_ACTIONS, *PUT_POLICY}),
            [f"arn:aws:secretsmanager:{one}:{account}:secret:{SERVICE}/{environment.name}/*" for one in held_in],
        ),
        allow(
            "KeysOfTheAccount",
            (*ADMIN_ACTIONS, *ENCRYPT_AND_DECRYPT),
            [f"arn:aws:kms:{one}:{account}:*" for one in held_in],  # keys and aliases
        ),
        allow(
            "Logs",
            ("logs:CreateLogStream", "logs:FilterLogEvents", "logs:PutLogEvents"),
            [f"arn:aws:logs:{region}:{account}:log-group:/aws/lambda/{SERVICE}-{environment.name}-*"],
        ),
        # What knows no resource: traces and network of functions, lists, the record and the metrics.
        allow(
            "Everywhere",
            (
                *TRACE_ACTIONS,
                *NETWORK_ACTIONS,
                *BOUND_ACTIONS,
                *LOOK_UP_ACTIONS,
                *WATCH_ACTIONS,
                "secretsmanager:ListSecrets",
            ),
            EVERYTHING,
        ),
        allow("DeadLetters", ("sqs:SendMessage", *DEAD_LETTER_ACTIONS), [dead_letters_arn(environment, "*")]),
        # Watch, backup and their schedules: catalog/access/watch.py, backup.py, schedule.py.
        allow("Backups", OBJECT_ACTIONS, [f"{names.bucket_arn(environment, 'backups')}/{FOLDER}*"]),
        allow("Alerts", ("sns:Publish",), [names.topic_arn(environment)]),
        allow("ListBackups", ("s3:ListBucket",), [names.bucket_arn(environment, "backups")]),
        count(),
        allow("Functions", ("lambda:InvokeFunction",), [names.function_arn(environment, "*")]),
        allow("Emergency", EMERGENCY_ACTIONS, [f"arn:aws:states:{region}:{account}:*:{own}emergency*"]),
        # Rotation: catalog/access/retire.py, consumer.py.
        allow("Retirements", PLAN_ACTIONS, [schedules_arn(environment)]),
        allow("PassRole", ("iam:PassRole",), [names.role_arn(environment, SCHEDULE)]),
        allow("AccessKeys", ("iam:*AccessKey*",), [f"arn:aws:iam::{account}:user/{own}*"]),
        *record_boundary(environment),
        allow("ReadRoles", READ_ROLE_ACTIONS, [names.role_arn(environment, "*"), names.policy_arn(environment, "*")]),
        deny(
            "NoDeletionAtOnce",
            ("secretsmanager:DeleteSecret",),
            EVERYTHING,
            {"Bool": {"secretsmanager:ForceDeleteWithoutRecovery": "true"}},
        ),
        deny(
            "PoliciesAreTheSecurityAdmins",
            POLICY_ACTIONS,
            EVERYTHING,
            {"ArnNotEquals": {"aws:PrincipalArn": names.role_arn(environment, Duty.SECURITY_ADMIN)}},
        ),
    )
