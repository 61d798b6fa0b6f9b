"""AWS Lambda: the statements of a function's resource policy, which say who may invoke it."""

import json
import uuid

from sandbox.provider.resource import Call, ResourceType, text
from sandbox.provider.values import Props


def _create(call: Call) -> str:
    statement = call.new.get("statementId") or f"{call.new.get('statementIdPrefix', 'pulumi-')}{uuid.uuid4().hex}"
    call.client("lambda").add_permission(
        FunctionName=call.new["function"],
        StatementId=statement,
        **call.given(
            Action="action",
            Principal="principal",
            PrincipalOrgID="principalOrgId",
            SourceAccount="sourceAccount",
            SourceArn="sourceArn",
            Qualifier="qualifier",
            EventSourceToken="eventSourceToken",
        ),
    )
    return str(statement)


def _read(call: Call) -> Props | None:
    function, statement = call.new.get("function") or call.state.get("function"), call.id
    if function is None:
        function, _, statement = call.id.partition("/")
    qualifier = {"Qualifier": call.new["qualifier"]} if call.new.get("qualifier") else {}
    policy = json.loads(call.client("lambda").get_policy(FunctionName=function, **qualifier)["Policy"])
    found = next((item for item in policy["Statement"] if item["Sid"] == statement), None)
    if found is None:
        return None
    principal, conditions = found["Principal"], found.get("Condition") or {}
    like, same = conditions.get("ArnLike") or {}, conditions.get("StringEquals") or {}
    return {
        "function": function,
        "statementId": statement,
        "action": found["Action"],
        "principal": principal if isinstance(principal, str) else next(iter(principal.values())),
        "sourceArn": like.get("AWS:SourceArn"),
        "sourceAccount": same.get("AWS:SourceAccount"),
        "principalOrgId": same.get("aws:PrincipalOrgID"),
        "eventSourceToken": same.get("lambda:EventSourceToken"),
        "qualifier": call.new.get("qualifier"),
    }


def _delete(call: Call) -> None:
    state = call.state
    qualifier = {"Qualifier": state["qualifier"]} if state.get("qualifier") else {}
    client = call.client("lambda")
    client.remove_permission(FunctionName=state["function"], StatementId=state["statementId"], **qualifier)


PERMISSION = ResourceType(
    type_name="aws:lambda/permission:Permission",
    inputs={
        **{name: text(required=True, replaces=True) for name in ("action", "function", "principal")},
        **{name: text(replaces=True) for name in ("eventSourceToken", "principalOrgId", "qualifier")},
        **{name: text(replaces=True) for name in ("sourceAccount", "sourceArn")},
        "statementId": text(replaces=True, computed=True),
        "statementIdPrefix": text(replaces=True, unreadable=True),
    },
    outputs=(),
    create=_create,
    read=_read,
    delete=_delete,
    identity=("function", "statementId"),
)

TYPES = (PERMISSION,)
