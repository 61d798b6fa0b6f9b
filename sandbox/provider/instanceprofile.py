"""AWS IAM: instance profiles, which hand a role to a machine."""

from sandbox.provider.naming import tag_changes, tag_list, tag_map
from sandbox.provider.resource import NAMED, TAGS, AutoName, Call, ResourceType, text
from sandbox.provider.values import Props


def _create(call: Call) -> str:
    iam, new = call.client("iam"), call.new
    iam.create_instance_profile(
        InstanceProfileName=new["name"], Tags=tag_list(new.get("tags")), **call.given(Path="path")
    )
    name = call.created(new["name"])
    if new.get("role"):
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=new["role"])
    return name


def _read(call: Call) -> Props | None:
    profile = call.client("iam").get_instance_profile(InstanceProfileName=call.id)["InstanceProfile"]
    return {
        "arn": profile["Arn"],
        "createDate": profile["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": profile["InstanceProfileName"],
        "path": profile["Path"],
        "role": next((role["RoleName"] for role in profile["Roles"]), None),
        "tags": tag_map(profile.get("Tags")),
        "uniqueId": profile["InstanceProfileId"],
    }


def _update(call: Call) -> None:
    iam = call.client("iam")
    if call.changed("role"):
        # A profile holds one role at most (API_AddRoleToInstanceProfile).
        if call.old.get("role"):
            iam.remove_role_from_instance_profile(InstanceProfileName=call.id, RoleName=call.old["role"])
        if call.new.get("role"):
            iam.add_role_to_instance_profile(InstanceProfileName=call.id, RoleName=call.new["role"])
    removed, added = tag_changes(call)
    if removed:
        iam.untag_instance_profile(InstanceProfileName=call.id, TagKeys=removed)
    if added:
        iam.tag_instance_profile(InstanceProfileName=call.id, Tags=tag_list(added))


def _delete(call: Call) -> None:
    iam = call.client("iam")
    for role in iam.get_instance_profile(InstanceProfileName=call.id)["InstanceProfile"]["Roles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=call.id, RoleName=role["RoleName"])
    iam.delete_instance_profile(InstanceProfileName=call.id)


INSTANCE_PROFILE = ResourceType(
    type_name="aws:iam/instanceProfile:InstanceProfile",
    inputs={**NAMED, "path": text(default="/", replaces=True), "role": text(), "tags": TAGS},
    outputs=("arn", "createDate", "uniqueId"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("name",),
    autoname=AutoName(max_length=128),
    regional=False,
    verified=True,
)

TYPES = (INSTANCE_PROFILE,)
