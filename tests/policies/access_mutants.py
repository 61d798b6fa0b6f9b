"""Changes of the whole stack in who may do what, each with what must be said of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from catalog import load
from policies.access.identities import ROLE
from policies.access.stack import SECRET_POLICY
from policies.tokens import KEY
from tests.policies.compliant_access import ROLE_POLICY
from tests.policies.program import Declared, Program

STAGING = load.environment("staging")
ACCOUNT, REGION = STAGING.account, STAGING.region
OTHERS = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:llm-observatory/staging/db-readonly-password-??????"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/llm-observatory-staging-"
Change = Callable[[Program], Program]


def edited(token: str, name: str, edit: Callable[[list[dict[str, Any]]], object]) -> Change:
    """Changes the statements of a document."""

    def change(program: Program) -> Program:
        resource = program.get(token, name)
        document = json.loads(str(resource.inputs["policy"]))
        edit(document["Statement"])
        return program.set(resource, "policy", json.dumps(document))

    return change


def both(*changes: Change) -> Change:
    def change(program: Program) -> Program:
        for one in changes:
            program = one(program)
        return program

    return change


def added(token: str, name: str, **statement: object) -> Change:
    given = {"Effect": "Allow", **statement}
    return edited(token, name, lambda statements: statements.append(given))


def dropped(token: str, name: str, sid: str) -> Change:
    def edit(statements: list[dict[str, Any]]) -> None:
        (gone,) = (one for one in statements if one["Sid"] == sid)
        statements.remove(gone)

    return edited(token, name, edit)


def unsealed(secret: str) -> Change:
    return dropped(SECRET_POLICY, secret, "ReadByItsReadersOnly")


def decrypting(role: str, *, action: str = "Action", **condition: object) -> Change:
    key = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/*"
    return added(ROLE_POLICY, role, Sid="More", **{action: "kms:Decrypt"}, Resource=key, **condition)


def attached(arn: str) -> Change:
    def change(program: Program) -> Program:
        role = program.get(ROLE, "collector")
        attachment = Declared(
            token="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            name="more",
            stack="staging",
            inputs={"role": role.inputs["name"], "policyArn": arn},
        )
        return program.plus(attachment)

    return change


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A change, and parts of what must be said of it: who, what, and the request."""

    make: Change
    says: tuple[str, ...]


