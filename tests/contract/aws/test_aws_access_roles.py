"""Who may assume a role, and what the session is.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/ and IAM's user guide (pages named in the tests).
"""

import base64
import json
import time
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from sandbox.aws.access.mfa import totp
from tests.contract.aws.actors import Actor, allow, as_arguments, assumed, make_role, refused, trust
from tests.contract.aws.harness import PREFIX, ContractAws, token

pytestmark = pytest.mark.diverges
ASSUME = "sts:AssumeRole"


def _name() -> str:
    return f"{PREFIX}-{token()}"


def _who(actor: Actor) -> str:
    arn: str = actor.client("sts").get_caller_identity()["Arn"]
    return arn


def test_a_role_lets_in_only_whom_it_trusts(aws: ContractAws) -> None:
    """Source: IAM, id_roles_create_for-user.html."""
    friend, stranger = aws.as_user(), aws.as_user(allow(ASSUME))
    role = make_role(aws, _name(), [], trusts=[trust({"AWS": friend.arn})])
    assert _who(friend.assume(role)).endswith("/contract")
    sts = stranger.client("sts")
    code, message = refused(sts.assume_role, RoleArn=role, RoleSessionName="x2")
    assert code == "AccessDenied"
    assert message.startswith(f"User: {stranger.arn} is not authorized to perform: {ASSUME} on resource: {role}")


def test_a_role_that_trusts_the_account_leaves_it_to_policies(aws: ContractAws) -> None:
    """Source: IAM, reference_policies_elements_principal.html (the account delegates)."""
    may, may_not = aws.as_user(allow(ASSUME)), aws.as_user()
    role = make_role(aws, _name(), [])
    assert may.assume(role)
    assert refused(may_not.client("sts").assume_role, RoleArn=role, RoleSessionName="contract")[0] == "AccessDenied"


def test_a_role_that_does_not_exist_is_refused_not_missing(aws: ContractAws) -> None:
    """Source: API_AssumeRole.html lists no error for it."""
    arn = f"arn:aws:iam::{aws.account}:role/{PREFIX}-absent"
    real = make_role(aws, _name(), [])
    assert refused(aws.client("sts").assume_role, RoleArn=arn, RoleSessionName="contract")[0] == "AccessDenied"
    assert assumed(aws, aws.client("sts"), real)


def test_an_external_id_must_be_the_one_agreed_on(aws: ContractAws) -> None:
    """Source: IAM, id_roles_common-scenarios_third-party.html (sts:ExternalId)."""
    user = aws.as_user()
    role = make_role(aws, _name(), [], trusts=[trust({"AWS": user.arn}, StringEquals={"sts:ExternalId": "agreed"})])
    call = user.client("sts").assume_role
    assert refused(call, RoleArn=role, RoleSessionName="contract")[0] == "AccessDenied"
    assert refused(call, RoleArn=role, RoleSessionName="contract", ExternalId="guess")[0] == "AccessDenied"
    assert user.assume(role, ExternalId="agreed")


def test_passing_session_tags_needs_tag_session(aws: ContractAws) -> None:
    """Source: IAM, id_session-tags.html#id_session-tags_permissions-required."""
    user = aws.as_user()
    plain = make_role(aws, _name(), [], trusts=[trust({"AWS": user.arn})])
    tagging = make_role(aws, _name(), [], trusts=[trust({"AWS": user.arn}, ASSUME, "sts:TagSession")])
    tags = [{"Key": "Team", "Value": "blue"}]
    sts = user.client("sts")
    code, message = refused(sts.assume_role, RoleArn=plain, RoleSessionName="contract", Tags=tags)
    assert (code, "sts:TagSession" in message) == ("AccessDenied", True)
    assert user.assume(plain)
    assert user.assume(tagging, Tags=tags)


def test_the_session_name_can_be_demanded(aws: ContractAws) -> None:
    """Source: IAM, reference_policies_iam-condition-keys.html (sts:RoleSessionName)."""
    user = aws.as_user()
    condition = {"sts:RoleSessionName": "${aws:username}"}
    role = make_role(aws, _name(), [], trusts=[trust({"AWS": user.arn}, StringLike=condition)])
    assert refused(user.client("sts").assume_role, RoleArn=role, RoleSessionName="another")[0] == "AccessDenied"
    assert user.assume(role, RoleSessionName=user.name)


