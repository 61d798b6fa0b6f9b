"""KMS where stock moto differs. Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of


@pytest.mark.diverges
def test_a_multi_region_key_decrypts_what_it_encrypted(aws: ContractAws) -> None:
    """Source: multi-region-keys-overview.html."""
    kms = aws.client("kms")
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"]
    again = kms.re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key)["CiphertextBlob"]
    opened = [kms.decrypt(CiphertextBlob=blob)["Plaintext"] for blob in (sealed, again)]
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert opened == [b"plain", b"plain"]


@pytest.mark.diverges
def test_a_replica_has_aliases_of_its_own(aws: ContractAws) -> None:
    """Source: multi-region-keys-overview.html: aliases, grants and the key policy are not shared properties."""
    kms, elsewhere = aws.client("kms"), aws.client("kms", "us-west-2")
    key, alias = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"], f"alias/{aws.name()}"
    kms.create_alias(AliasName=alias, TargetKeyId=key)
    kms.replicate_key(KeyId=key, ReplicaRegion="us-west-2")
    none = elsewhere.list_aliases(KeyId=key)["Aliases"]
    elsewhere.create_alias(AliasName=f"{alias}-there", TargetKeyId=key)
    here = [entry["AliasName"] for entry in kms.list_aliases(KeyId=key)["Aliases"]]
    there = [entry["AliasName"] for entry in elsewhere.list_aliases(KeyId=key)["Aliases"]]
    elsewhere.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert (none, here, there) == ([], [alias], [f"{alias}-there"])


@pytest.mark.diverges
def test_a_disabled_key_neither_encrypts_nor_decrypts(aws: ContractAws) -> None:
    """Source: key-state.html: DisabledException."""
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    sealed = kms.encrypt(KeyId=key, Plaintext=b"plain")["CiphertextBlob"]
    kms.disable_key(KeyId=key)
    codes = []
    calls: list[tuple[Any, dict[str, Any]]] = [
        (kms.encrypt, {"KeyId": key, "Plaintext": b"plain"}),
        (kms.decrypt, {"CiphertextBlob": sealed}),
        (kms.generate_data_key, {"KeyId": key, "KeySpec": "AES_256"}),
    ]
    for call, arguments in calls:
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        codes.append(error_of(caught.value)[0])
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert codes == ["DisabledException"] * 3


def test_a_key_that_is_enabled_again_works_again(aws: ContractAws) -> None:
    """Source: enabling-keys.html."""
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.disable_key(KeyId=key)
    kms.enable_key(KeyId=key)
    sealed = kms.encrypt(KeyId=key, Plaintext=b"plain", EncryptionContext={"a": "b"})["CiphertextBlob"]
    assert kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})["Plaintext"] == b"plain"
    with pytest.raises(ClientError) as caught:
        kms.decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "c"})
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    assert error_of(caught.value)[0] == "InvalidCiphertextException"
