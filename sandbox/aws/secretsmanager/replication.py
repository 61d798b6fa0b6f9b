"""Replicas in other regions: added, removed, promoted. They follow their primary at once.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html.
"""

from dataclasses import replace
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result, mirror
from sandbox.aws.secretsmanager.model import Replica, Secret
from sandbox.aws.secretsmanager.names import in_region


def replication_status(secret: Secret) -> list[dict[str, Any]]:
    """The replicas as answers show them."""
    return [
        {
            "Region": replica.region,
            "KmsKeyId": replica.key_id or "alias/aws/secretsmanager",
            "Status": replica.status,
            "StatusMessage": replica.message,
        }
        for replica in secret.replicas
    ]


def add_replicas(context: Context, secret: Secret, request: Request) -> Secret:
    """Copy a secret to regions; one that has a secret of this name there fails, unless overwriting was asked for.

    The caller needs kms:Decrypt here and kms:GenerateDataKey there:
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    """
    for version in secret.versions.values():
        if version.kind is not None:
            context.keys.check_decrypt(context.region, version.key_id, secret_arn=secret.arn, version_id=version.id)
    values = {
        version.id: value
        for version in secret.versions.values()
        if (value := context.storage.value(secret, version)) is not None
    }
    replicas = {replica.region: replica for replica in secret.replicas}
    for target in request["AddReplicaRegions"]:
        region, key_id = target["Region"], target.get("KmsKeyId") or None
        if region == secret.region:
            raise AwsError("InvalidParameterException", "Invalid replica region.")
        context.keys.check_usable(region, key_id, secret_arn=in_region(secret.arn, region))
        blocking = context.storage.by_name(region, secret.name)
        if blocking is not None and not request.get("ForceOverwriteReplicaSecret"):
            message = (
                f"Replication failed: Secret name simple conflict, a secret named {secret.name} exists in {region}."
            )
            replicas[region] = Replica(region=region, key_id=key_id, status="Failed", message=message)
            continue
        if blocking is not None:
            context.storage.delete(blocking.arn)
        copy = replace(
            secret,
            arn=in_region(secret.arn, region),
            region=region,
            key_id=key_id,
            accessed=None,
            replicas=(),
            primary_region=secret.region,
        )
        context.storage.save(mirror(secret, copy), values)
        replicas[region] = Replica(region=region, key_id=key_id)
    changed = replace(secret, replicas=tuple(replicas.values()), primary_region=secret.region, changed=context.clock())
    return context.save(changed)


def replicate_secret_to_regions(context: Context, request: Request) -> Result:
    """Add replicas to a secret."""
    with context.storage.change():
        secret = add_replicas(context, context.writable(request["SecretId"]), request)
    return {"ARN": secret.arn, "ReplicationStatus": replication_status(secret)}


def remove_regions_from_replication(context: Context, request: Request) -> Result:
    """Delete the replicas in the given regions."""
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        for region in request["RemoveReplicaRegions"]:
            copy = context.storage.by_arn(in_region(secret.arn, region))
            if copy is not None and copy.is_replica:
                context.storage.delete(copy.arn)
            secret = detach(context, secret.arn, region) or secret
    return {"ARN": secret.arn, "ReplicationStatus": replication_status(secret)}


def stop_replication_to_replica(context: Context, request: Request) -> Result:
    """Promote a replica, in its own region, to a secret of its own."""
    with context.storage.change():
        secret = context.usable(request["SecretId"])
        if not secret.is_replica or secret.primary_region is None:
            raise AwsError("InvalidRequestException", f"Secret {secret.name} is not a replica in {secret.region}.")
        detach(context, in_region(secret.arn, secret.primary_region), secret.region)
        context.storage.save(replace(secret, primary_region=None, rotation=None, changed=context.clock()))
    return {"ARN": secret.arn}


def detach(context: Context, primary_arn: str, region: str) -> Secret | None:
    """The primary without its replica in a region; None when there is no such primary."""
    primary = context.storage.by_arn(primary_arn)
    if primary is None:
        return None
    left = tuple(replica for replica in primary.replicas if replica.region != region)
    changed = replace(
        primary,
        replicas=left,
        primary_region=primary.primary_region if left else None,
        changed=context.clock(),
    )
    context.storage.save(changed)
    return changed
