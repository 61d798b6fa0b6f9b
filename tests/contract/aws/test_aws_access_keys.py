"""KMS under IAM, and in the path of a secret.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/ (pages named in the tests) and
https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html.
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import Actor, allow, deny, document, refused
from tests.contract.aws.harness import ContractAws

pytestmark = pytest.mark.diverges
READ = "secretsmanager:GetSecretValue"
DENIED = "AccessDeniedException"
NO_KMS = (DENIED, "Access to KMS is not allowed")


def _key_policy(aws: ContractAws, *more: dict[str, Any], root: str | list[str] = "kms:*") -> str:
    account = {"AWS": f"arn:aws:iam::{aws.account}:root"}
    return document({**allow(root), "Principal": account}, *more)


def _closed(aws: ContractAws) -> list[str]:
    """What the account may do with a key whose use it does not delegate: all but use it."""
    return ["kms:Describe*", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:GetKeyPolicy", "kms:CreateGrant"]


def test_without_delegation_to_the_account_iam_policies_do_not_count(aws: ContractAws) -> None:
    """Source: key-policy-default.html: "Without this permission, IAM policies … are ineffective"."""
    delegated, closed = aws.key(), aws.key()
    aws.client("kms").put_key_policy(KeyId=closed, PolicyName="default", Policy=_key_policy(aws, root=_closed(aws)))
    kms = aws.as_role(allow("kms:*")).client("kms")
    assert kms.encrypt(KeyId=delegated, Plaintext=b"x")["KeyId"] == delegated
    code, message = refused(kms.encrypt, KeyId=closed, Plaintext=b"x")
    assert (code, message.endswith("because no resource-based policy allows the kms:Encrypt action")) == (DENIED, True)


def test_a_key_policy_that_names_a_role_is_enough(aws: ContractAws) -> None:
    """Source: policy-evaluation.html."""
    named, stranger = aws.as_role(), aws.as_role()
    statement = {**allow("kms:Encrypt"), "Principal": {"AWS": named.arn}}
    key = aws.key(Policy=_key_policy(aws, statement))
    assert named.client("kms").encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
    assert refused(stranger.client("kms").encrypt, KeyId=key, Plaintext=b"x")[0] == DENIED


def test_a_grant_lets_its_grantee_do_its_operations_in_its_context(aws: ContractAws) -> None:
    """Source: grants.html and API_GrantConstraints.html."""
    key = aws.key()
    role = aws.as_role()
    aws.client("kms").create_grant(
        KeyId=key,
        GranteePrincipal=role.arn,
        Operations=["Encrypt"],
        Constraints={"EncryptionContextSubset": {"purpose": "backup"}},
    )
    kms = role.client("kms")
    context = {"purpose": "backup", "more": "x"}
    sealed = kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    assert refused(kms.encrypt, KeyId=key, Plaintext=b"x")[0] == DENIED
    assert refused(kms.decrypt, CiphertextBlob=sealed, EncryptionContext=context)[0] == DENIED


def test_who_may_make_grants_can_be_limited_to_those_of_services(aws: ContractAws) -> None:
    """Source: conditions-kms.html (kms:GrantIsForAWSResource, kms:GranteePrincipal)."""
    key = aws.key()
    stranger = f"arn:aws:iam::{aws.account}:root"
    services = aws.as_role(allow("kms:CreateGrant", "*", Bool={"kms:GrantIsForAWSResource": "true"}))
    named = aws.as_role(allow("kms:CreateGrant", "*", StringEquals={"kms:GranteePrincipal": services.arn}))
    grant = {"KeyId": key, "Operations": ["Encrypt"]}
    assert refused(services.client("kms").create_grant, GranteePrincipal=services.arn, **grant)[0] == DENIED
    assert refused(named.client("kms").create_grant, GranteePrincipal=stranger, **grant)[0] == DENIED
    assert named.client("kms").create_grant(GranteePrincipal=services.arn, **grant)["GrantId"]


def test_the_encryption_context_is_judged(aws: ContractAws) -> None:
    """Source: conditions-kms.html (kms:EncryptionContext:context-key, kms:EncryptionContextKeys)."""
    key = aws.key()
    kms = aws.as_role(
        allow(
            "kms:Encrypt",
            key,
            StringEquals={"kms:EncryptionContext:tier": "3"},
            ForAllValues__StringEquals={"kms:EncryptionContextKeys": ["tier"]},
        )
    ).client("kms")
    assert kms.encrypt(KeyId=key, Plaintext=b"x", EncryptionContext={"tier": "3"})["KeyId"] == key
    for context in ({"tier": "1"}, {}, {"tier": "3", "other": "x"}):
        assert refused(kms.encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context)[0] == DENIED


def test_decrypting_is_judged_on_the_key_in_the_ciphertext(aws: ContractAws) -> None:
    """Source: API_Decrypt.html: a symmetric ciphertext names its key."""
    own, other = aws.key(), aws.key()
    sealed = [aws.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"] for key in (own, other)]
    kms = aws.as_role(allow("kms:Decrypt", own)).client("kms")
    assert kms.decrypt(CiphertextBlob=sealed[0])["Plaintext"] == b"x"
    assert refused(kms.decrypt, CiphertextBlob=sealed[1])[0] == DENIED


def test_an_alias_can_stand_for_the_key_in_conditions_only(aws: ContractAws) -> None:
    """Source: alias-authorization.html (kms:ResourceAliases, kms:RequestAlias)."""
    key, kms = aws.key(), aws.client("kms")
    alias = f"alias/llmobs-contract-{key[-12:]}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    any_way = aws.as_role(allow("kms:Encrypt", "*", ForAnyValue__StringEquals={"kms:ResourceAliases": [alias]}))
    by_alias = aws.as_role(allow("kms:Encrypt", "*", StringEquals={"kms:RequestAlias": alias}))
    wrong = aws.as_role(allow("kms:Encrypt", f"arn:aws:kms:{aws.region}:{aws.account}:{alias}"))
    try:
        assert any_way.client("kms").encrypt(KeyId=key, Plaintext=b"x")["KeyId"] == key
        assert refused(by_alias.client("kms").encrypt, KeyId=key, Plaintext=b"x")[0] == DENIED
        assert by_alias.client("kms").encrypt(KeyId=alias, Plaintext=b"x")["KeyId"] == key
        assert refused(wrong.client("kms").encrypt, KeyId=alias, Plaintext=b"x")[0] == DENIED
    finally:
        kms.delete_alias(AliasName=alias)


def _reader(aws: ContractAws, key: str, *secrets: str, **conditions: Any) -> Actor:
    return aws.as_role(allow(READ), allow("kms:Decrypt", key, **conditions))


def test_reading_a_secret_needs_decrypt_on_its_key(aws: ContractAws) -> None:
    """Source: security-encryption.html#security-encryption-authz."""
    key = aws.key()
    name, plain = aws.secret(KmsKeyId=key), aws.secret()
    with_key = _reader(aws, key).client("secretsmanager")
    without = aws.as_role(allow(READ)).client("secretsmanager")
    assert with_key.get_secret_value(SecretId=name)["SecretString"] == "first"
    assert refused(without.get_secret_value, SecretId=name) == NO_KMS
    assert without.get_secret_value(SecretId=plain)["SecretString"] == "first"


