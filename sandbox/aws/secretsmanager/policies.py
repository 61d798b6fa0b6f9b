"""Put, Get, Delete, List and ValidateResourcePolicy.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html and
API_ValidateResourcePolicy.html.
"""

from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.policy import check_not_public, check_syntax, is_public, syntax_problems

DEFAULT = "default"


def put_resource_policy(context: Context, request: Request) -> Result:
    """Attach the policy; refuses a malformed one, and with BlockPublicPolicy one that grants broad access."""
    _only_default(request)
    check_syntax(request["ResourcePolicy"])
    if request.get("BlockPublicPolicy"):
        check_not_public(request["ResourcePolicy"])
    with context.storage.change():
        secret = context.usable(request["SecretId"])
        context.save(replace(secret, policy=request["ResourcePolicy"], changed=context.clock()))
    return {"ARN": secret.arn, "Name": secret.name}


def get_resource_policy(context: Context, request: Request) -> Result:
    """The policy's text; no ResourcePolicy field when none is attached."""
    secret = context.find(request["SecretId"])
    if request.get("PolicyName", DEFAULT) != DEFAULT:
        raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified resource policy.")
    result: Result = {"ARN": secret.arn, "Name": secret.name}
    if secret.policy is not None:
        result["ResourcePolicy"] = secret.policy
    return result


def delete_resource_policy(context: Context, request: Request) -> Result:
    """Remove the policy; none being there is no error."""
    _only_default(request)
    with context.storage.change():
        secret = context.usable(request["SecretId"])
        context.save(replace(secret, policy=None, changed=context.clock()))
    return {"ARN": secret.arn, "Name": secret.name}


def list_resource_policies(context: Context, request: Request) -> Result:
    """The names of the policies: `default` or none."""
    secret = context.find(request["SecretId"])
    policies = [{"PolicyName": DEFAULT}] if secret.policy is not None else []
    return {"ARN": secret.arn, "Name": secret.name, "ResourcePolicies": policies}


def validate_resource_policy(context: Context, request: Request) -> Result:
    """Whether a policy is well formed and grants no broad access, with what is wrong."""
    if request.get("SecretId") is not None:
        context.usable(request["SecretId"])
    text = request["ResourcePolicy"]
    errors = [{"CheckName": "SYNTAX", "ErrorMessage": problem} for problem in syntax_problems(text)]
    if not errors and is_public(text):
        errors.append(
            {"CheckName": "PUBLIC_ACCESS", "ErrorMessage": "This resource policy allows broad access to your secret."}
        )
    return {"PolicyValidationPassed": not errors, "ValidationErrors": errors}


def _only_default(request: Request) -> None:
    if request.get("PolicyName", DEFAULT) != DEFAULT:
        raise AwsError("InvalidParameterException", f"PolicyName '{request['PolicyName']}' is not '{DEFAULT}'.")
