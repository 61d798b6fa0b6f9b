"""Keys and roles, whose own policies must allow: the examples of AWS's pages."""

from __future__ import annotations

from typing import Any

from iam.decision import Decision
from iam.document import Policy
from iam.evaluate import Holder, Policies
from iam.grant import Grant
from iam.principal import Principal
from iam.witness import Layer
from tests.iam.asking import (
    KEY,
    OTHER,
    OTHER_USER,
    ROLE,
    ROOT,
    SESSION,
    USER,
    ask,
    identity,
    resource,
    statement,
    trust,
)

ANYTHING = identity(statement(), name="anything")
ENABLE_IAM = statement(action="kms:*", Sid="Enable IAM policies", Principal={"AWS": ROOT})


def decrypt(who: str, context: dict[str, Any] | None = None, **policies: Any) -> Decision:
    return ask(who, "kms:Decrypt", KEY, Policies(holder=Holder.KEY, **policies), context)


def test_alice_needs_an_iam_policy_under_the_default_key_policy() -> None:
    """KMS: policy-evaluation.html, example 1; key-policy-default.html"""
    default = resource(ENABLE_IAM)
    alone = decrypt(USER, resource=default)
    assert alone.reason == "because no identity-based policy allows the kms:Decrypt action"
    allowed = decrypt(USER, resource=default, identity=(ANYTHING,))
    assert [witness.sid for witness in allowed.witnesses] == [None, "Enable IAM policies"]
    assert decrypt(ROOT, resource=default).allowed


def test_without_delegation_iam_policies_that_allow_are_ineffective_and_those_that_deny_are_not() -> None:
    """KMS: key-policy-default.html"""
    named = resource(statement(action="kms:*", Principal={"AWS": ROLE}))
    refused = decrypt(USER, resource=named, identity=(ANYTHING,))
    assert refused.reason == "because no resource-based policy allows the kms:Decrypt action"
    assert not decrypt(ROOT, resource=named).allowed
    assert not decrypt(USER, identity=(ANYTHING,)).allowed
    assert decrypt(SESSION, resource=named).allowed
    assert not decrypt(SESSION, resource=named, identity=(identity(statement("Deny", "kms:*")),)).allowed


def test_bob_uses_a_key_of_another_account_when_both_accounts_allow() -> None:
    """KMS: policy-evaluation.html, example 2"""
    shared = resource(ENABLE_IAM, statement(action="kms:Decrypt", Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}))
    engineering = f"arn:aws:sts::{OTHER}:assumed-role/Engineering/bob"
    assert decrypt(
        engineering, resource=shared, identity=(identity(statement(action="kms:Decrypt", resource=KEY)),)
    ).allowed
    assert not decrypt(engineering, resource=shared).allowed
    assert not decrypt(engineering, resource=resource(ENABLE_IAM), identity=(ANYTHING,)).allowed


def test_a_grant_allows_what_it_names_within_its_constraints() -> None:
    """KMS: grants.html; API_GrantConstraints.html: names in a constraint have no case, values do"""

    def allowed(who: str, action: str = "kms:Decrypt", given: dict[str, str] | None = None, **more: Any) -> bool:
        grant = Grant(
            name="g",
            grantee=more.get("grantee", ROLE),
            operations=frozenset(("Decrypt", "DescribeKey")),
            context_subset=more.get("subset"),
            context_equals=more.get("equals"),
        )
        policies = Policies(holder=Holder.KEY, resource=resource(ENABLE_IAM), grants=(grant,))
        context = {f"kms:EncryptionContext:{name}": value for name, value in (given or {}).items()}
        return ask(who, action, KEY, policies, context).allowed

    assert allowed(SESSION)
    assert not allowed(USER)
    assert not allowed(SESSION, "kms:Encrypt")
    finance = {"Department": "Finance", "Classification": "Public"}
    assert allowed(SESSION, given=finance | {"Customer": "12345"}, subset=finance)
    assert not allowed(SESSION, given={"Department": "Finance"}, subset=finance)
    assert not allowed(SESSION, given=finance | {"Customer": "12345"}, equals=finance)
    assert allowed(SESSION, given={"department": "Finance", "classification": "Public"}, equals=finance)
    assert not allowed(SESSION, given={"department": "finance", "classification": "Public"}, equals=finance)
    assert allowed(SESSION, "kms:DescribeKey", subset=finance)


def assume(
    who: str | Principal, policy: Policy, *attached: Policy, action: str = "sts:AssumeRole", **context: str
) -> Any:
    policies = Policies(holder=Holder.ROLE, resource=policy, identity=attached)
    return ask(who, action, ROLE, policies, {key.replace("__", ":"): value for key, value in context.items()})


def trusting(principal: Any, action: str = "sts:AssumeRole", **more: Any) -> Policy:
    return trust(statement(action=action, resource=None, Principal=principal, **more))


def test_a_role_is_assumed_by_whom_it_trusts() -> None:
    """IAM: reference_policies_elements_principal.html, id_roles_create_for-user_externalid.html"""
    assert assume(USER, trusting({"AWS": USER})).allowed
    assert not assume(USER, trusting({"AWS": OTHER_USER}), ANYTHING).allowed
    assert assume(USER, trusting({"AWS": ROOT})).layer is Layer.IDENTITY
    assert assume(USER, trusting({"AWS": ROOT}), ANYTHING).allowed
    assert assume(OTHER_USER, trusting({"AWS": OTHER_USER})).layer is Layer.IDENTITY
    assert assume(OTHER_USER, trusting({"AWS": OTHER_USER}), ANYTHING).allowed
    assert assume(Principal.service("lambda.amazonaws.com"), trusting({"Service": "lambda.amazonaws.com"})).allowed
    external = trusting({"AWS": OTHER_USER}, Condition={"StringEquals": {"sts:ExternalId": "12345"}})
    assert assume(OTHER_USER, external, ANYTHING, sts__ExternalId="12345").allowed
    assert not assume(OTHER_USER, external, ANYTHING).allowed
    mfa = trusting({"AWS": USER}, Condition={"Bool": {"aws:MultiFactorAuthPresent": True}})
    assert assume(USER, mfa, aws__MultiFactorAuthPresent="true").allowed
    refused = assume(USER, mfa)
    assert refused.message == (
        f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {ROLE} "
        "because no role trust policy allows the sts:AssumeRole action"
    )


def test_a_web_identity_assumes_the_role_that_trusts_its_provider() -> None:
    web = "sts:AssumeRoleWithWebIdentity"
    policy = trusting({"Federated": "accounts.example.com"}, web)
    assert assume(Principal.federated("accounts.example.com"), policy, action=web).allowed
    assert not assume(Principal.federated("other.example.com"), policy, action=web).allowed
