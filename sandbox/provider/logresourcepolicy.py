"""Amazon CloudWatch Logs: the account's policies that let other services write into log groups.

The policy of one log group (`resourceArn`) is not among its properties: the local AWS would drop it.
"""

from sandbox.provider.resource import Call, ResourceType, document, text
from sandbox.provider.values import Props


def _put(call: Call) -> str:
    name = call.new["policyName"]
    call.client("logs").put_resource_policy(policyName=name, policyDocument=call.new["policyDocument"])
    return str(name)


def _read(call: Call) -> Props | None:
    pages = call.client("logs").get_paginator("describe_resource_policies").paginate()
    policies = (policy for page in pages for policy in page["resourcePolicies"])
    found = next((policy for policy in policies if policy["policyName"] == call.id), None)
    if found is None:
        return None
    return {
        "policyName": call.id,
        "policyDocument": found["policyDocument"],
        "policyScope": found.get("policyScope") or "ACCOUNT",
        "revisionId": found.get("revisionId") or "",
    }


def _update(call: Call) -> None:
    _put(call)


def _delete(call: Call) -> None:
    call.client("logs").delete_resource_policy(policyName=call.id)


RESOURCE_POLICY = ResourceType(
    type_name="aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    inputs={"policyDocument": document(required=True), "policyName": text(required=True, replaces=True)},
    outputs=("policyScope", "revisionId"),
    create=_put,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("policyName",),
    volatile=("revisionId",),
    verified=True,
)

TYPES = (RESOURCE_POLICY,)
