"""AWS Secrets Manager: one version of a secret.

`secretStringWo` goes to AWS and into no output. As with the real provider, the engine keeps it among the inputs,
encrypted, until a refresh forgets it (https://www.pulumi.com/docs/iac/concepts/secrets/write-only-fields); a change of
`secretStringWoVersion` replaces the resource, which writes a new version.
"""

import base64
import uuid
from collections.abc import Iterator

from sandbox.provider import faults
from sandbox.provider.resource import Call, Failure, ProviderError, ResourceType, number, strings, text
from sandbox.provider.values import Props

_SERVICE = "secretsmanager"
_CURRENT = "AWSCURRENT"
_PREVIOUS = "AWSPREVIOUS"


def _create(call: Call) -> str:
    value = call.new.get("secretStringWo") or call.new.get("secretString")
    binary = call.new.get("secretBinary")
    answer = call.client(_SERVICE).put_secret_value(
        SecretId=call.new["secretId"],
        ClientRequestToken=str(uuid.uuid4()),
        **({"SecretString": value} if binary is None else {"SecretBinary": base64.b64decode(binary)}),
        **call.given(VersionStages="versionStages"),
    )
    return f"{call.new['secretId']}|{answer['VersionId']}"


def _parts(call: Call) -> tuple[str, str]:
    secret_id, separator, version_id = call.id.partition("|")
    if not separator or not version_id:
        raise ProviderError(f"'{call.id}' is no id of a secret version; it has the form <secret id>|<version id>")
    return secret_id, version_id


def _read(call: Call) -> Props | None:
    secret_id, version_id = _parts(call)
    try:
        # The real provider reads by GetSecretValue too, so whoever refreshes a stack needs that permission.
        answer = call.client(_SERVICE).get_secret_value(SecretId=secret_id, VersionId=version_id)
    except Exception as exc:
        if faults.deleted(exc):
            return None
        raise
    write_only = bool(call.new.get("secretStringWo") or call.state.get("hasSecretStringWo"))
    binary = answer.get("SecretBinary")
    return {
        "arn": answer["ARN"],
        "secretArn": answer["ARN"],
        "secretId": secret_id,
        "versionId": answer["VersionId"],
        "versionStages": sorted(answer.get("VersionStages") or []),
        "hasSecretStringWo": write_only,
        "secretString": None if write_only else answer.get("SecretString"),
        "secretBinary": base64.b64encode(binary).decode() if binary else None,
    }


def _update(call: Call) -> None:
    secret_id, version_id = _parts(call)
    client = call.client(_SERVICE)
    before, after = set(call.old.get("versionStages") or []), set(call.new.get("versionStages") or [])
    before = set(call.state.get("versionStages") or before)
    for stage in sorted(after - before):
        holder = _holder(call, secret_id, stage)
        client.update_secret_version_stage(
            SecretId=secret_id,
            VersionStage=stage,
            MoveToVersionId=version_id,
            **({"RemoveFromVersionId": holder} if holder else {}),
        )
    for stage in sorted(before - after - {_CURRENT}):
        if stage == _PREVIOUS and _CURRENT in after - before:
            continue
        client.update_secret_version_stage(SecretId=secret_id, VersionStage=stage, RemoveFromVersionId=version_id)


def _holder(call: Call, secret_id: str, stage: str) -> str | None:
    stages: dict[str, list[str]] = call.client(_SERVICE).describe_secret(SecretId=secret_id)["VersionIdsToStages"]
    return next((version for version, labels in stages.items() if stage in labels), None)


def _delete(call: Call) -> None:
    """Takes the labels away; AWSCURRENT cannot be taken away, only moved, so it stays (as with the real provider)."""
    secret_id, version_id = _parts(call)
    for stage in sorted(set(call.state.get("versionStages") or []) - {_CURRENT}):
        try:
            call.client(_SERVICE).update_secret_version_stage(
                SecretId=secret_id, VersionStage=stage, RemoveFromVersionId=version_id
            )
        except Exception as exc:
            if faults.deleted(exc):
                return
            # A rotation may have moved the label away since the last refresh.
            if faults.code(exc) not in {"InvalidParameterException", "InvalidRequestException"}:
                raise


def _rules(inputs: Props) -> Iterator[Failure]:
    given = [name for name in ("secretString", "secretStringWo", "secretBinary") if name in inputs]
    if len(given) != 1:
        yield "secretString", "give exactly one of 'secretString', 'secretStringWo' and 'secretBinary'"
    if ("secretStringWo" in inputs) != ("secretStringWoVersion" in inputs):
        yield "secretStringWoVersion", "'secretStringWo' and 'secretStringWoVersion' go together; give both"


VERSION = ResourceType(
    type_name="aws:secretsmanager/secretVersion:SecretVersion",
    inputs={
        "secretBinary": text(replaces=True),
        "secretId": text(required=True, replaces=True),
        "secretString": text(replaces=True),
        "secretStringWo": text(write_only=True),
        "secretStringWoVersion": number(replaces=True, unreadable=True),
        "versionStages": strings(computed=True),
    },
    outputs=("arn", "hasSecretStringWo", "secretArn", "versionId"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    rules=_rules,
    secrets=frozenset({"secretBinary", "secretString", "secretStringWo"}),
)

TYPES = (VERSION,)
