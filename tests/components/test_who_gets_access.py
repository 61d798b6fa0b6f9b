"""Every consumer and workflow gets its role, what its platform needs, and its boundary."""

import json
from typing import Any

import pytest

from catalog import load, names
from catalog.access.consumer import consumer_policy
from catalog.access.deploy import deploy_boundary, workflow_policy
from catalog.access.github import Workflow, workflow_trust
from catalog.access.trust import consumer_trust
from catalog.environment import Environment, Provider
from components.aws.access import Access, AccessArgs
from tests.components.recording import RecordingMocks, record

CATALOG = load.catalog()
ROLE, INLINE, MANAGED = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
PROVIDER = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"


def declare(environment: Environment) -> RecordingMocks:
    args = AccessArgs(environment=environment, catalog=CATALOG, boundary_arn="arn:boundary")
    return record(lambda: Access("access", args), stack=environment.name)


@pytest.fixture(scope="module", params=["staging", "prod"])
def environment(request: pytest.FixtureRequest) -> Environment:
    return load.environment(str(request.param))


@pytest.fixture(scope="module")
def declared(environment: Environment) -> RecordingMocks:
    return declare(environment)


def document(resource: dict[str, Any], field: str = "policy") -> Any:
    return json.loads(resource[field])


def test_every_consumer_gets_its_role_under_the_boundary(environment: Environment, declared: RecordingMocks) -> None:
    roles, policies = declared.of(ROLE), declared.of(INLINE)
    for consumer in CATALOG.consumers:
        role = roles[consumer.name]
        assert role["name"] == names.named(environment, consumer.name)
        assert role["permissionsBoundary"] == "arn:boundary"
        assert document(role, "assumeRolePolicy") == consumer_trust(environment, consumer)
        assert document(policies[consumer.name]) == consumer_policy(environment, CATALOG, consumer.name)


def test_a_machine_gets_an_instance_profile_and_nothing_else_does(
    environment: Environment, declared: RecordingMocks
) -> None:
    profiles = declared.of("aws:iam/instanceProfile:InstanceProfile")
    name = f"llm-observatory-{environment.name}-replication"
    tags = {"Environment": environment.name, "Service": "llm-observatory"}
    assert profiles == {"replication": {"name": name, "role": name, "tags": tags}}


def test_a_pod_identity_names_cluster_namespace_and_service_account(
    environment: Environment, declared: RecordingMocks
) -> None:
    (name, association), *others = declared.of("aws:eks/podIdentityAssociation:PodIdentityAssociation").items()
    assert (name, others) == ("collector", [])
    assert association["clusterName"] == environment.cluster.name
    assert (association["namespace"], association["serviceAccount"]) == ("llm-observatory", "collector")
    assert association["roleArn"] == "arn:mock:aws:iam/role:Role:collector"


def test_a_workflow_has_a_boundary_of_its_own(environment: Environment, declared: RecordingMocks) -> None:
    (boundary,) = declared.of(MANAGED).values()
    assert boundary["name"] == names.named(environment, "deploy-boundary")
    assert document(boundary) == deploy_boundary(environment)
    for workflow in Workflow:
        role = declared.of(ROLE)[workflow]
        assert role["permissionsBoundary"] == f"arn:mock:{MANAGED}:deploy-boundary"
        assert role["maxSessionDuration"] == 3600
        assert document(role, "assumeRolePolicy") == workflow_trust(environment, workflow)
        assert document(declared.of(INLINE)[workflow]) == workflow_policy(environment, workflow)


def test_the_token_issuers_are_declared_where_the_environment_says_so() -> None:
    def issuers(cluster: Provider, repository: Provider) -> set[str]:
        given = load.environment("staging")
        changed = given.model_copy(
            update={
                "cluster": given.cluster.model_copy(update={"oidc_provider": cluster}),
                "repository_provider": repository,
            }
        )
        found = declare(changed).of(PROVIDER).values()
        assert all(provider["clientIdLists"] == ["sts.amazonaws.com"] for provider in found)
        return {provider["url"] for provider in found}

    eks = f"https://{load.environment('staging').cluster.oidc_issuer}"
    github = "https://token.actions.githubusercontent.com"
    assert issuers(Provider.EXISTING, Provider.CREATED) == {github}
    assert issuers(Provider.CREATED, Provider.EXISTING) == {eks}
    assert issuers(Provider.CREATED, Provider.CREATED) == {eks, github}
    assert issuers(Provider.EXISTING, Provider.EXISTING) == set()


def test_a_role_of_everybody_who_reads_or_deploys_is_told(environment: Environment) -> None:
    told: dict[str, Any] = {}

    def run() -> None:
        args = AccessArgs(environment=environment, catalog=CATALOG, boundary_arn="arn:boundary")
        told.update(Access("access", args).role_arns)

    record(run, stack=environment.name)
    assert told.keys() == {*(consumer.name for consumer in CATALOG.consumers), "preview", "deploy"}
