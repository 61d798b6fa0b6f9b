"""AWS IAM: what a role is given, inline or by attachment."""

import json
from urllib.parse import unquote

from sandbox.provider.resource import NAMED, AutoName, Call, ProviderError, ResourceType, document, text
from sandbox.provider.values import Props


def _parts(call: Call, separator: str) -> tuple[str, str]:
    role, found, rest = call.id.partition(separator)
    if not found or not rest:
        raise ProviderError(f"'{call.id}' is no id of this type; it has the form <role>{separator}<policy>")
    return role, rest


def _put_inline(call: Call) -> str:
    role, name = call.new["role"], call.new["name"]
    call.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=call.new["policy"])
    return f"{role}:{name}"


def _update_inline(call: Call) -> None:
    _put_inline(call)


def _read_inline(call: Call) -> Props | None:
    role, name = _parts(call, ":")
    answer = call.client("iam").get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    policy = json.dumps(answer) if isinstance(answer, dict) else unquote(str(answer))
    return {"role": role, "name": name, "policy": policy}


def _delete_inline(call: Call) -> None:
    role, name = _parts(call, ":")
    call.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


INLINE = ResourceType(
    type_name="aws:iam/rolePolicy:RolePolicy",
    inputs={**NAMED, "policy": document(required=True), "role": text(required=True, replaces=True)},
    outputs=(),
    create=_put_inline,
    read=_read_inline,
    update=_update_inline,
    delete=_delete_inline,
    identity=("role", "name"),
    autoname=AutoName(max_length=128),
    regional=False,
)


def _attach(call: Call) -> str:
    role, arn = call.new["role"], call.new["policyArn"]
    call.client("iam").attach_role_policy(RoleName=role, PolicyArn=arn)
    return f"{role}/{arn}"


def _read_attachment(call: Call) -> Props | None:
    role, arn = _parts(call, "/")
    pages = call.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
    attached = {item["PolicyArn"] for item in pages.build_full_result()["AttachedPolicies"]}
    return {"role": role, "policyArn": arn} if arn in attached else None


def _detach(call: Call) -> None:
    role, arn = _parts(call, "/")
    call.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


ATTACHMENT = ResourceType(
    type_name="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    inputs={"policyArn": text(required=True, replaces=True), "role": text(required=True, replaces=True)},
    outputs=(),
    create=_attach,
    read=_read_attachment,
    delete=_detach,
    identity=("role", "policyArn"),
    regional=False,
)

TYPES = (INLINE, ATTACHMENT)
