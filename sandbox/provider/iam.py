"""AWS IAM: roles, customer managed policies, inline policies and attachments."""

import json
from typing import Any
from urllib.parse import unquote

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
    strings,
    text,
)
from sandbox.provider.values import Props

# IAM keeps five versions of a policy (reference_iam-quotas); the oldest has to go before a sixth can come.
_POLICY_VERSIONS = 5


def _document(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict) else unquote(str(value))


def _create_role(call: Call) -> str:
    iam, new = call.client("iam"), call.new
    iam.create_role(
        RoleName=new["name"],
        Tags=tag_list(new.get("tags")),
        **call.given(
            AssumeRolePolicyDocument="assumeRolePolicy",
            Description="description",
            MaxSessionDuration="maxSessionDuration",
            Path="path",
            PermissionsBoundary="permissionsBoundary",
        ),
    )
    role = call.created(new["name"])
    for arn in new.get("managedPolicyArns") or []:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    for inline in new.get("inlinePolicies") or []:
        iam.put_role_policy(RoleName=role, PolicyName=inline["name"], PolicyDocument=inline["policy"])
    return role


def _read_role(call: Call) -> Props | None:
    iam = call.client("iam")
    role = iam.get_role(RoleName=call.id)["Role"]
    attached = iam.get_paginator("list_attached_role_policies").paginate(RoleName=call.id).build_full_result()
    inputs = call.new or call.old
    return {
        "arn": role["Arn"],
        "name": role["RoleName"],
        "uniqueId": role["RoleId"],
        "createDate": role["CreateDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
        "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
        "description": role.get("Description"),
        "maxSessionDuration": role.get("MaxSessionDuration", 3600),
        "path": role["Path"],
        "permissionsBoundary": (role.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn"),
        "managedPolicyArns": sorted(item["PolicyArn"] for item in attached["AttachedPolicies"]),
        "inlinePolicies": _inline(iam, call.id) if inputs.get("inlinePolicies") else None,
        "tags": tag_map(role.get("Tags")),
    }


def _inline(iam: Any, role: str) -> list[Props]:
    names = iam.get_paginator("list_role_policies").paginate(RoleName=role).build_full_result()["PolicyNames"]
    return [
        {"name": name, "policy": _document(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])}
        for name in sorted(names)
    ]


def _update_role(call: Call) -> None:
    iam, new, old = call.client("iam"), call.new, call.old
    if call.changed("assumeRolePolicy"):
        iam.update_assume_role_policy(RoleName=call.id, PolicyDocument=new["assumeRolePolicy"])
    if call.changed("description", "maxSessionDuration"):
        iam.update_role(
            RoleName=call.id,
            Description=new.get("description", ""),
            MaxSessionDuration=new["maxSessionDuration"],
        )
    if call.changed("permissionsBoundary"):
        if new.get("permissionsBoundary"):
            iam.put_role_permissions_boundary(RoleName=call.id, PermissionsBoundary=new["permissionsBoundary"])
        else:
            iam.delete_role_permissions_boundary(RoleName=call.id)
    before, after = set(old.get("managedPolicyArns") or []), set(new.get("managedPolicyArns") or [])
    for arn in sorted(before - after):
        iam.detach_role_policy(RoleName=call.id, PolicyArn=arn)
    for arn in sorted(after - before):
        iam.attach_role_policy(RoleName=call.id, PolicyArn=arn)
    documents = {item["name"]: item["policy"] for item in new.get("inlinePolicies") or []}
    for item in old.get("inlinePolicies") or []:
        if item["name"] not in documents:
            iam.delete_role_policy(RoleName=call.id, PolicyName=item["name"])
    if call.changed("inlinePolicies"):
        for name, policy in documents.items():
            iam.put_role_policy(RoleName=call.id, PolicyName=name, PolicyDocument=policy)
    removed, added = tag_changes(call)
    if removed:
        iam.untag_role(RoleName=call.id, TagKeys=removed)
    if added:
        iam.tag_role(RoleName=call.id, Tags=tag_list(added))


def _delete_role(call: Call) -> None:
    iam = call.client("iam")
    pages = iam.get_paginator("list_instance_profiles_for_role").paginate(RoleName=call.id).build_full_result()
    for profile in pages["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(InstanceProfileName=profile["InstanceProfileName"], RoleName=call.id)
    if call.state.get("forceDetachPolicies") or call.state.get("managedPolicyArns"):
        attached = iam.get_paginator("list_attached_role_policies").paginate(RoleName=call.id).build_full_result()
        for item in attached["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=call.id, PolicyArn=item["PolicyArn"])
    if call.state.get("forceDetachPolicies") or call.state.get("inlinePolicies"):
        for item in _inline(iam, call.id):
            iam.delete_role_policy(RoleName=call.id, PolicyName=item["name"])
    iam.delete_role(RoleName=call.id)


ROLE = ResourceType(
    type_name="aws:iam/role:Role",
    inputs={
        **NAMED,
        "assumeRolePolicy": document(required=True),
        "description": text(),
        "forceDetachPolicies": flag(default=False, unreadable=True),
        "inlinePolicies": blocks({"name": text(), "policy": document()}, computed=True),
        "managedPolicyArns": strings(computed=True),
        "maxSessionDuration": number(default=3600),
        "path": text(default="/", replaces=True),
        "permissionsBoundary": text(),
        "tags": TAGS,
    },
    outputs=("arn", "createDate", "uniqueId"),
    create=_create_role,
    read=_read_role,
    update=_update_role,
    delete=_delete_role,
    identity=("name",),
    autoname=AutoName(max_length=64),
    regional=False,
)


def _create_policy(call: Call) -> str:
    answer = call.client("iam").create_policy(
        PolicyName=call.new["name"],
        PolicyDocument=call.new["policy"],
        Tags=tag_list(call.new.get("tags")),
        **call.given(Description="description", Path="path"),
    )
    return str(answer["Policy"]["Arn"])


def _read_policy(call: Call) -> Props | None:
    iam = call.client("iam")
    policy = iam.get_policy(PolicyArn=call.id)["Policy"]
    version = iam.get_policy_version(PolicyArn=call.id, VersionId=policy["DefaultVersionId"])["PolicyVersion"]
    return {
        "arn": policy["Arn"],
        "name": policy["PolicyName"],
        "policyId": policy["PolicyId"],
        "attachmentCount": policy.get("AttachmentCount", 0),
        "description": policy.get("Description"),
        "path": policy["Path"],
        "policy": _document(version["Document"]),
        "tags": tag_map(policy.get("Tags")),
    }


def _update_policy(call: Call) -> None:
    iam = call.client("iam")
    if call.changed("policy"):
        versions = iam.list_policy_versions(PolicyArn=call.id)["Versions"]
        spare = sorted((v for v in versions if not v["IsDefaultVersion"]), key=lambda v: v["CreateDate"])
        if len(versions) >= _POLICY_VERSIONS:
            iam.delete_policy_version(PolicyArn=call.id, VersionId=spare[0]["VersionId"])
        iam.create_policy_version(PolicyArn=call.id, PolicyDocument=call.new["policy"], SetAsDefault=True)
    removed, added = tag_changes(call)
    if removed:
        iam.untag_policy(PolicyArn=call.id, TagKeys=removed)
    if added:
        iam.tag_policy(PolicyArn=call.id, Tags=tag_list(added))


def _delete_policy(call: Call) -> None:
    iam = call.client("iam")
    for version in iam.list_policy_versions(PolicyArn=call.id)["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=call.id, VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=call.id)


POLICY = ResourceType(
    type_name="aws:iam/policy:Policy",
    inputs={
        **NAMED,
        "delayAfterPolicyCreationInMs": number(unreadable=True),
        "description": text(replaces=True),
        "path": text(default="/", replaces=True),
        "policy": document(required=True),
        "tags": TAGS,
    },
    outputs=("arn", "attachmentCount", "policyId"),
    create=_create_policy,
    read=_read_policy,
    update=_update_policy,
    delete=_delete_policy,
    identity=("name", "path"),
    autoname=AutoName(max_length=128),
    regional=False,
)

TYPES = (ROLE, POLICY)
