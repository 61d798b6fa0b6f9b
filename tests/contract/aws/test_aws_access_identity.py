"""Who calls: keys, tokens, signatures. Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/ and
https://docs.aws.amazon.com/AmazonS3/latest/API/ (pages named in the tests).
"""

import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.contract.aws.actors import Actor, allow, as_arguments, client_with, document, refused
from tests.contract.aws.harness import PREFIX, ContractAws, token

pytestmark = pytest.mark.diverges
_UNKNOWN = {"aws_access_key_id": "AKIA" + "Z" * 16, "aws_secret_access_key": "x" * 40}
_CODES = {
    "secretsmanager": ("list_secrets", "UnrecognizedClientException", "InvalidSignatureException"),
    "iam": ("list_users", "InvalidClientTokenId", "SignatureDoesNotMatch"),
    "lambda": ("list_functions", "UnrecognizedClientException", "InvalidSignatureException"),
    "s3": ("list_buckets", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
}


def _call(client: Any, service: str) -> Any:
    return getattr(client, _CODES[service][0])


@pytest.mark.parametrize("service", _CODES)
def test_an_unknown_key_and_a_wrong_secret_are_told_apart(aws: ContractAws, service: str) -> None:
    """Source: IAM, CommonErrors.html; S3, ErrorResponses.html."""
    user = aws.as_user(allow("*"))
    forged = {**user.credentials, "aws_secret_access_key": "x" * 40}
    assert _call(user.client(service), service)()
    assert refused(_call(client_with(aws, _UNKNOWN, service), service))[0] == _CODES[service][1]
    code, message = refused(_call(client_with(aws, forged, service), service))
    assert code == _CODES[service][2]
    assert message.startswith("The request signature we calculated does not match the signature you provided.")


def test_an_inactive_key_is_refused_until_it_is_active_again(aws: ContractAws) -> None:
    """Source: IAM, id_credentials_access-keys.html: deactivation is the way to test and to go back."""
    user = aws.as_user(allow("iam:ListUsers"))
    iam, key = aws.client("iam"), {"UserName": user.name, "AccessKeyId": user.credentials["aws_access_key_id"]}
    assert user.client("iam").list_users(MaxItems=1)
    iam.update_access_key(**key, Status="Inactive")
    assert refused(user.client("iam").list_users)[0] == "InvalidClientTokenId"
    iam.update_access_key(**key, Status="Active")
    assert user.client("iam").list_users(MaxItems=1)


def test_a_deleted_key_is_unknown(aws: ContractAws) -> None:
    """Source: IAM, API_DeleteAccessKey.html."""
    user = aws.as_user(allow("iam:ListUsers"))
    assert user.client("iam").list_users(MaxItems=1)
    aws.client("iam").delete_access_key(UserName=user.name, AccessKeyId=user.credentials["aws_access_key_id"])
    assert refused(user.client("iam").list_users)[0] == "InvalidClientTokenId"


def test_temporary_credentials_need_their_own_token(aws: ContractAws) -> None:
    """Source: IAM, id_credentials_temp_use-resources.html: "If you don't include the session token, the call fails"."""
    role = aws.as_role(allow("secretsmanager:ListSecrets"))
    without = {name: value for name, value in role.credentials.items() if name != "aws_session_token"}
    wrong = {**role.credentials, "aws_session_token": "x" * 100}
    assert role.client("secretsmanager").list_secrets(MaxResults=1)
    for credentials in (without, wrong):
        client = client_with(aws, credentials, "secretsmanager")
        code, message = refused(client.list_secrets)
        assert code == "UnrecognizedClientException"
        assert message == "The security token included in the request is invalid."


def test_everyone_may_ask_who_they_are(aws: ContractAws) -> None:
    """Source: STS, API_GetCallerIdentity.html; ids: IAM, reference_identifiers.html#identifiers-unique-ids."""
    user, role = aws.as_user(), aws.as_role()
    by_user = user.client("sts").get_caller_identity()
    by_role = role.client("sts").get_caller_identity()
    assert (by_user["Arn"], by_user["Account"]) == (user.arn, aws.account)
    assert by_user["UserId"] == aws.client("iam").get_user(UserName=user.name)["User"]["UserId"]
    assert by_user["UserId"].startswith("AIDA")
    assert by_role["Arn"] == f"arn:aws:sts::{aws.account}:assumed-role/{role.name}/contract"
    role_id = aws.client("iam").get_role(RoleName=role.name)["Role"]["RoleId"]
    assert by_role["UserId"] == f"{role_id}:contract"
    assert refused(user.client("iam").get_user, UserName=user.name)[0] == "AccessDenied"


def test_a_session_token_is_the_user_itself(aws: ContractAws) -> None:
    """Source: STS, API_GetSessionToken.html."""
    user = aws.as_user(allow("iam:ListUsers"))
    credentials = as_arguments(user.client("sts").get_session_token()["Credentials"])
    session = Actor(aws=aws, arn=user.arn, name=user.name, credentials=credentials)
    assert session.client("sts").get_caller_identity()["Arn"] == user.arn
    assert session.client("secretsmanager")
    assert refused(session.client("sts").get_session_token)[0] == "AccessDenied"


def test_a_federated_user_has_what_policy_and_session_both_allow(aws: ContractAws) -> None:
    """Source: STS, API_GetFederationToken.html."""
    user = aws.as_user(allow("sts:GetFederationToken"), allow("secretsmanager:*"))
    policy = document(allow("secretsmanager:ListSecrets"))
    answer = user.client("sts").get_federation_token(Name="guest", Policy=policy)
    assert answer["FederatedUser"]["Arn"] == f"arn:aws:sts::{aws.account}:federated-user/guest"
    guest = client_with(aws, as_arguments(answer["Credentials"]), "secretsmanager")
    assert "SecretList" in guest.list_secrets(MaxResults=1)
    assert refused(guest.get_random_password)[0] == "AccessDeniedException"


def _bucket(aws: ContractAws) -> str:
    name = f"{PREFIX}-{token()}"
    aws.client("s3").create_bucket(Bucket=name)
    aws.client("s3").put_object(Bucket=name, Key="a b+c/é.txt", Body=b"content")
    return name


def _empty(aws: ContractAws, bucket: str) -> None:
    aws.client("s3").delete_object(Bucket=bucket, Key="a b+c/é.txt")
    aws.client("s3").delete_bucket(Bucket=bucket)


def test_a_presigned_url_is_its_signer_and_cannot_be_changed(aws: ContractAws) -> None:
    """Source: S3, userguide/using-presigned-url.html and API/sigv4-query-string-auth.html."""
    bucket = _bucket(aws)
    role = aws.as_role(allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"))
    nobody = aws.as_role()
    params = {"Bucket": bucket, "Key": "a b+c/é.txt"}
    try:
        url = _v4(role).generate_presigned_url("get_object", Params=params)
        assert urllib.request.urlopen(url).read() == b"content"
        denied = _v4(nobody).generate_presigned_url("get_object", Params=params)
        for other in (url.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999"), denied):
            with pytest.raises(urllib.error.HTTPError) as caught:
                urllib.request.urlopen(other)
            assert caught.value.code == 403
    finally:
        _empty(aws, bucket)


def _v4(actor: Actor) -> Any:
    return actor.client("s3", signature_version="s3v4", s3={"addressing_style": "path"})


def test_an_object_is_open_to_the_world_only_by_policy(aws: ContractAws) -> None:
    """Source: S3, userguide/example-bucket-policies.html (anonymous requests)."""
    if aws.kind == "real":
        pytest.skip("block public access is on for new buckets")
    bucket = _bucket(aws)
    create: Any = boto3.client
    anonymous = create(
        "s3", endpoint_url=aws.endpoint, region_name=aws.region, config=Config(signature_version=UNSIGNED)
    )
    item = {"Bucket": bucket, "Key": "a b+c/é.txt"}
    try:
        assert refused(anonymous.get_object, **item)[0] == "AccessDenied"
        public = {**allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*"), "Principal": "*"}
        aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=document(public))
        assert anonymous.get_object(**item)["Body"].read() == b"content"
        assert refused(anonymous.list_objects_v2, Bucket=bucket)[0] == "AccessDenied"
    finally:
        _empty(aws, bucket)


def test_most_services_take_no_anonymous_request(aws: ContractAws) -> None:
    """Source: Secrets Manager, CommonErrors (MissingAuthenticationToken)."""
    create: Any = boto3.client
    config = Config(signature_version=UNSIGNED)
    anonymous = create("secretsmanager", endpoint_url=aws.endpoint, region_name=aws.region, config=config)
    assert aws.sm.list_secrets(MaxResults=1)
    assert refused(anonymous.list_secrets)[0] == "MissingAuthenticationTokenException"
