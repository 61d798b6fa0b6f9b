"""Every role of the deployed stack tries everything with every secret: what is meant works, all else is refused."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Set
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from catalog import derive, load, names
from catalog.environment import Environment
from catalog.names import Duty
from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY, Identity, acting_as
from sandbox.place import Place
from tests.e2e.acts import ACTS, LASTING, Clients, Target, found, is_refused, mend
from tests.e2e.meant import meant

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

CATALOG = load.catalog()
CALLERS_AT_ONCE = 4


@pytest.fixture(scope="module")
def environment(place: Place) -> Environment:
    return load.environment(place.name, place.stack_file)


@pytest.fixture(scope="module")
def roles(cloud: LocalAws, environment: Environment) -> Mapping[str, Identity]:
    """A session of every role that bears the environment's name."""
    prefix = names.named(environment, "")
    pages = ADMINISTRATOR_IDENTITY.client(cloud, "iam").get_paginator("list_roles").paginate()
    deployed = [role["RoleName"] for page in pages for role in page["Roles"]]
    what = [name.removeprefix(prefix) for name in deployed if name.startswith(prefix)]
    return {role: acting_as(cloud, environment, role) for role in sorted(what)}


def clients(cloud: LocalAws, identity: Identity, arn: str) -> Clients:
    return Clients(
        secrets=identity.client(cloud, "secretsmanager"),
        keys=identity.client(cloud, "kms"),
        arn=arn,
    )


@pytest.fixture(scope="module")
def administrator(cloud: LocalAws, environment: Environment) -> Clients:
    return clients(cloud, ADMINISTRATOR_IDENTITY, names.account_root(environment))


@pytest.fixture(scope="module")
def targets(administrator: Clients, environment: Environment) -> Mapping[str, Target]:
    return {secret.name: found(administrator, derive.secret_name(environment, secret)) for secret in CATALOG.secrets}


def test_every_role_succeeds_with_what_it_is_meant_to_and_with_nothing_else(
    cloud: LocalAws,
    environment: Environment,
    roles: Mapping[str, Identity],
    administrator: Clients,
    targets: Mapping[str, Target],
) -> None:
    counted: Counter[str] = Counter()
    wrong: list[str] = []

    def tries(role: str, acts: Set[str]) -> tuple[Counter[str], list[str]]:
        by = clients(cloud, roles[role], names.role_arn(environment, role))
        asked: Counter[str] = Counter()
        unlike: list[str] = []
        for secret in CATALOG.secrets:
            allowed = meant(CATALOG, role, secret)
            for act in sorted(acts):
                refused = is_refused(act, by, targets[secret.name])
                asked["refused" if refused else "allowed"] += 1
                if not refused:
                    mend(act, administrator, targets[secret.name])
                if refused is (act in allowed):
                    unlike.append(f"{role}: {act} on {secret.name} was {'refused' if refused else 'allowed'}")
        return asked, unlike

    with ThreadPoolExecutor(CALLERS_AT_ONCE) as pool:
        results = list(pool.map(lambda role: tries(role, ACTS.keys() - LASTING), roles))
    # Nobody else may be at it while a secret is without its policy.
    results += [tries(role, LASTING) for role in roles]
    for asked, unlike in results:
        counted += asked
        wrong += unlike
    sys.stdout.write(
        f"{len(roles)} roles x {len(CATALOG.secrets)} secrets x {len(ACTS)} acts = {counted.total()} calls: "
        f"{counted['allowed']} allowed, {counted['refused']} refused, {len(wrong)} not as meant\n"
    )
    assert wrong == []
    assert counted.total() == len(roles) * len(CATALOG.secrets) * len(ACTS)
    assert {*(consumer.name for consumer in CATALOG.consumers), *Duty, "preview", "deploy"} <= roles.keys()


def test_what_was_tried_left_every_secret_as_it_was(
    administrator: Clients, environment: Environment, targets: Mapping[str, Target]
) -> None:
    for secret in CATALOG.secrets:
        assert found(administrator, derive.secret_name(environment, secret)) == targets[secret.name]


def test_nobody_becomes_another_role_or_widens_his_own(
    cloud: LocalAws, environment: Environment, roles: Mapping[str, Identity]
) -> None:
    for role, identity in roles.items():
        sts, iam = identity.client(cloud, "sts"), identity.client(cloud, "iam")
        own = names.named(environment, role)
        for other in roles:
            refused(sts.assume_role, RoleArn=names.role_arn(environment, other), RoleSessionName="another")
        everything = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
        refused(iam.put_role_policy, RoleName=own, PolicyName="more", PolicyDocument=everything)
        refused(iam.delete_role_permissions_boundary, RoleName=own)
        refused(iam.update_assume_role_policy, RoleName=names.named(environment, "break-glass"), PolicyDocument="{}")
        refused(iam.create_role, RoleName=names.named(environment, "unbounded"), AssumeRolePolicyDocument=everything)
        for boundary in ("boundary", "deploy-boundary"):
            refused(
                iam.create_policy_version,
                PolicyArn=names.policy_arn(environment, boundary),
                PolicyDocument=everything,
                SetAsDefault=True,
            )


def test_a_person_without_a_second_factor_takes_on_no_duty(cloud: LocalAws, environment: Environment) -> None:
    sts = ADMINISTRATOR_IDENTITY.client(cloud, "sts")
    for duty in Duty:
        refused(sts.assume_role, RoleArn=names.role_arn(environment, duty), RoleSessionName="without")


def refused(call, **arguments) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    assert caught.value.response["Error"]["Code"] == "AccessDenied", (call, arguments)
