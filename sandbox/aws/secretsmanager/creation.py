"""CreateSecret and UpdateSecret.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html and API_UpdateSecret.html.
"""

import uuid
from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.model import CURRENT, PENDING, PREVIOUS, Secret, Value
from sandbox.aws.secretsmanager.names import check_name, make_arn
from sandbox.aws.secretsmanager.replication import add_replicas, replication_status
from sandbox.aws.secretsmanager.rotating import after_manual_change
from sandbox.aws.secretsmanager.tagging import check_tags
from sandbox.aws.secretsmanager.values import given_value
from sandbox.aws.secretsmanager.versions import put_version

DEFAULT_KEY = "alias/aws/secretsmanager"


def create_secret(context: Context, request: Request) -> Result:
    """Make a secret and, with a value, its first version as AWSCURRENT; same token and value again is a no-op."""
    name = check_name(request["Name"])
    value = given_value(request)
    token = request.get("ClientRequestToken") or str(uuid.uuid4())
    key_id = _key(request.get("KmsKeyId"))
    tags = check_tags({tag["Key"]: tag["Value"] for tag in request.get("Tags") or []})
    with context.storage.change():
        existing = context.storage.by_name(context.region, name)
        if existing is not None and existing.deletion_date is not None and existing.deletion_date <= context.clock():
            context.storage.delete(existing.arn)
            existing = None
        if existing is not None:
            return _again(context, existing, token, value)
        arn = make_arn(account=context.account, region=context.region, name=name)
        context.keys.check_usable(context.region, key_id, secret_arn=arn)
        now = context.clock()
        secret = Secret(
            arn=arn,
            name=name,
            region=context.region,
            created=now,
            changed=now,
            description=request.get("Description") or None,
            key_id=key_id,
            tags=tags,
        )
        values: dict[str, Value] = {}
        if value is not None:
            context.keys.check_encrypt(context.region, key_id, secret_arn=arn, version_id=token)
            secret = put_version(secret, token=token, kind=value.kind, stages=None, now=now, same=lambda: False)
            values[token] = value
        context.save(secret, values)
        if request.get("AddReplicaRegions"):
            secret = add_replicas(context, secret, request)
    return _created(secret, token if value is not None else None)


def update_secret(context: Context, request: Request) -> Result:
    """Change description, key or value; a value makes a new version, and a used token is always an error."""
    value = given_value(request)
    token = request.get("ClientRequestToken") or str(uuid.uuid4())
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        now = context.clock()
        secret = replace(secret, changed=now)
        if "Description" in request:
            secret = replace(secret, description=request["Description"] or None)
        if request.get("KmsKeyId") is not None:
            secret = _with_key(context, secret, _key(request["KmsKeyId"]))
        values: dict[str, Value] = {}
        if value is not None:
            if token in secret.versions:
                raise AwsError(
                    "ResourceExistsException",
                    "A resource with the ID you requested already exists: you can't modify an existing version, "
                    "you can only create a new one.",
                )
            context.keys.check_encrypt(context.region, secret.key_id, secret_arn=secret.arn, version_id=token)
            secret = put_version(secret, token=token, kind=value.kind, stages=None, now=now, same=lambda: False)
            secret = after_manual_change(secret, now)
            values[token] = value
        context.save(secret, values)
    result: Result = {"ARN": secret.arn, "Name": secret.name}
    if value is not None:
        result["VersionId"] = token
    return result


def _again(context: Context, existing: Secret, token: str, value: Value | None) -> Result:
    if existing.deletion_date is not None:
        raise AwsError(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )
    version = existing.versions.get(token)
    if version is not None and value is not None and context.storage.value(existing, version) == value:
        return _created(existing, token)
    raise AwsError(
        "ResourceExistsException", f"The operation failed because the secret {existing.name} already exists."
    )


def _created(secret: Secret, version_id: str | None) -> Result:
    result: Result = {"ARN": secret.arn, "Name": secret.name}
    if version_id is not None:
        result["VersionId"] = version_id
    if secret.replicas:
        result["ReplicationStatus"] = replication_status(secret)
    return result


def _with_key(context: Context, secret: Secret, key_id: str | None) -> Secret:
    """The secret with another key; the labelled versions are encrypted anew where the caller may decrypt them.

    "If you don't have kms:Decrypt permission to the previous key …, the existing versions are not re-encrypted":
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_update-encryption-key.html
    """
    context.keys.check_usable(context.region, key_id, secret_arn=secret.arn)
    for version in secret.versions.values():
        if {CURRENT, PENDING, PREVIOUS} & set(version.stages) and context.keys.may_decrypt(
            context.region, version.key_id, secret_arn=secret.arn, version_id=version.id
        ):
            secret = secret.with_version(replace(version, key_id=key_id))
    return replace(secret, key_id=key_id)


def _key(key_id: str | None) -> str | None:
    return None if not key_id or key_id == DEFAULT_KEY else key_id
