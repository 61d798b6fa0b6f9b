"""Lambda: list_awslambda.html of the Service Authorization Reference."""

from collections.abc import Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Rule, anything, both, each, on, passing

_PREFIX = "lambda"
_LAMBDA = "lambda.amazonaws.com"


def _function(asked: Asked) -> str:
    """By name, name:qualifier, partial ARN or ARN; a Qualifier parameter belongs to the ARN."""
    given = asked.text("FunctionName", "Resource")
    qualifier = asked.text("Qualifier")
    if given.startswith("arn:"):
        arn = given
    elif ":function:" in given:
        arn = asked.arn("lambda", f"function:{given.split(':function:', 1)[1]}")
    else:
        arn = asked.arn("lambda", f"function:{given}")
    return f"{arn}:{qualifier}" if qualifier and arn.count(":") == 6 else arn


def _unqualified(asked: Asked) -> str:
    return ":".join(_function(asked).split(":")[:7])


def _given(asked: Asked) -> Mapping[str, ContextValue]:
    keys: dict[str, ContextValue] = {}
    if principal := asked.text("Principal"):
        keys["lambda:Principal"] = principal
    if kind := asked.text("FunctionUrlAuthType", "AuthType"):
        keys["lambda:FunctionUrlAuthType"] = kind
    if layers := asked.get("Layers"):
        keys["lambda:Layer"] = list(layers)
    vpc = asked.get("VpcConfig")
    if isinstance(vpc, Mapping):
        keys |= {
            f"lambda:{name}": list(vpc[name])
            for name in ("SubnetIds", "SecurityGroupIds")
            if isinstance(vpc.get(name), list)
        }
    return keys


def _mapping(asked: Asked) -> str:
    return asked.arn("lambda", f"event-source-mapping:{asked.text('UUID') or '*'}")


def _mapped(asked: Asked) -> Mapping[str, ContextValue]:
    return {"lambda:FunctionArn": _function(asked)} if asked.text("FunctionName") else {}


def _signing(asked: Asked) -> str:
    return asked.text("CodeSigningConfigArn")


def _layer(asked: Asked) -> str:
    name, version = asked.text("LayerName"), asked.get("VersionNumber")
    arn = name if name.startswith("arn:") else asked.arn("lambda", f"layer:{name}")
    return f"{arn}:{version}" if version is not None else arn


RULES: dict[str, Rule] = {
    **each(
        _PREFIX,
        _function,
        "AddPermission GetFunction GetFunctionConfiguration GetFunctionEventInvokeConfig GetPolicy "
        "GetProvisionedConcurrencyConfig PutFunctionEventInvokeConfig PutProvisionedConcurrencyConfig RemovePermission "
        "DeleteFunctionEventInvokeConfig DeleteProvisionedConcurrencyConfig UpdateFunctionEventInvokeConfig",
        _given,
    ),
    **each(
        _PREFIX,
        _unqualified,
        "CreateAlias DeleteAlias DeleteFunction DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency GetAlias "
        "GetFunctionCodeSigningConfig GetFunctionConcurrency GetRuntimeManagementConfig ListAliases "
        "ListFunctionEventInvokeConfigs ListProvisionedConcurrencyConfigs ListTags ListVersionsByFunction "
        "PublishVersion PutFunctionCodeSigningConfig PutFunctionConcurrency PutRuntimeManagementConfig TagResource "
        "UntagResource UpdateAlias UpdateFunctionCode CreateFunctionUrlConfig DeleteFunctionUrlConfig "
        "GetFunctionUrlConfig UpdateFunctionUrlConfig GetFunctionRecursionConfig PutFunctionRecursionConfig",
        _given,
    ),
    **each(
        _PREFIX,
        anything,
        "CreateCodeSigningConfig GetAccountSettings ListCodeSigningConfigs ListEventSourceMappings ListFunctions "
        "ListLayers",
    ),
    **each(_PREFIX, _signing, "DeleteCodeSigningConfig GetCodeSigningConfig UpdateCodeSigningConfig"),
    **each(_PREFIX, _mapping, "DeleteEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping", _mapped),
    **each(_PREFIX, _layer, "DeleteLayerVersion GetLayerVersion ListLayerVersions PublishLayerVersion"),
    "CreateEventSourceMapping": on("lambda:CreateEventSourceMapping", anything, _mapped),
    "CreateFunction": both(on("lambda:CreateFunction", _unqualified, _given), passing(_LAMBDA, "Role")),
    "Invoke": on("lambda:InvokeFunction", _function),
    "InvokeAsync": on("lambda:InvokeFunction", _function),
    "InvokeWithResponseStream": on("lambda:InvokeFunction", _function),
    "UpdateFunctionConfiguration": both(
        on("lambda:UpdateFunctionConfiguration", _unqualified, _given), passing(_LAMBDA, "Role")
    ),
}