def test_a_source_identity_needs_leave_and_stays(aws: ContractAws) -> None:
    """Source: IAM, id_credentials_temp_control-access_monitor.html (sts:SetSourceIdentity, aws:SourceIdentity)."""
    user = aws.as_user()
    actions = (ASSUME, "sts:SetSourceIdentity")
    plain = make_role(aws, _name(), [], trusts=[trust({"AWS": user.arn})])
    named = make_role(
        aws,
        _name(),
        [allow("iam:ListRoles", "*", StringEquals={"aws:SourceIdentity": "ada"})],
        trusts=[trust({"AWS": user.arn}, *actions)],
    )
    sts = user.client("sts")
    assert (
        refused(sts.assume_role, RoleArn=plain, RoleSessionName="contract", SourceIdentity="ada")[0] == "AccessDenied"
    )
    assert user.assume(named, SourceIdentity="ada").client("iam").list_roles(MaxItems=1)
    assert refused(user.assume(named, SourceIdentity="bob").client("iam").list_roles)[0] == "AccessDenied"


def test_a_session_lasts_no_longer_than_its_role_allows(aws: ContractAws) -> None:
    """Source: API_AssumeRole.html (DurationSeconds)."""
    short = make_role(aws, _name(), [])
    long = make_role(aws, _name(), [], MaxSessionDuration=7200)
    sts = aws.client("sts")
    wish = {"RoleSessionName": "contract", "DurationSeconds": 7200}
    code, message = refused(sts.assume_role, RoleArn=short, **wish)
    assert (code, "MaxSessionDuration" in message) == ("ValidationError", True)
    assert sts.assume_role(RoleArn=long, **wish)["Credentials"]


def test_a_chained_session_lasts_an_hour_at_most(aws: ContractAws) -> None:
    """Source: IAM, id_roles.html#iam-term-role-chaining."""
    second = make_role(aws, _name(), [], MaxSessionDuration=7200)
    first = aws.as_role(allow(ASSUME))
    sts = first.client("sts")
    code, message = refused(sts.assume_role, RoleArn=second, RoleSessionName="contract", DurationSeconds=7200)
    assert (code, "role chaining" in message) == ("ValidationError", True)
    assert first.assume(second, DurationSeconds=3600)


def test_transitive_tags_stay_on_chained_sessions(aws: ContractAws) -> None:
    """Source: IAM, id_session-tags.html#id_session-tags_role-chaining."""
    judged = allow("iam:ListRoles", "*", StringEquals={"aws:PrincipalTag/Team": "blue"})
    second = make_role(aws, _name(), [judged])
    tags = [{"Key": "Team", "Value": "blue"}]
    policy = allow([ASSUME, "sts:TagSession"])
    kept = aws.as_role(policy, session={"Tags": tags, "TransitiveTagKeys": ["Team"]}).assume(second)
    dropped = aws.as_role(policy, session={"Tags": tags}).assume(second)
    assert kept.client("iam").list_roles(MaxItems=1)
    assert refused(dropped.client("iam").list_roles)[0] == "AccessDenied"


def _with_mfa(aws: ContractAws, user: Actor) -> tuple[str, str]:
    """A virtual device of the user: serial number and seed."""
    iam = aws.client("iam")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=user.name)["VirtualMFADevice"]
    seed = device["Base32StringSeed"].decode()
    step = int(time.time()) // 30
    iam.enable_mfa_device(
        UserName=user.name,
        SerialNumber=device["SerialNumber"],
        AuthenticationCode1=totp(seed, step - 1),
        AuthenticationCode2=totp(seed, step),
    )
    return device["SerialNumber"], seed


