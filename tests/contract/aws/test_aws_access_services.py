"""Services as callers, and the roles that are handed to services. Sources are named in the tests."""

import json
from typing import Any

import pytest

from tests.contract.aws.actors import Actor, allow, make_role, refused, trust
from tests.contract.aws.harness import PREFIX, ContractAws, token, zipped

ECHO = "def handle(event, context):\n    return 'ran'\n"
IDLE = "def handle(event, context):\n    pass\n"
DENIED = "AccessDeniedException"


def _name() -> str:
    return f"{PREFIX}-{token()}"


def _permit(aws: ContractAws, function: str, **source: str) -> None:
    aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId="rotation",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
        **source,
    )


@pytest.mark.diverges
def test_a_rotation_function_can_be_open_to_one_secret_only(aws: ContractAws) -> None:
    """Source: rotating-secrets-required-permissions-function.html (aws:SourceArn, aws:SourceAccount)."""
    own, other = aws.secret(), aws.secret()
    function = aws.function(IDLE, invocable=False)
    _permit(aws, function, SourceArn=aws.sm.describe_secret(SecretId=own)["ARN"], SourceAccount=aws.account)
    rotate = {"RotationLambdaARN": function, "RotationRules": {"AutomaticallyAfterDays": 30}}
    assert refused(aws.sm.rotate_secret, SecretId=other, **rotate)[0] == DENIED
    assert aws.sm.rotate_secret(SecretId=own, RotateImmediately=False, **rotate)["Name"] == own


@pytest.mark.diverges
def test_a_rotation_function_of_another_account_is_closed(aws: ContractAws) -> None:
    """Source: Lambda, permissions-function-services.html (aws:SourceAccount)."""
    name = aws.secret()
    closed, opened = aws.function(IDLE, invocable=False), aws.function(IDLE, invocable=False)
    _permit(aws, closed, SourceAccount="999999999999")
    _permit(aws, opened, SourceAccount=aws.account)
    rules = {"AutomaticallyAfterDays": 30}
    rotate = {"SecretId": name, "RotationRules": rules, "RotateImmediately": False}
    assert refused(aws.sm.rotate_secret, RotationLambdaARN=closed, **rotate)[0] == DENIED
    assert aws.sm.rotate_secret(RotationLambdaARN=opened, **rotate)["Name"] == name


@pytest.mark.diverges
def test_rotating_needs_leave_to_invoke_the_function(aws: ContractAws) -> None:
    """Source: API_RotateSecret.html: "You also need lambda:InvokeFunction permissions on the rotation function"."""
    name, function = aws.secret(), aws.function(IDLE)
    rotate = {
        "SecretId": name,
        "RotationLambdaARN": function,
        "RotationRules": {"AutomaticallyAfterDays": 30},
        "RotateImmediately": False,
    }
    without = aws.as_role(allow("secretsmanager:RotateSecret"))
    with_both = aws.as_role(allow("secretsmanager:RotateSecret"), allow("lambda:InvokeFunction", function))
    code, message = refused(without.client("secretsmanager").rotate_secret, **rotate)
    assert (code, "lambda:InvokeFunction" in message) == (DENIED, True)
    assert with_both.client("secretsmanager").rotate_secret(**rotate)["Name"] == name


@pytest.mark.diverges
def test_the_rotation_function_of_a_secret_can_be_demanded(aws: ContractAws) -> None:
    """Source: list_awssecretsmanager.html (RotationLambdaARN, ModifyRotationRules, resource/AllowRotationLambdaArn)."""
    name, good, bad = aws.secret(), aws.function(IDLE), aws.function(IDLE)
    role = aws.as_role(
        allow("lambda:InvokeFunction"),
        allow("secretsmanager:RotateSecret", "*", ArnEquals={"secretsmanager:RotationLambdaARN": good}),
        allow("secretsmanager:DescribeSecret", "*", ArnEquals={"secretsmanager:resource/AllowRotationLambdaArn": good}),
    )
    sm = role.client("secretsmanager")
    rules = {"RotationRules": {"AutomaticallyAfterDays": 30}, "RotateImmediately": False}
    assert refused(sm.describe_secret, SecretId=name)[0] == DENIED
    assert refused(sm.rotate_secret, SecretId=name, RotationLambdaARN=bad, **rules)[0] == DENIED
    assert sm.rotate_secret(SecretId=name, RotationLambdaARN=good, **rules)["Name"] == name
    assert sm.describe_secret(SecretId=name)["RotationLambdaARN"] == good


def _create(actor: Actor | ContractAws, name: str, role: str) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "Role": role,
        "Runtime": "python3.11",
        "Handler": "f.handle",
        "Code": {"ZipFile": zipped(IDLE)},
    }


