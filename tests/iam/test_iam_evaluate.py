"""How layers combine: the examples and tables of AWS's pages."""

from __future__ import annotations

from typing import Any

import pytest

from iam.decision import Outcome
from iam.document import Policy
from iam.evaluate import Policies
from iam.principal import Principal
from iam.witness import Layer
from tests.iam.asking import (
    ACCOUNT,
    KEY,
    OTHER,
    OTHER_USER,
    ROLE,
    ROOT,
    SECRET,
    SESSION,
    USER,
    ask,
    identity,
    resource,
    statement,
)

GET = "secretsmanager:GetSecretValue"
ANYTHING = identity(statement(), name="anything")
NOTHING = identity(statement(action="s3:ListAllMyBuckets"), name="nothing")
FEDERATED = f"arn:aws:sts::{ACCOUNT}:federated-user/exampleuser"


def get_allowed_to(*names: str) -> Policy:
    return resource(statement(action=GET, Principal={"AWS": list(names)}))


def test_carlos_keeps_his_bucket_and_is_denied_the_logs() -> None:
    """IAM: reference_policies_evaluation-logic_policy-eval-basics.html, "Example identity-based and resource-based"."""
    carlos = "arn:aws:iam::123456789012:user/carlossalazar"
    own = ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]
    attached = identity(
        statement(action=["s3:GetBucketLocation", "s3:ListAllMyBuckets"], resource="arn:aws:s3:::*"),
        statement(action="s3:*", resource=own, Sid="AllowS3Self"),
        statement("Deny", "s3:*", "arn:aws:s3:::*log*", Sid="DenyS3Logs"),
    )
    policies = Policies(
        identity=(attached,), resource=resource(statement("Allow", "s3:*", own, Principal={"AWS": carlos}))
    )
    logs = ask(carlos, "s3:PutObject", "arn:aws:s3:::carlossalazar-logs/x", policies)
    assert (logs.outcome, logs.witnesses[0].sid) == (Outcome.EXPLICIT_DENY, "DenyS3Logs")
    assert ask(carlos, "s3:PutObject", "arn:aws:s3:::carlossalazar/x", policies).allowed
    assert ask(carlos, "s3:PutObject", "arn:aws:s3:::carlossalazar/x", Policies(resource=policies.resource)).allowed


def test_reports_are_denied_though_all_reading_is_allowed() -> None:
    """IAM: reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay.html"""
    policies = Policies(
        identity=(
            identity(statement(action=["iam:Get*", "iam:List*"]), statement("Deny", "iam:*Report", Sid="DenyReports")),
        )
    )
    assert ask(USER, "iam:GetUser", "*", policies).allowed
    assert ask(USER, "iam:GetOrganizationsAccessReport", "*", policies).outcome is Outcome.EXPLICIT_DENY
    assert ask(USER, "iam:CreatePolicy", "*", policies).outcome is Outcome.IMPLICIT_DENY


def test_shirley_can_not_create_a_user_beyond_her_boundary() -> None:
    """IAM: access_policies_boundaries.html"""
    policies = Policies(
        identity=(identity(statement(action=["iam:CreateUser", "s3:ListBucket"])),),
        boundary=identity(statement(action=["s3:*", "cloudwatch:*", "ec2:*"])),
    )
    refused = ask(USER, "iam:CreateUser", "*", policies)
    assert refused.reason == "because no permissions boundary allows the iam:CreateUser action"
    assert ask(USER, "s3:ListBucket", "arn:aws:s3:::b", policies).allowed
    assert not ask(USER, "s3:GetObject", "arn:aws:s3:::b/x", policies).allowed


@pytest.mark.parametrize(
    ("who", "named", "boundary", "session", "expected"),
    [
        (USER, USER, NOTHING, None, "allowed"),
        (SESSION, ROLE, None, None, "allowed"),
        (SESSION, ROLE, NOTHING, None, "permissions boundary"),
        (SESSION, ROLE, None, NOTHING, "session policy"),
        (SESSION, ROLE, ANYTHING, ANYTHING, "allowed"),
        (SESSION, SESSION, NOTHING, NOTHING, "allowed"),
        (SESSION, "*", NOTHING, NOTHING, "allowed"),
        (FEDERATED, FEDERATED, NOTHING, NOTHING, "allowed"),
        (FEDERATED, USER, NOTHING, ANYTHING, "permissions boundary"),
        (FEDERATED, USER, None, NOTHING, "session policy"),
        (FEDERATED, USER, None, ANYTHING, "allowed"),
        (FEDERATED, USER, None, None, "session policy"),
        (USER, ROOT, None, None, "identity-based policy"),
        (SESSION, ACCOUNT, None, None, "identity-based policy"),
    ],
)
def test_how_closely_a_resource_policy_names_the_caller_decides_what_limits_it(
    who: str, named: str, boundary: Policy | None, session: Policy | None, expected: str
) -> None:
    """IAM: reference_policies_evaluation-logic_policy-eval-denyallow.html, "Resource-based policies"."""
    policies = Policies(
        resource=get_allowed_to(named), boundary=boundary, session=(session,) if session else (), identity=(NOTHING,)
    )
    decision = ask(who, GET, SECRET, policies)
    assert ("allowed" if decision.allowed else decision.layer.value) == expected


