"""Amazon EKS: pod identity associations, by which a service account of a cluster has a role."""

from sandbox.provider.naming import tag_changes
from sandbox.provider.resource import TAGS, Call, ProviderError, ResourceType, document, flag, text
from sandbox.provider.values import Props

_SETTINGS = {
    "roleArn": "roleArn",
    "disableSessionTags": "disableSessionTags",
    "targetRoleArn": "targetRoleArn",
    "policy": "policy",
}


def _create(call: Call) -> str:
    given = call.given(
        clusterName="clusterName", namespace="namespace", serviceAccount="serviceAccount", tags="tags", **_SETTINGS
    )
    return str(call.client("eks").create_pod_identity_association(**given)["association"]["associationId"])


def _place(call: Call) -> tuple[str, str]:
    """The cluster and the association; an import names both, as <cluster>,<association id>."""
    cluster, found, association = call.id.partition(",")
    if found:
        return cluster, association
    known = call.new.get("clusterName") or call.state.get("clusterName")
    if not known:
        raise ProviderError(f"'{call.id}' is no id to import; it has the form <cluster>,<association id>")
    return str(known), call.id


def _read(call: Call) -> Props | None:
    cluster, identity = _place(call)
    found = call.client("eks").describe_pod_identity_association(clusterName=cluster, associationId=identity)
    association = found["association"]
    return {
        "associationArn": association["associationArn"],
        "associationId": association["associationId"],
        "clusterName": association["clusterName"],
        "disableSessionTags": association.get("disableSessionTags", False),
        "externalId": association.get("externalId") or "",
        "namespace": association["namespace"],
        "policy": association.get("policy") or None,
        "roleArn": association["roleArn"],
        "serviceAccount": association["serviceAccount"],
        "tags": association.get("tags") or {},
        "targetRoleArn": association.get("targetRoleArn") or None,
    }


def _update(call: Call) -> None:
    eks = call.client("eks")
    cluster, identity = _place(call)
    if call.changed(*_SETTINGS):
        # What is taken away is sent as nothing, which clears it.
        cleared = {name: "" for name in ("policy", "targetRoleArn") if call.old.get(name)}
        settings = {**cleared, **call.given(**_SETTINGS)}
        eks.update_pod_identity_association(clusterName=cluster, associationId=identity, **settings)
    removed, added = tag_changes(call)
    if removed:
        eks.untag_resource(resourceArn=call.state["associationArn"], tagKeys=removed)
    if added:
        eks.tag_resource(resourceArn=call.state["associationArn"], tags=added)


def _delete(call: Call) -> None:
    cluster, identity = _place(call)
    call.client("eks").delete_pod_identity_association(clusterName=cluster, associationId=identity)


POD_IDENTITY_ASSOCIATION = ResourceType(
    type_name="aws:eks/podIdentityAssociation:PodIdentityAssociation",
    inputs={
        "clusterName": text(required=True, replaces=True),
        "disableSessionTags": flag(default=False),
        "namespace": text(required=True, replaces=True),
        "policy": document(),
        "roleArn": text(required=True),
        "serviceAccount": text(required=True, replaces=True),
        "tags": TAGS,
        "targetRoleArn": text(),
    },
    outputs=("associationArn", "associationId", "externalId"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("clusterName", "namespace", "serviceAccount"),
    volatile=("externalId",),
    verified=True,
)

TYPES = (POD_IDENTITY_ASSOCIATION,)
