"""AWS Secrets Manager: the container of a secret and its resource policy."""

from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import (
    NAMED,
    TAGS,
    AutoName,
    Call,
    ResourceType,
    blocks,
    document,
    flag,
    number,
    text,
)
from sandbox.provider.values import Props

_SERVICE = "secretsmanager"
_AWS_KEY = "alias/aws/secretsmanager"


def _create_secret(call: Call) -> str:
    client = call.client(_SERVICE)
    replicas = [_replica(item) for item in call.new.get("replicas") or []]
    arn = call.created(
        client.create_secret(
            Name=call.new["name"],
            Tags=tag_list(call.new.get("tags")),
            **call.given(Description="description", KmsKeyId="kmsKeyId"),
            **(
                {"AddReplicaRegions": replicas, "ForceOverwriteReplicaSecret": call.new["forceOverwriteReplicaSecret"]}
                if replicas
                else {}
            ),
        )["ARN"]
    )
    if call.new.get("policy"):
        client.put_resource_policy(SecretId=arn, ResourcePolicy=call.new["policy"])
    return str(arn)


def _replica(item: Props) -> Props:
    return {"Region": item["region"], **({"KmsKeyId": item["kmsKeyId"]} if item.get("kmsKeyId") else {})}


def _read_secret(call: Call) -> Props | None:
    client = call.client(_SERVICE)
    secret = client.describe_secret(SecretId=call.id)
    if secret.get("DeletedDate"):
        return None
    return {
        "arn": secret["ARN"],
        "name": secret["Name"],
        "description": secret.get("Description"),
        "kmsKeyId": secret.get("KmsKeyId"),
        "policy": client.get_resource_policy(SecretId=call.id).get("ResourcePolicy"),
        "replicas": _held_replicas(call, secret.get("ReplicationStatus") or []),
        "tags": tag_map(secret.get("Tags")),
    }


def _held_replicas(call: Call, held: list[Props]) -> list[Props]:
    """The replicas; AWS's own key counts as no key where the program names none."""
    asked = {item["region"]: item.get("kmsKeyId") for item in call.new.get("replicas") or []}
    names = {"region": "Region", "status": "Status", "statusMessage": "StatusMessage"}
    replicas = []
    for item in held:
        replica = {name: item.get(aws) for name, aws in names.items()}
        key = item.get("KmsKeyId")
        if key and (asked.get(item["Region"]) or not key.endswith(_AWS_KEY)):
            replica["kmsKeyId"] = key
        replicas.append({name: value for name, value in replica.items() if value is not None})
    return replicas


def _update_secret(call: Call) -> None:
    client = call.client(_SERVICE)
    if call.changed("description", "kmsKeyId"):
        client.update_secret(
            SecretId=call.id,
            Description=call.new.get("description", ""),
            **call.given(KmsKeyId="kmsKeyId"),
        )
    if call.changed("policy"):
        if call.new.get("policy"):
            client.put_resource_policy(SecretId=call.id, ResourcePolicy=call.new["policy"])
        else:
            client.delete_resource_policy(SecretId=call.id)
    old = {item["region"]: item for item in call.old.get("replicas") or []}
    new = {item["region"]: item for item in call.new.get("replicas") or []}
    left = sorted(region for region in old if old[region] != new.get(region))
    joined = [_replica(item) for region, item in new.items() if old.get(region) != item]
    if left:
        client.remove_regions_from_replication(SecretId=call.id, RemoveReplicaRegions=left)
    if joined:
        client.replicate_secret_to_regions(
            SecretId=call.id,
            AddReplicaRegions=joined,
            ForceOverwriteReplicaSecret=call.new["forceOverwriteReplicaSecret"],
        )
    removed, added = tag_changes(call)
    if removed:
        client.untag_resource(SecretId=call.id, TagKeys=removed)
    if added:
        client.tag_resource(SecretId=call.id, Tags=tag_list(added))


def _delete_secret(call: Call) -> None:
    client = call.client(_SERVICE)
    replicas = [item["region"] for item in call.state.get("replicas") or []]
    if replicas:
        client.remove_regions_from_replication(SecretId=call.id, RemoveReplicaRegions=replicas)
    days = call.state.get("recoveryWindowInDays", 30)
    window = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
    client.delete_secret(SecretId=call.id, **window)


SECRET = ResourceType(
    type_name="aws:secretsmanager/secret:Secret",
    inputs={
        **NAMED,
        "description": text(),
        "forceOverwriteReplicaSecret": flag(default=False, unreadable=True),
        "kmsKeyId": text(),
        "policy": document(computed=True),
        "recoveryWindowInDays": number(default=30, unreadable=True),
        "replicas": blocks(
            {
                "region": text(required=True),
                "kmsKeyId": text(),
                "lastAccessedDate": text(computed=True),
                "status": text(computed=True),
                "statusMessage": text(computed=True),
            },
            computed=True,
        ),
        "tags": TAGS,
    },
    create=_create_secret,
    read=_read_secret,
    update=_update_secret,
    delete=_delete_secret,
    identity=("name",),
    autoname=AutoName(max_length=512),
)


def _put_policy(call: Call) -> str:
    call.client(_SERVICE).put_resource_policy(
        SecretId=call.new["secretArn"],
        ResourcePolicy=call.new["policy"],
        **call.given(BlockPublicPolicy="blockPublicPolicy"),
    )
    return str(call.new["secretArn"])


def _update_policy(call: Call) -> None:
    _put_policy(call)


def _read_policy(call: Call) -> Props | None:
    policy = call.client(_SERVICE).get_resource_policy(SecretId=call.id).get("ResourcePolicy")
    return {"secretArn": call.id, "policy": policy} if policy else None


def _delete_policy(call: Call) -> None:
    call.client(_SERVICE).delete_resource_policy(SecretId=call.id)


POLICY = ResourceType(
    type_name="aws:secretsmanager/secretPolicy:SecretPolicy",
    inputs={
        "blockPublicPolicy": flag(unreadable=True),
        "policy": document(required=True),
        "secretArn": text(required=True, replaces=True),
    },
    outputs=(),
    create=_put_policy,
    read=_read_policy,
    update=_update_policy,
    delete=_delete_policy,
)

TYPES = (SECRET, POLICY)
