"""Tags of what EC2 keeps (networks, security groups, endpoints): given at creation, changed by the resource's id."""

from typing import Any

from sandbox.provider.naming import tag_changes, tag_list
from sandbox.provider.resource import Call


def specification(kind: str, call: Call) -> dict[str, Any]:
    """The `TagSpecifications` argument for a resource of `kind`; none where there are no tags, which EC2 refuses."""
    tags = tag_list(call.new.get("tags"))
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def update_tags(call: Call) -> None:
    """Bring the tags of the resource `call.id` to what the new inputs say."""
    removed, added = tag_changes(call)
    if removed:
        call.client("ec2").delete_tags(Resources=[call.id], Tags=[{"Key": key} for key in removed])
    if added:
        call.client("ec2").create_tags(Resources=[call.id], Tags=tag_list(added))