def test_writing_a_secret_needs_a_data_key(aws: ContractAws) -> None:
    """Source: security-encryption.html#security-encryption-authz."""
    key = aws.key()
    name = aws.secret(KmsKeyId=key)
    write = allow(["secretsmanager:PutSecretValue", "secretsmanager:CreateSecret"])
    reads = aws.as_role(write, allow("kms:Decrypt", key)).client("secretsmanager")
    writes = aws.as_role(write, allow(["kms:Decrypt", "kms:GenerateDataKey"], key)).client("secretsmanager")
    assert refused(reads.put_secret_value, SecretId=name, SecretString="second") == NO_KMS
    assert writes.put_secret_value(SecretId=name, SecretString="second")["Name"] == name
    assert refused(reads.create_secret, Name=aws.name(), KmsKeyId=key) == NO_KMS
    made = aws.name()
    assert writes.create_secret(Name=made, KmsKeyId=key, SecretString="x")["Name"] == made


def test_a_key_can_be_used_through_secrets_manager_only(aws: ContractAws) -> None:
    """Source: conditions-kms.html (kms:ViaService, kms:CallerAccount)."""
    key = aws.key()
    name = aws.secret(KmsKeyId=key)
    sealed = aws.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    condition = {
        "kms:ViaService": f"secretsmanager.{aws.region}.amazonaws.com",
        "kms:CallerAccount": aws.account,
    }
    role = _reader(aws, key, StringEquals=condition)
    assert role.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"] == "first"
    assert refused(role.client("kms").decrypt, CiphertextBlob=sealed)[0] == DENIED
    elsewhere = {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
    other = _reader(aws, key, StringEquals=elsewhere).client("secretsmanager")
    assert refused(other.get_secret_value, SecretId=name) == NO_KMS


def test_the_secret_is_the_encryption_context_of_its_key(aws: ContractAws) -> None:
    """Source: security-encryption.html#security-encryption-encryption-context (SecretARN, SecretVersionId)."""
    key = aws.key()
    own, other = aws.secret(KmsKeyId=key), aws.secret(KmsKeyId=key)
    arn = aws.sm.describe_secret(SecretId=own)["ARN"]
    context = {"kms:EncryptionContext:SecretARN": arn}
    sm = _reader(aws, key, StringEquals=context, Null={"kms:EncryptionContext:SecretVersionId": "false"}).client(
        "secretsmanager"
    )
    assert sm.get_secret_value(SecretId=own)["SecretString"] == "first"
    assert refused(sm.get_secret_value, SecretId=other) == NO_KMS


def test_calls_that_aws_makes_for_the_caller_can_be_told_apart(aws: ContractAws) -> None:
    """Source: IAM, reference_policies_condition-keys.html (aws:ViaAWSService, aws:CalledVia)."""
    key = aws.key()
    name = aws.secret(KmsKeyId=key)
    sealed = aws.client("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    role = _reader(
        aws,
        key,
        Bool={"aws:ViaAWSService": "true"},
        ForAnyValue__StringEquals={"aws:CalledVia": ["secretsmanager.amazonaws.com"]},
    )
    assert role.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"] == "first"
    assert refused(role.client("kms").decrypt, CiphertextBlob=sealed)[0] == DENIED


def test_a_disabled_key_makes_reads_fail_for_everyone(aws: ContractAws) -> None:
    """Source: API_GetSecretValue.html (DecryptionFailure), API_PutSecretValue.html (EncryptionFailure)."""
    key, kms = aws.key(), aws.client("kms")
    name = aws.secret(KmsKeyId=key)
    kms.disable_key(KeyId=key)
    assert refused(aws.sm.get_secret_value, SecretId=name)[0] == "DecryptionFailure"
    assert refused(aws.sm.put_secret_value, SecretId=name, SecretString="x")[0] == "EncryptionFailure"
    kms.enable_key(KeyId=key)
    assert aws.sm.get_secret_value(SecretId=name)["SecretString"] == "first"


def test_a_new_key_takes_the_old_versions_only_along_with_decrypt(aws: ContractAws) -> None:
    """Source: manage_update-encryption-key.html: without kms:Decrypt on the previous key nothing is re-encrypted."""
    old, new = aws.key(), aws.key()
    name = aws.secret(KmsKeyId=old)
    role = aws.as_role(allow("secretsmanager:*"), allow(["kms:Decrypt", "kms:GenerateDataKey"], new))
    sm = role.client("secretsmanager")
    sm.update_secret(SecretId=name, KmsKeyId=new)
    assert aws.sm.describe_secret(SecretId=name)["KmsKeyId"] == new
    assert refused(sm.get_secret_value, SecretId=name) == NO_KMS
    aws.sm.update_secret(SecretId=name, KmsKeyId=new)
    assert sm.get_secret_value(SecretId=name)["SecretString"] == "first"


def test_a_key_policy_can_deny_what_iam_allows(aws: ContractAws) -> None:
    """Source: policy-evaluation.html: an explicit deny anywhere wins."""
    role = aws.as_role(allow("kms:*"))
    key = aws.key(Policy=_key_policy(aws, {**deny("kms:Encrypt"), "Principal": {"AWS": role.arn}}))
    kms = role.client("kms")
    assert kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"] == key
    code, message = refused(kms.encrypt, KeyId=key, Plaintext=b"x")
    assert (code, message.endswith("with an explicit deny in a resource-based policy")) == (DENIED, True)


def test_a_text_that_is_no_key_policy_is_refused(aws: ContractAws) -> None:
    """Source: API_CreateKey.html (MalformedPolicyDocumentException)."""
    good = _key_policy(aws)
    bad = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]})
    assert refused(aws.client("kms").create_key, Policy=bad)[0] == "MalformedPolicyDocumentException"
    key = aws.key(Policy=good)
    put = aws.client("kms").put_key_policy
    assert refused(put, KeyId=key, PolicyName="default", Policy=bad)[0] == "MalformedPolicyDocumentException"
    put(KeyId=key, PolicyName="default", Policy=good)


def test_tags_of_keys_are_judged(aws: ContractAws) -> None:
    """Source: tag-authorization.html (aws:ResourceTag, aws:RequestTag)."""
    own = aws.key(Tags=[{"TagKey": "Tier", "TagValue": "3"}])
    other = aws.key()
    kms = aws.as_role(allow("kms:Encrypt", "*", StringEquals={"aws:ResourceTag/Tier": "3"})).client("kms")
    assert kms.encrypt(KeyId=own, Plaintext=b"x")["KeyId"] == own
    with pytest.raises(ClientError):
        kms.encrypt(KeyId=other, Plaintext=b"x")
