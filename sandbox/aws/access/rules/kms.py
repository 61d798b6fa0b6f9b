"""KMS: kms-api-permissions-reference.html and conditions-kms.html of its developer guide."""

from collections.abc import Iterator, Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Need, Rule, each, on

_PREFIX = "kms"


def _key(asked: Asked) -> str:
    given = asked.text("KeyId", "TargetKeyId")
    if not given:
        blob = asked.get("CiphertextBlob")
        return asked.look.sealing_key(asked.region, blob) if isinstance(blob, bytes) else "*"
    return asked.look.kms_key(asked.region, given)


def _alias(asked: Asked) -> str:
    return asked.arn("kms", asked.text("AliasName"))


def _aliased_key(asked: Asked) -> str:
    return asked.look.kms_key(asked.region, asked.text("AliasName"))


def encryption_context(pairs: Mapping[str, str]) -> dict[str, ContextValue]:
    """kms:EncryptionContext:* and kms:EncryptionContextKeys."""
    keys: dict[str, ContextValue] = {f"kms:EncryptionContext:{key}": value for key, value in pairs.items()}
    if pairs:
        keys["kms:EncryptionContextKeys"] = list(pairs)
    return keys


def _context(asked: Asked, name: str = "EncryptionContext") -> dict[str, ContextValue]:
    pairs = asked.get(name)
    return encryption_context(pairs) if isinstance(pairs, Mapping) else {}


def _crypto(asked: Asked) -> Mapping[str, ContextValue]:
    keys = _context(asked)
    for parameter in ("EncryptionAlgorithm", "SigningAlgorithm", "MacAlgorithm", "MessageType", "KeyPairSpec"):
        if asked.text(parameter):
            keys[f"kms:{'DataKeyPairSpec' if parameter == 'KeyPairSpec' else parameter}"] = asked.text(parameter)
    given = asked.text("KeyId")
    if "alias/" in given:
        keys["kms:RequestAlias"] = given if given.startswith("alias/") else given[given.index("alias/") :]
    return keys


def _grant(asked: Asked) -> Mapping[str, ContextValue]:
    # kms:GrantIsForAWSResource is true only where a service of AWS makes the grant for a resource of its own.
    keys: dict[str, ContextValue] = {"kms:GrantIsForAWSResource": False}
    constraints = asked.get("Constraints")
    if isinstance(constraints, Mapping) and constraints:
        keys["kms:GrantConstraintType"] = list(constraints)
    if isinstance(operations := asked.get("Operations"), list):
        keys["kms:GrantOperations"] = operations
    for parameter in ("GranteePrincipal", "RetiringPrincipal"):
        if asked.text(parameter):
            keys[f"kms:{parameter}"] = asked.text(parameter)
    return keys


def _create_key(asked: Asked) -> Mapping[str, ContextValue]:
    defaults = {"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT", "Origin": "AWS_KMS"}
    keys: dict[str, ContextValue] = {
        f"kms:{'KeyOrigin' if name == 'Origin' else name}": asked.text(name) or default
        for name, default in defaults.items()
    }
    for flag in ("BypassPolicyLockoutSafetyCheck", "MultiRegion"):
        keys[f"kms:{flag}"] = bool(asked.get(flag))
    return keys


def _replica(asked: Asked) -> Mapping[str, ContextValue]:
    return {"kms:ReplicaRegion": asked.text("ReplicaRegion")}


def _bypass(asked: Asked) -> Mapping[str, ContextValue]:
    return {"kms:BypassPolicyLockoutSafetyCheck": bool(asked.get("BypassPolicyLockoutSafetyCheck"))}


def _window(asked: Asked) -> Mapping[str, ContextValue]:
    days = asked.get("PendingWindowInDays")
    return {"kms:ScheduleKeyDeletionPendingWindowInDays": days if isinstance(days, int) else 30}


def _re_encrypt(asked: Asked) -> Iterator[Need]:
    blob = asked.get("CiphertextBlob")
    source = asked.text("SourceKeyId")
    if source:
        source = asked.look.kms_key(asked.region, source)
    elif isinstance(blob, bytes):
        source = asked.look.sealing_key(asked.region, blob)
    target = asked.look.kms_key(asked.region, asked.text("DestinationKeyId"))
    same: dict[str, ContextValue] = {"kms:ReEncryptOnSameKey": source == target}
    yield Need(
        action="kms:ReEncryptFrom", resource=source or "*", given={**same, **_context(asked, "SourceEncryptionContext")}
    )
    yield Need(
        action="kms:ReEncryptTo", resource=target, given={**same, **_context(asked, "DestinationEncryptionContext")}
    )


def _on_alias_and_key(asked: Asked) -> Iterator[Need]:
    """An alias needs the permission on itself and on each key that it leaves or joins."""
    action = f"{_PREFIX}:{asked.operation}"
    yield Need(action=action, resource=_alias(asked))
    keys = {_aliased_key(asked)} if asked.operation != "CreateAlias" else set()
    if asked.text("TargetKeyId"):
        keys.add(_key(asked))
    for key in sorted(keys):
        yield Need(action=action, resource=key)


RULES: dict[str, Rule] = {
    **each(
        _PREFIX,
        _key,
        "Decrypt DeriveSharedSecret Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext "
        "GenerateDataKeyWithoutPlaintext GenerateMac Sign Verify VerifyMac",
        _crypto,
    ),
    **each(
        _PREFIX,
        _key,
        "CancelKeyDeletion DescribeKey DisableKey DisableKeyRotation EnableKey EnableKeyRotation GetKeyPolicy "
        "GetKeyRotationStatus GetParametersForImport GetPublicKey ImportKeyMaterial DeleteImportedKeyMaterial "
        "ListGrants ListKeyPolicies ListKeyRotations ListResourceTags RetireGrant RevokeGrant RotateKeyOnDemand "
        " TagResource UntagResource UpdateKeyDescription UpdatePrimaryRegion",
    ),
    **dict.fromkeys(("CreateAlias", "DeleteAlias", "UpdateAlias"), _on_alias_and_key),
    **{name: on(f"{_PREFIX}:{name}") for name in ("GenerateRandom", "ListAliases", "ListKeys", "ListRetirableGrants")},
    "CreateGrant": on("kms:CreateGrant", _key, _grant),
    "CreateKey": on("kms:CreateKey", lambda _asked: "*", _create_key),
    "PutKeyPolicy": on("kms:PutKeyPolicy", _key, _bypass),
    "ReEncrypt": _re_encrypt,
    "ReplicateKey": on("kms:ReplicateKey", _key, _replica),
    "ScheduleKeyDeletion": on("kms:ScheduleKeyDeletion", _key, _window),
}