@pytest.mark.diverges
def test_handing_a_role_to_a_service_needs_pass_role(aws: ContractAws) -> None:
    """Source: IAM, id_roles_use_passrole.html (iam:PassRole, iam:PassedToService)."""
    execution = aws.role()
    create = allow(["lambda:CreateFunction", "lambda:TagResource"])
    to = "iam:PassedToService"
    none = aws.as_role(create).client("lambda")
    wrong = aws.as_role(create, allow("iam:PassRole", execution, StringEquals={to: "ec2.amazonaws.com"}))
    right = aws.as_role(create, allow("iam:PassRole", execution, StringEquals={to: "lambda.amazonaws.com"}))
    name = _name()
    aws.functions.append(name)
    request = _create(aws, name, execution)
    code, message = refused(none.create_function, **request)
    assert (code, "iam:PassRole" in message) == (DENIED, True)
    assert refused(wrong.client("lambda").create_function, **request)[0] == DENIED
    assert right.client("lambda").create_function(**request)["FunctionName"] == name


@pytest.mark.diverges
def test_pass_role_covers_targets_schedules_and_state_machines(aws: ContractAws) -> None:
    """Source: IAM, id_roles_use_passrole.html; list_amazoneventbridge.html, list_amazoneventbridgescheduler.html."""
    role = make_role(aws, _name(), [], trusts=[trust({"Service": ["events.amazonaws.com", "scheduler.amazonaws.com"]})])
    can = aws.as_role(allow(["events:*", "scheduler:*", "states:*"]), allow("iam:PassRole", role))
    cannot = aws.as_role(allow(["events:*", "scheduler:*", "states:*"]))
    name = _name()
    arn = f"arn:aws:lambda:{aws.region}:{aws.account}:function:{PREFIX}"
    can.client("events").put_rule(Name=name, ScheduleExpression="rate(1 day)")
    targets = {"Rule": name, "Targets": [{"Id": "1", "Arn": arn, "RoleArn": role}]}
    schedule = {
        "Name": name,
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": arn, "RoleArn": role},
    }
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
    machine = {"name": name, "definition": definition, "roleArn": role}
    try:
        for service, operation, request in (
            ("events", "put_targets", targets),
            ("scheduler", "create_schedule", schedule),
            ("stepfunctions", "create_state_machine", machine),
        ):
            code, message = refused(getattr(cannot.client(service), operation), **request)
            assert (service, code, "iam:PassRole" in message) == (service, DENIED, True)
            assert getattr(can.client(service), operation)(**request)
    finally:
        aws.client("events").remove_targets(Rule=name, Ids=["1"])
        aws.client("events").delete_rule(Name=name)
        aws.client("scheduler").delete_schedule(Name=name)
        machine_arn = f"arn:aws:states:{aws.region}:{aws.account}:stateMachine:{name}"
        aws.client("stepfunctions").delete_state_machine(stateMachineArn=machine_arn)


@pytest.mark.executes
def test_a_function_is_invoked_by_those_who_may(aws: ContractAws) -> None:
    """Source: Lambda, access-control-resource-based.html: a function's policy lets in a role without policies."""
    own, other = aws.function(ECHO), aws.function(ECHO)
    by_identity, by_resource = aws.as_role(allow("lambda:InvokeFunction", own)), aws.as_role()
    aws.client("lambda").add_permission(
        FunctionName=own, StatementId="role", Action="lambda:InvokeFunction", Principal=by_resource.arn
    )
    for role in (by_identity, by_resource):
        client = role.client("lambda")
        assert json.loads(client.invoke(FunctionName=own)["Payload"].read()) == "ran"
        assert refused(client.invoke, FunctionName=other)[0] == DENIED


@pytest.mark.executes
def test_lambda_must_be_trusted_by_an_execution_role(aws: ContractAws) -> None:
    """Source: Lambda, lambda-intro-execution-role.html."""
    function = aws.function(ECHO)
    stranger = make_role(aws, _name(), [], trusts=[trust({"Service": "events.amazonaws.com"})])
    assert json.loads(aws.client("lambda").invoke(FunctionName=function)["Payload"].read()) == "ran"
    code, message = refused(aws.client("lambda").create_function, **_create(aws, _name(), stranger))
    assert code == "InvalidParameterValueException"
    assert message == "The role defined for the function cannot be assumed by Lambda."


@pytest.mark.executes
def test_a_function_can_do_only_what_its_role_may(aws: ContractAws) -> None:
    """Source: Lambda, lambda-intro-execution-role.html."""
    own, other = aws.secret(), aws.secret()
    pattern = f"arn:aws:secretsmanager:{aws.region}:{aws.account}:secret:{own}-??????"
    lambda_trust = [trust({"Service": "lambda.amazonaws.com"})]
    role = make_role(aws, _name(), [allow("secretsmanager:GetSecretValue", pattern)], trusts=lambda_trust)
    code = """
import boto3
from botocore.exceptions import ClientError
def handle(event, context):
    try:
        return boto3.client("secretsmanager").get_secret_value(SecretId=event)["SecretString"]
    except ClientError as error:
        return error.response["Error"]["Code"]
"""
    function = aws.function(code, role=role)
    invoke = aws.client("lambda").invoke
    assert json.loads(invoke(FunctionName=function, Payload=json.dumps(own))["Payload"].read()) == "first"
    assert json.loads(invoke(FunctionName=function, Payload=json.dumps(other))["Payload"].read()) == DENIED
