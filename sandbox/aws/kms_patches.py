"""moto's KMS, changed where it hides bugs: key states are kept to, multi-region keys decrypt, replicas are keys of
their own, and ARNs are taken.

Sources: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html (a disabled key answers DisabledException,
one pending deletion KMSInvalidStateException) and multi-region-keys-overview.html.
"""

import struct
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.kms import utils
from moto.kms.models import KmsBackend

# moto takes a key's ARN for these, and then looks it up as if it were the id.
_BY_BARE_ID = ("disable_key", "enable_key", "cancel_key_deletion", "schedule_key_deletion", "update_key_description")
_BY_KEY_ID = ("encrypt", "generate_data_key", "sign", "verify", "generate_mac", "verify_mac")


def install_kms_patches() -> None:
    """Change moto for the life of the process."""
    utils._serialize_ciphertext_blob = _serialize
    utils._deserialize_ciphertext_blob = _deserialize
    for name in _BY_KEY_ID:
        setattr(KmsBackend, name, _checked(getattr(KmsBackend, name)))
    for name in _BY_BARE_ID:
        setattr(KmsBackend, name, _with_bare_id(getattr(KmsBackend, name)))
    original_decrypt = KmsBackend.decrypt

    def decrypt(backend: Any, ciphertext_blob: bytes, *arguments: Any, **named: Any) -> tuple[bytes, str]:
        plain, arn = original_decrypt(backend, ciphertext_blob, *arguments, **named)
        _check_state(backend, arn)
        return plain, arn

    KmsBackend.decrypt = decrypt  # type: ignore[method-assign, assignment]
    original_replicate = KmsBackend.replicate_key

    def replicate_key(backend: Any, key_id: str, replica_region: str) -> Any:
        # "You cannot replicate aliases, tags, … and grants": moto's replica shares them with its primary.
        replica = original_replicate(backend, key_id, replica_region)
        replica.aliases, replica.grants = type(replica.aliases)(), {}
        return replica

    KmsBackend.replicate_key = replicate_key  # type: ignore[method-assign, assignment]


def _checked(original: Callable[..., Any]) -> Callable[..., Any]:
    def checked(backend: Any, *arguments: Any, **named: Any) -> Any:
        _check_state(backend, named["key_id"] if "key_id" in named else arguments[0])
        return original(backend, *arguments, **named)

    return checked


def _with_bare_id(original: Callable[..., Any]) -> Callable[..., Any]:
    def with_bare_id(backend: Any, key_id: str, *arguments: Any, **named: Any) -> Any:
        return original(backend, backend.any_id_to_key_id(key_id), *arguments, **named)

    return with_bare_id


def _check_state(backend: Any, key_id: str) -> None:
    key = backend.keys.get(backend.any_id_to_key_id(key_id))
    if key is None:
        return  # moto says so itself
    if key.key_state == "Disabled":
        raise JsonRESTError("DisabledException", f"{key.arn} is disabled.")
    if key.key_state != "Enabled":
        raise JsonRESTError("KMSInvalidStateException", f"{key.arn} is pending deletion.")


def _serialize(ciphertext: utils.Ciphertext) -> bytes:
    # moto's own format has 36 bytes for the key id, and cuts the longer ones of multi-region keys.
    key_id = ciphertext.key_id.encode()
    head = struct.pack(">B", len(key_id)) + key_id
    return bytes(head + ciphertext.iv + ciphertext.tag + ciphertext.ciphertext)


def _deserialize(ciphertext_blob: bytes) -> utils.Ciphertext:
    length = ciphertext_blob[0]
    key_id, rest = ciphertext_blob[1 : 1 + length].decode("ascii"), ciphertext_blob[1 + length :]
    iv, tag = rest[: utils.IV_LEN], rest[utils.IV_LEN : utils.IV_LEN + utils.TAG_LEN]
    if len(tag) != utils.TAG_LEN:
        raise ValueError("the blob is too short")
    return utils.Ciphertext(key_id=key_id, iv=iv, tag=tag, ciphertext=rest[utils.IV_LEN + utils.TAG_LEN :])
