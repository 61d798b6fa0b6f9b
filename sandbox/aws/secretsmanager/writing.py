"""PutSecretValue and UpdateSecretVersionStage.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html and
API_UpdateSecretVersionStage.html.
"""

import uuid
from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.labels import update_stage
from sandbox.aws.secretsmanager.model import CURRENT
from sandbox.aws.secretsmanager.rotating import after_manual_change
from sandbox.aws.secretsmanager.values import required_value
from sandbox.aws.secretsmanager.versions import put_version


def put_secret_value(context: Context, request: Request) -> Result:
    """A new version; with a token already used, a no-op for the same value and an error for another one."""
    value = required_value(request)
    token = request.get("ClientRequestToken") or str(uuid.uuid4())
    stages = request.get("VersionStages")
    if stages is not None and len(set(stages)) != len(stages):
        raise AwsError("InvalidParameterException", f"VersionStages names a label twice: {', '.join(stages)}.")
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        existing = secret.versions.get(token)
        context.keys.check_encrypt(context.region, secret.key_id, secret_arn=secret.arn, version_id=token)
        if existing is not None and existing.kind is not None:
            # To compare, the value that is there is read; with the caller's rights (unverified).
            context.keys.check_decrypt(context.region, existing.key_id, secret_arn=secret.arn, version_id=token)
        now = context.clock()
        changed = put_version(
            secret,
            token=token,
            kind=value.kind,
            stages=tuple(stages) if stages else None,
            now=now,
            same=lambda: existing is not None and context.storage.value(secret, existing) == value,
        )
        if changed is not secret:
            if CURRENT in changed.versions[token].stages:
                changed = after_manual_change(changed, now)
            context.save(changed, {token: value})
    return {
        "ARN": changed.arn,
        "Name": changed.name,
        "VersionId": token,
        "VersionStages": list(changed.versions[token].stages),
    }


def update_secret_version_stage(context: Context, request: Request) -> Result:
    """Move, add or remove one label."""
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        changed = update_stage(
            secret,
            request["VersionStage"],
            remove_from=request.get("RemoveFromVersionId"),
            move_to=request.get("MoveToVersionId"),
        )
        context.save(replace(changed, changed=context.clock()))
    return {"ARN": secret.arn, "Name": secret.name}
