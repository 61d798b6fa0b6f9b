"""What an auditor asks of the record, ready to run: each question with its SQL for Athena. Pure.

Source of the dialect: docs.aws.amazon.com/athena/latest/ug/functions-env3.html. Times are UTC; a day counts by the
folder that its files lie in, so that no more files are read than the question needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from catalog import names, record
from catalog.derive import secret_name
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty

CHANGES = (
    "AttachRolePolicy",
    "CreateGrant",
    "CreatePolicyVersion",
    "DeleteBucketPolicy",
    "DeleteResourcePolicy",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DeleteTrail",
    "DetachRolePolicy",
    "DisableKey",
    "DisableKeyRotation",
    "PutBucketPolicy",
    "PutEventSelectors",
    "PutKeyPolicy",
    "PutResourcePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "ScheduleKeyDeletion",
    "SetDefaultPolicyVersion",
    "StopLogging",
    "UpdateAssumeRolePolicy",
    "UpdateTrail",
)
"""Calls that change who may do what, or what is on record of it."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """A saved query; a `?` in `sql` is a value that whoever runs it is asked for.

    Source: docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
    """

    name: str
    description: str
    sql: str


_WORDS: Mapping[str, str] = {
    # The role behind a session, else the user, else the service that called for nobody.
    "who": "coalesce(useridentity.sessioncontext.sessionissuer.arn, useridentity.arn, useridentity.invokedby)",
    # One secret by name or ARN as the caller gave it, else what BatchGetSecretValue was asked for.
    "secret": (
        "coalesce(json_extract_scalar(requestparameters, '$.secretId'), "
        "json_format(json_extract(requestparameters, '$.secretIdList')), "
        "json_format(json_extract(requestparameters, '$.filters')))"
    ),
    "read": "eventsource = 'secretsmanager.amazonaws.com' AND eventname IN ('GetSecretValue', 'BatchGetSecretValue')",
    "role_asked_for": "json_extract_scalar(requestparameters, '$.roleArn')",
    **{f"since_{days}": f"date_format(current_date - interval '{days}' day, '%Y/%m/%d')" for days in (7, 30, 35, 90)},
    "changes": ", ".join(f"'{name}'" for name in CHANGES),
}

_TEXTS: Mapping[str, tuple[str, str]] = {
    "who-read-what": (
        "Every principal and the secrets whose values it read in the last 7 days",
        """\
SELECT $who AS principal, $secret AS secret, count(*) AS reads,
       min(eventtime) AS first_read, max(eventtime) AS last_read
FROM $table
WHERE day >= $since_7 AND $read AND errorcode IS NULL
GROUP BY 1, 2
ORDER BY reads DESC""",
    ),
    "failed-reads": (
        "Reads of values that were denied or failed in the last 7 days",
        """\
SELECT eventtime, $who AS principal, sourceipaddress, $secret AS secret, errorcode, errormessage
FROM $table
WHERE day >= $since_7 AND $read AND errorcode IS NOT NULL
ORDER BY eventtime DESC""",
    ),
    "new-principals": (
        "Principals that read a value in the last 7 days, and none in the four weeks before",
        """\
SELECT $who AS principal, min(eventtime) AS first_read, count(*) AS reads,
       array_agg(DISTINCT $secret) AS secrets, array_agg(DISTINCT sourceipaddress) AS addresses
FROM $table
WHERE day >= $since_35 AND $read AND errorcode IS NULL
GROUP BY 1
HAVING min(day) >= $since_7
ORDER BY first_read""",
    ),
    "reads-of-one-secret": (
        "Who asked for one secret's value in the last 30 days; give its name in quotes, such as 'db-password'",
        """\
SELECT eventtime, $who AS principal, useridentity.arn AS session, sourceipaddress, useragent, vpcendpointid, errorcode
FROM $table
WHERE day >= $since_30 AND $read AND strpos($secret, ?) > 0
ORDER BY eventtime DESC""",
    ),
    "policy-and-key-changes": (
        "Changes of policies, keys, roles and the trail in the last 30 days, by people and programs",
        """\
SELECT eventtime, $who AS principal, sourceipaddress, eventsource, eventname, requestparameters, errorcode
FROM $table
WHERE day >= $since_30 AND eventname IN ($changes) AND useridentity.invokedby IS NULL
ORDER BY eventtime DESC""",
    ),
    "break-glass-sessions": (
        "Who became break-glass in the last 90 days, and everything that was done in its sessions",
        """\
SELECT eventtime, $who AS principal, useridentity.arn AS session, sourceipaddress, eventsource, eventname,
       requestparameters, errorcode
FROM $table
WHERE day >= $since_90
  AND (useridentity.sessioncontext.sessionissuer.arn = '$break_glass'
       OR (eventname = 'AssumeRole' AND $role_asked_for = '$break_glass'))
ORDER BY eventtime""",
    ),
    "decoy-reads": (
        "Whoever asked for the value of a decoy, which nobody has a reason to, in the last 90 days",
        """\
SELECT eventtime, $who AS principal, useridentity.arn AS session, sourceipaddress, useragent, $secret AS secret,
       errorcode
FROM $table
WHERE day >= $since_90 AND $read AND regexp_like($secret, '$decoys')
ORDER BY eventtime DESC""",
    ),
}


def queries(environment: Environment, catalog: Catalog) -> tuple[Query, ...]:
    """Every saved query of an environment."""
    named = "|".join(secret_name(environment, secret) for secret in catalog.decoys)
    words = {
        **_WORDS,
        "table": f'"{record.database(environment)}"."{record.TABLE}"',
        "break_glass": names.role_arn(environment, Duty.BREAK_GLASS),
        # By name, by ARN, or in a list; what follows the name is the end or the six characters of an ARN.
        "decoys": f'(^|[":])({named})(-[0-9A-Za-z]{{6}})?($|")',
    }
    return tuple(
        Query(name=name, description=description, sql=Template(text).substitute(words))
        for name, (description, text) in _TEXTS.items()
    )
