"""AWS Lambda: aliases, names that point to a version of a function."""

from sandbox.provider.resource import Call, Kind, Property, ProviderError, ResourceType, block, text
from sandbox.provider.values import Props

_ARN_PARTS = 8


def _weights(call: Call) -> Props:
    weights = (call.new.get("routingConfig") or {}).get("additionalVersionWeights") or {}
    return {"AdditionalVersionWeights": weights}


def _create(call: Call) -> str:
    routing = {"RoutingConfig": _weights(call)} if call.new.get("routingConfig") else {}
    answer = call.client("lambda").create_alias(
        FunctionName=call.new["functionName"],
        Name=call.new["name"],
        FunctionVersion=call.new["functionVersion"],
        **call.given(Description="description"),
        **routing,
    )
    return str(answer["AliasArn"])


def _parts(call: Call) -> tuple[str, str]:
    """The function and the alias, of an ARN or of what `pulumi import` takes."""
    pieces = call.id.split(":")
    if len(pieces) == _ARN_PARTS:
        return pieces[6], pieces[7]
    function, found, alias = call.id.partition("/")
    if not found or not alias:
        raise ProviderError(f"'{call.id}' is no id of an alias; it is its ARN, or has the form <function>/<alias>")
    return function, alias


def _read(call: Call) -> Props | None:
    function, name = _parts(call)
    alias = call.client("lambda").get_alias(FunctionName=function, Name=name)
    weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights")
    given = str(call.new.get("functionName") or call.state.get("functionName") or function)
    gateway = f"arn:{call.aws.partition}:apigateway:{call.aws.region}:lambda:path/2015-03-31/functions"
    return {
        "arn": alias["AliasArn"],
        "invokeArn": f"{gateway}/{alias['AliasArn']}/invocations",
        "description": alias.get("Description"),
        # A function may be given by name or by ARN; both name the same one.
        "functionName": given if given.rsplit(":", 1)[-1] == function else function,
        "functionVersion": alias["FunctionVersion"],
        "name": alias["Name"],
        "routingConfig": {"additionalVersionWeights": weights} if weights else None,
    }


def _update(call: Call) -> None:
    function, name = _parts(call)
    call.client("lambda").update_alias(
        FunctionName=function,
        Name=name,
        FunctionVersion=call.new["functionVersion"],
        Description=call.new.get("description", ""),
        RoutingConfig=_weights(call),
    )


def _delete(call: Call) -> None:
    function, name = _parts(call)
    call.client("lambda").delete_alias(FunctionName=function, Name=name)


ALIAS = ResourceType(
    type_name="aws:lambda/alias:Alias",
    inputs={
        "description": text(),
        "functionName": text(required=True, replaces=True),
        "functionVersion": text(required=True),
        "name": text(required=True, replaces=True),
        "routingConfig": block({"additionalVersionWeights": Property(kind=Kind.NUMBERS)}),
    },
    outputs=("arn", "invokeArn"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("functionName", "name"),
    verified=True,
)

TYPES = (ALIAS,)