def test_a_deny_in_any_layer_wins() -> None:
    deny = statement("Deny", GET)
    layers: dict[Layer, dict[str, Any]] = {
        Layer.IDENTITY: {"identity": (ANYTHING, identity(deny))},
        Layer.BOUNDARY: {"boundary": identity(statement(), deny)},
        Layer.SESSION: {"session": (identity(statement(), deny),)},
        Layer.SERVICE_CONTROL: {"service_controls": ((identity(statement(), deny),),)},
        Layer.RESOURCE: {"resource": resource(statement("Deny", GET, Principal="*"))},
    }
    for layer, changed in layers.items():
        decision = ask(SESSION, GET, SECRET, Policies(**({"identity": (ANYTHING,)} | changed)))
        assert (decision.outcome, decision.layer) == (Outcome.EXPLICIT_DENY, layer)
        article = "an" if layer is Layer.IDENTITY else "a"
        assert decision.reason == f"with an explicit deny in {article} {layer.value}"


def test_every_level_of_service_control_policies_must_allow_even_the_root() -> None:
    """https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html"""
    for levels, expected in (
        (((ANYTHING,), (ANYTHING,)), True),
        (((ANYTHING,), (NOTHING,)), False),
        (((NOTHING, ANYTHING),), True),
        (((),), False),
    ):
        decision = ask(ROOT, GET, SECRET, Policies(service_controls=levels))
        assert decision.allowed is expected
    assert decision.reason == "with an explicit deny in a service control policy"


def test_across_accounts_both_sides_must_allow() -> None:
    """IAM: reference_policies_evaluation-logic-cross-account.html"""
    for named in (OTHER_USER, OTHER):
        both = Policies(identity=(ANYTHING,), resource=get_allowed_to(named))
        assert ask(OTHER_USER, GET, SECRET, both).allowed
        assert ask(OTHER_USER, GET, SECRET, Policies(resource=get_allowed_to(named))).layer is Layer.IDENTITY
    assert ask(OTHER_USER, GET, SECRET, Policies(identity=(ANYTHING,))).layer is Layer.RESOURCE
    bounded = Policies(identity=(ANYTHING,), boundary=NOTHING, resource=get_allowed_to(OTHER_USER))
    assert ask(OTHER_USER, GET, SECRET, bounded).layer is Layer.BOUNDARY
    bucket = Policies(identity=(ANYTHING,))
    assert not ask(OTHER_USER, "s3:GetObject", "arn:aws:s3:::b/x", bucket, resource_account=ACCOUNT).allowed


def test_not_principal_with_deny_spares_only_who_is_listed_whole_and_has_no_boundary() -> None:
    """IAM: reference_policies_elements_notprincipal.html, access_policies_boundaries.html"""

    def denied(*spared: str, boundary: Policy | None = None) -> bool:
        raw = {"Effect": "Deny", "NotPrincipal": {"AWS": list(spared)}, "Action": "*", "Resource": "*"}
        policies = Policies(identity=(ANYTHING,), resource=resource(raw), boundary=boundary)
        return ask(SESSION, GET, SECRET, policies).outcome is Outcome.EXPLICIT_DENY

    assert not denied(SESSION, ROLE, ROOT)
    assert not denied(SESSION, ROLE, ACCOUNT)
    assert denied(SESSION, ROLE)
    assert denied(ROLE, ROOT)
    assert denied(SESSION, ROLE, ROOT, boundary=ANYTHING)


def test_only_the_resource_policy_speaks_for_services_and_strangers() -> None:
    lambda_service = Principal.service("lambda.amazonaws.com")
    policy = resource(statement(action=GET, Principal={"Service": "lambda.amazonaws.com"}))
    assert ask(lambda_service, GET, SECRET, Policies(resource=policy)).allowed
    assert not ask(Principal.service("ec2.amazonaws.com"), GET, SECRET, Policies(resource=policy)).allowed
    assert not ask(Principal.anonymous(), GET, SECRET, Policies(identity=(ANYTHING,), resource=policy)).allowed
    assert ask(Principal.anonymous(), GET, SECRET, Policies(resource=get_allowed_to("*"))).allowed


def test_a_message_reads_as_that_of_aws() -> None:
    """IAM: troubleshoot_access-denied.html"""
    assert ask(SESSION, GET, SECRET, Policies()).message == (
        f"User: {SESSION} is not authorized to perform: {GET} on resource: {SECRET} "
        f"because no identity-based policy allows the {GET} action"
    )
    assert ask(USER, "codecommit:ListRepositories", "*", Policies()).message == (
        f"User: {USER} is not authorized to perform: codecommit:ListRepositories "
        "because no identity-based policy allows the codecommit:ListRepositories action"
    )
    allowed = ask(USER, GET, SECRET, Policies(identity=(identity(statement(Sid="Read")),)))
    assert allowed.reason == "allowed by identity-based policy 'identity', statement 'Read'"


def test_the_principal_implies_its_context_keys() -> None:
    """IAM: reference_policies_condition-keys.html"""

    def holds(who: str, key: str, value: str) -> bool:
        policy = identity(statement(Condition={"StringEquals": {key: value}}))
        return ask(who, "kms:Decrypt", KEY, Policies(identity=(policy,))).allowed

    assert holds(SESSION, "aws:PrincipalArn", ROLE)
    assert holds(SESSION, "aws:PrincipalType", "AssumedRole")
    assert holds(USER, "aws:username", "exampleuser")
    assert not holds(SESSION, "aws:username", "examplerolesessionname")
    assert holds(USER, "kms:CallerAccount", ACCOUNT)
    assert holds(USER, "aws:ResourceAccount", ACCOUNT)
    assert holds(USER, "aws:PrincipalIsAWSService", "false")
