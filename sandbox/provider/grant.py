"""AWS KMS: grants, by which one principal may use a key without the key's policy naming it."""

from typing import Any

from sandbox.provider.resource import Call, Kind, Property, ProviderError, ResourceType, blocks, flag, strings, text
from sandbox.provider.values import Props

_CONSTRAINTS = {
    "encryptionContextEquals": "EncryptionContextEquals",
    "encryptionContextSubset": "EncryptionContextSubset",
}


def _create(call: Call) -> str:
    constraints = {
        aws: item[name]
        for item in call.new.get("constraints") or []
        for name, aws in _CONSTRAINTS.items()
        if name in item
    }
    answer = call.client("kms").create_grant(
        **call.given(
            KeyId="keyId",
            GranteePrincipal="granteePrincipal",
            RetiringPrincipal="retiringPrincipal",
            Operations="operations",
            GrantTokens="grantCreationTokens",
            Name="name",
        ),
        **({"Constraints": constraints} if constraints else {}),
    )
    # KMS shows the token in this answer only.
    call.told["grantToken"] = answer["GrantToken"]
    return f"{call.new['keyId']}:{answer['GrantId']}"


def _parts(call: Call) -> tuple[str, str]:
    key, found, grant = call.id.rpartition(":")
    if not found or not key:
        raise ProviderError(f"'{call.id}' is no id of a grant; it has the form <key id or ARN>:<grant id>")
    return key, grant


def _read(call: Call) -> Props | None:
    key, grant_id = _parts(call)
    grant = _found(call.client("kms"), key, grant_id)
    if grant is None:
        return None
    held = grant.get("Constraints") or {}
    constraints = {name: held[aws] for name, aws in _CONSTRAINTS.items() if held.get(aws)}
    return {
        "constraints": [constraints] if constraints else [],
        "grantId": grant_id,
        "grantToken": call.state.get("grantToken"),
        "granteePrincipal": grant["GranteePrincipal"],
        "keyId": key,
        "name": grant.get("Name") or None,
        "operations": sorted(grant["Operations"]),
        "retiringPrincipal": grant.get("RetiringPrincipal") or None,
    }


def _found(kms: Any, key: str, grant_id: str) -> Props | None:
    pages = kms.get_paginator("list_grants").paginate(KeyId=key)
    grants = (grant for page in pages for grant in page["Grants"])
    return next((grant for grant in grants if grant["GrantId"] == grant_id), None)


def _delete(call: Call) -> None:
    key, grant_id = _parts(call)
    act = call.client("kms").retire_grant if call.state.get("retireOnDelete") else call.client("kms").revoke_grant
    if _found(call.client("kms"), key, grant_id) is not None:
        act(KeyId=key, GrantId=grant_id)


_CONTEXT = Property(kind=Kind.MAP)
GRANT = ResourceType(
    type_name="aws:kms/grant:Grant",
    inputs={
        "constraints": blocks(dict.fromkeys(_CONSTRAINTS, _CONTEXT), replaces=True),
        "grantCreationTokens": strings(replaces=True, unreadable=True),
        "granteePrincipal": text(required=True, replaces=True),
        "keyId": text(required=True, replaces=True),
        "name": text(replaces=True),
        "operations": strings(required=True, replaces=True),
        "retireOnDelete": flag(default=False, replaces=True, unreadable=True),
        "retiringPrincipal": text(replaces=True),
    },
    outputs=("grantId", "grantToken"),
    create=_create,
    read=_read,
    delete=_delete,
    verified=True,
)

TYPES = (GRANT,)