def test_break_glass_needs_a_second_factor(aws: ContractAws) -> None:
    """Source: IAM, id_credentials_mfa_configure-api-require.html (aws:MultiFactorAuthPresent, …Age)."""
    if aws.kind == "real":
        pytest.skip("a real device shows a code once in 30 s")
    user = aws.as_user()
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "300"}}
    role = make_role(aws, _name(), [], trusts=[trust({"AWS": user.arn}, **condition)])
    serial, seed = _with_mfa(aws, user)
    sts = user.client("sts")
    wish = {"RoleArn": role, "RoleSessionName": "contract"}
    code = totp(seed, int(time.time()) // 30)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    try:
        assert refused(sts.assume_role, **wish)[0] == "AccessDenied"
        assert (
            "MultiFactorAuthentication failed"
            in refused(sts.assume_role, **wish, SerialNumber=serial, TokenCode=wrong)[1]
        )
        assert user.assume(role, SerialNumber=serial, TokenCode=code)
    finally:
        aws.client("iam").deactivate_mfa_device(UserName=user.name, SerialNumber=serial)
        aws.client("iam").delete_virtual_mfa_device(SerialNumber=serial)


def test_long_term_keys_carry_no_second_factor_and_session_tokens_do(aws: ContractAws) -> None:
    """Source: IAM, reference_policies_condition-keys.html#condition-keys-multifactorauthpresent: absent, not false."""
    if aws.kind == "real":
        pytest.skip("a real device shows a code once in 30 s")
    user = aws.as_user(
        allow("iam:ListRoles", "*", Bool={"aws:MultiFactorAuthPresent": "true"}),
        allow("iam:ListUsers", "*", BoolIfExists={"aws:MultiFactorAuthPresent": "true"}),
    )
    serial, seed = _with_mfa(aws, user)
    with_code = {"SerialNumber": serial, "TokenCode": totp(seed, int(time.time()) // 30)}
    sts = user.client("sts")
    try:
        strong = as_arguments(sts.get_session_token(**with_code)["Credentials"])
        weak = as_arguments(sts.get_session_token()["Credentials"])
        iam = Actor(aws=aws, arn=user.arn, name=user.name, credentials=strong).client("iam")
        assert iam.list_roles(MaxItems=1)
        assert refused(user.client("iam").list_roles)[0] == "AccessDenied"
        assert user.client("iam").list_users(MaxItems=1)
        without = Actor(aws=aws, arn=user.arn, name=user.name, credentials=weak).client("iam")
        assert refused(without.list_users)[0] == "AccessDenied"
    finally:
        aws.client("iam").deactivate_mfa_device(UserName=user.name, SerialNumber=serial)
        aws.client("iam").delete_virtual_mfa_device(SerialNumber=serial)


def test_a_web_identity_is_let_in_by_its_claims(aws: ContractAws) -> None:
    """Source: API_AssumeRoleWithWebIdentity.html; IAM, reference_policies_iam-condition-keys.html."""
    if aws.kind == "real":
        pytest.skip("a real account checks the token's signature at its provider")
    issuer = f"{token()}.example.com"
    iam = aws.client("iam")
    provider = iam.create_open_id_connect_provider(
        Url=f"https://{issuer}", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40]
    )["OpenIDConnectProviderArn"]
    condition = {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": "repo:main"}
    action = "sts:AssumeRoleWithWebIdentity"
    trusted = trust({"Federated": provider}, action, StringEquals=condition)
    role = make_role(aws, _name(), [], trusts=[trusted])

    def jwt(subject: str) -> str:
        claims = {"iss": f"https://{issuer}", "aud": "sts.amazonaws.com", "sub": subject, "exp": time.time() + 600}
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({}, claims)]
        return b".".join([*parts, b"c2ln"]).decode()

    create: Any = boto3.client
    sts = create("sts", region_name=aws.region, endpoint_url=aws.endpoint, config=Config(signature_version=UNSIGNED))
    wish = {"RoleArn": role, "RoleSessionName": "contract"}
    answer = sts.assume_role_with_web_identity(**wish, WebIdentityToken=jwt("repo:main"))
    assert answer["SubjectFromWebIdentityToken"] == "repo:main"
    assert refused(sts.assume_role_with_web_identity, **wish, WebIdentityToken=jwt("repo:fork"))[0] == "AccessDenied"
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