READ = "secretsmanager:GetSecretValue"
MUTANTS: dict[str, Mutant] = {
    "an application is given the secret of another": Mutant(
        make=both(
            added(ROLE_POLICY, "api-server", Action=READ, Resource=OTHERS),
            decrypting("api-server"),
            unsealed("db-readonly-password"),
        ),
        says=(
            "llm-observatory-staging-api-server may although it must not: GetSecretValue on 'db-readonly-password'",
            f"{SESSION}api-server/session asks {READ} on arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:",
            "which is allowed by identity-based policy 'policy of api-server'",
            f"asks kms:Decrypt on arn:aws:kms:{REGION}:{ACCOUNT}:key/",
        ),
    ),
    "a wildcard in an action": Mutant(
        make=added(ROLE_POLICY, "collector", Action="secretsmanager:*", Resource="*"),
        says=("collector may although it must not: RotateSecret on", f"{SESSION}collector/session asks"),
    ),
    "NotAction": Mutant(
        make=added(ROLE_POLICY, "watch", NotAction="secretsmanager:GetSecretValue", Resource="*"),
        says=("watch may although it must not: RotateSecret on", f"{SESSION}watch/session asks"),
    ),
    "NotResource": Mutant(
        make=added(ROLE_POLICY, "grafana", Action="secretsmanager:Describe*", NotResource="arn:aws:s3:::x"),
        says=("grafana may although it must not: DescribeSecret on",),
    ),
    "a condition that somebody can meet": Mutant(
        make=added(
            ROLE_POLICY,
            "grafana",
            Action="secretsmanager:DescribeSecret",
            Resource="*",
            Condition={"StringLike": {"aws:SourceVpce": "vpce-*"}},
        ),
        says=("grafana may although it must not: DescribeSecret on", "aws:sourcevpce=vpce-"),
    ),
    "a secret without its policy": Mutant(
        make=lambda program: program.without(program.get(SECRET_POLICY, "secret-key")),
        says=(
            "an administrator of the account may although it must not: GetSecretValue on 'secret-key'",
            f"arn:aws:sts::{ACCOUNT}:assumed-role/administrator-of-the-account/session asks",
        ),
    ),
    "a secret's policy that lets another account in": Mutant(
        make=both(
            unsealed("secret-key"),
            added(
                SECRET_POLICY,
                "secret-key",
                Sid="Partner",
                Principal={"AWS": "arn:aws:iam::999988887777:root"},
                Action="secretsmanager:DescribeSecret",
                Resource="*",
            ),
        ),
        says=("arn:aws:iam::999988887777:role/administrator may although it must not: DescribeSecret on 'secret-key'",),
    ),
    "a secret's policy that lets everybody in": Mutant(
        make=added(
            SECRET_POLICY, "secret-key", Sid="All", Principal="*", Action="secretsmanager:DescribeSecret", Resource="*"
        ),
        says=(
            "nobody may although it must not: DescribeSecret on 'secret-key'",
            "* asks secretsmanager:DescribeSecret",
        ),
    ),
    "a key's policy that opens to everybody": Mutant(
        make=both(
            edited(
                KEY,
                "tier-1",
                lambda found: found.append(
                    {"Sid": "All", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}
                ),
            ),
            unsealed("jwt-secret"),
            added(ROLE_POLICY, "watch", Action=READ, Resource="*"),
        ),
        says=(
            "watch may although it must not: GetSecretValue on 'jwt-secret'",
            "which is allowed by resource-based policy 'key policy of tier-1', statement 'All'",
        ),
    ),
    "a boundary removed": Mutant(
        make=both(
            lambda program: program.set(program.get(ROLE, "operator"), "permissionsBoundary", None),
            added(ROLE_POLICY, "operator", Action="secretsmanager:TagResource", Resource="*"),
        ),
        says=("operator may although it must not: TagResource on",),
    ),
    "a reader's statement removed": Mutant(
        make=dropped(ROLE_POLICY, "collector", "ReadOwnSecrets"),
        says=(
            "collector may not although it must: GetSecretValue on",
            "which is refused: because no identity-based policy allows the secretsmanager:GetSecretValue action",
        ),
    ),
    "the use of the key removed": Mutant(
        make=dropped(ROLE_POLICY, "collector", "DecryptOwnSecrets"),
        says=(
            "collector may not although it must: GetSecretValue on",
            "which is refused: because no identity-based policy allows the kms:Decrypt action",
        ),
    ),
    "a denial that hits a reader": Mutant(
        make=added(ROLE_POLICY, "collector", Effect="Deny", Sid="Never", Action=READ, Resource="*"),
        says=(
            "collector may not although it must: GetSecretValue on",
            "which is refused: identity-based policy 'policy of collector', statement 'Never'",
        ),
    ),
    "a role that the catalogue does not know": Mutant(
        make=lambda program: program.plus(
            replace(
                program.get(ROLE, "collector"),
                name="stray",
                inputs={
                    "name": "stray",
                    "assumeRolePolicy": "{}",
                    "inlinePolicies": [
                        {
                            "name": "x",
                            "policy": json.dumps(
                                {
                                    "Version": "2012-10-17",
                                    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
                                }
                            ),
                        }
                    ],
                },
                edges={},
            )
        ),
        says=("stray may although it must not:", f"arn:aws:sts::{ACCOUNT}:assumed-role/stray/session asks"),
    ),
    "a role of the catalogue removed": Mutant(
        make=lambda program: program.without(program.get(ROLE, "collector"), program.get(ROLE_POLICY, "collector")),
        says=("no such role in the stack", "role 'llm-observatory-staging-collector'"),
    ),
}
