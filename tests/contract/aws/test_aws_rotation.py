"""Rotation as the service does it.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html and
userguide/rotate-secrets_lambda.html.
"""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of, eventually, token, zipped

_COMMON = """
import boto3

def handle(event, context):
    print("step", event["Step"], event["ClientRequestToken"])
    step, secret, token = event["Step"], event["SecretId"], event["ClientRequestToken"]
    sm = boto3.client("secretsmanager")
    if step == "createSecret":
        sm.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString="rotated", VersionStages=["AWSPENDING"])
    {extra}
    if step == "finishSecret":
        stages = sm.describe_secret(SecretId=secret)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if "AWSCURRENT" in labels)
        sm.update_secret_version_stage(
            SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current)
        {finish}
"""
_CLEAR = 'sm.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=token)'
LEAVES_PENDING = _COMMON.format(extra="", finish="pass")
CLEARS_PENDING = _COMMON.format(extra="", finish=_CLEAR)
FAILS_AT_SET = _COMMON.format(extra='if step == "setSecret": raise RuntimeError("no such server")', finish="pass")
TIMES_OUT = _COMMON.format(extra='if step == "testSecret":\n        import time; time.sleep(60)', finish="pass")
RULES = {"AutomaticallyAfterDays": 30}


def _rotated(aws: ContractAws, secret: str) -> Any:
    return aws.sm.describe_secret(SecretId=secret).get("LastRotatedDate")


@pytest.mark.executes
@pytest.mark.parametrize("code", [CLEARS_PENDING, LEAVES_PENDING], ids=["clears", "leaves"])
def test_a_rotation_runs_four_steps_in_the_background_and_leaves_no_pending_label(aws: ContractAws, code: str) -> None:
    """The service cleans up AWSPENDING itself when the function leaves it on the new current version."""
    secret, function = aws.secret(), aws.function(code)
    version = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)["VersionId"]
    assert aws.holder(secret, "AWSPENDING") == version
    eventually(lambda: _rotated(aws, secret))
    assert aws.sm.get_secret_value(SecretId=secret)["VersionId"] == version
    assert {labels for stages in aws.stages(secret).values() for labels in stages} == {"AWSCURRENT", "AWSPREVIOUS"}
    steps = [line.split()[1:3] for line in aws.log_of(function) if line.startswith("step ")]
    names = ("createSecret", "setSecret", "testSecret", "finishSecret")
    assert steps == [[name, version] for name in names]


@pytest.mark.executes
def test_a_failing_step_stops_the_rotation_keeps_pending_and_is_tried_again_with_the_same_token(
    aws: ContractAws,
) -> None:
    """Source: "If any rotation step fails, Secrets Manager retries the entire rotation process multiple times"."""
    secret, function = aws.secret(), aws.function(FAILS_AT_SET)
    version = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)["VersionId"]
    eventually(lambda: sum("step setSecret" in line for line in aws.log_of(function)) >= 2, seconds=60)
    lines = [line.split()[1:3] for line in aws.log_of(function) if line.startswith("step ")]
    assert lines[:4] == [["createSecret", version], ["setSecret", version]] * 2
    assert aws.holder(secret, "AWSPENDING") == version
    assert aws.sm.get_secret_value(SecretId=secret)["SecretString"] == "first"
    assert _rotated(aws, secret) is None


@pytest.mark.executes
def test_a_step_that_times_out_fails_the_rotation(aws: ContractAws) -> None:
    """Source: userguide/troubleshoot_rotation.html."""
    secret, function = aws.secret(), aws.function(TIMES_OUT, Timeout=2)
    aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    eventually(lambda: any("Task timed out after 2.00 seconds" in line for line in aws.log_of(function)), seconds=60)
    assert aws.sm.get_secret_value(SecretId=secret)["SecretString"] == "first"


@pytest.mark.executes
def test_a_second_rotation_is_refused_while_the_first_is_pending_and_accepted_when_the_label_is_gone(
    aws: ContractAws,
) -> None:
    """Source: API_RotateSecret.html: "assumes that a previous rotation request is still in progress"."""
    secret, function = aws.secret(), aws.function(FAILS_AT_SET)
    version = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)["VersionId"]
    with pytest.raises(ClientError) as caught:
        aws.sm.rotate_secret(SecretId=secret)
    assert error_of(caught.value) == (
        "InvalidRequestException",
        "A previous rotation isn't complete. That rotation will be reattempted.",
    )
    aws.sm.cancel_rotate_secret(SecretId=secret)
    aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", RemoveFromVersionId=version)
    aws.sm.rotate_secret(SecretId=secret)


@pytest.mark.diverges
def test_rotation_is_refused_while_pending_is_on_another_version_than_current(aws: ContractAws) -> None:
    """Source: API_RotateSecret.html; stock moto allows it and strips the label."""
    secret, function = aws.secret(), aws.function(CLEARS_PENDING)
    pending = aws.sm.put_secret_value(SecretId=secret, SecretString="x", VersionStages=["AWSPENDING"])["VersionId"]
    with pytest.raises(ClientError) as caught:
        aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    assert error_of(caught.value)[0] == "InvalidRequestException"
    assert aws.holder(secret, "AWSPENDING") == pending


@pytest.mark.diverges
def test_rotation_is_accepted_while_pending_is_on_the_current_version(aws: ContractAws) -> None:
    """Source: API_RotateSecret.html: AWSPENDING "might be attached to the same version as the AWSCURRENT version"."""
    secret, function = aws.secret(), aws.function(CLEARS_PENDING)
    current = aws.holder(secret, "AWSCURRENT")
    aws.sm.update_secret_version_stage(SecretId=secret, VersionStage="AWSPENDING", MoveToVersionId=current)
    assert aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)["VersionId"]


@pytest.mark.executes
def test_rotate_immediately_false_only_tests_and_removes_the_test_version(aws: ContractAws) -> None:
    """Source: API_RotateSecret.html: "creates an AWSPENDING version of the secret and then removes it"."""
    secret, function = aws.secret(), aws.function(CLEARS_PENDING)
    aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES, RotateImmediately=False)
    eventually(lambda: any("step testSecret" in line for line in aws.log_of(function)))
    eventually(lambda: aws.holder(secret, "AWSPENDING") is None)
    assert not any("step createSecret" in line for line in aws.log_of(function))
    assert list(aws.stages(secret).values()) == [{"AWSCURRENT"}]


@pytest.mark.diverges
def test_a_function_that_secrets_manager_may_not_invoke_is_refused(aws: ContractAws) -> None:
    """Source: userguide/troubleshoot_rotation.html."""
    secret, function = aws.secret(), aws.function(CLEARS_PENDING, invocable=False)
    with pytest.raises(ClientError) as caught:
        aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)
    code, message = error_of(caught.value)
    assert code == "AccessDeniedException"
    assert message.startswith("Secrets Manager cannot invoke the specified Lambda function.")
    assert "RotationEnabled" not in aws.sm.describe_secret(SecretId=secret)


@pytest.mark.executes
def test_cancelling_stops_the_retries_and_keeps_the_label(aws: ContractAws) -> None:
    """Source: API_CancelRotateSecret.html."""
    secret, function = aws.secret(), aws.function(FAILS_AT_SET)
    version = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)["VersionId"]
    eventually(lambda: any("step setSecret" in line for line in aws.log_of(function)))
    aws.sm.cancel_rotate_secret(SecretId=secret)
    runs = len(aws.log_of(function))
    time.sleep(2)
    assert len(aws.log_of(function)) <= runs + 8  # a step that was already running may still be logged
    described = aws.sm.describe_secret(SecretId=secret)
    assert described["RotationEnabled"] is False
    assert "NextRotationDate" not in described
    assert aws.holder(secret, "AWSPENDING") == version


@pytest.mark.diverges
@pytest.mark.parametrize(
    "rules",
    [
        {"AutomaticallyAfterDays": 10, "ScheduleExpression": "rate(10 days)"},
        {"ScheduleExpression": "rate(2 hours)"},
        {"ScheduleExpression": "rate(fortnight)"},
        {"ScheduleExpression": "cron(30 10 * * ? *)"},
        {"ScheduleExpression": "cron(0 22 * * ? *)", "Duration": "4h"},
        {"ScheduleExpression": "rate(4 hours)", "Duration": "5h"},
        {"Duration": "4h"},
    ],
)
def test_a_schedule_that_aws_does_not_know_is_refused(aws: ContractAws, rules: dict[str, Any]) -> None:
    """Source: API_RotationRulesType.html and userguide/rotate-secrets_schedule.html."""
    secret, function = aws.secret(), aws.function(CLEARS_PENDING)
    with pytest.raises(ClientError) as caught:
        aws.sm.rotate_secret(
            SecretId=secret, RotationLambdaARN=function, RotationRules=rules, ClientRequestToken=token()
        )
    assert error_of(caught.value)[0] in {"InvalidParameterException", "ValidationException"}


@pytest.mark.executes
def test_a_schedule_is_shown_as_it_was_given_with_the_next_date(aws: ContractAws) -> None:
    """Source: API_DescribeSecret.html, RotationRules and NextRotationDate; stock moto drops the expression."""
    secret, function = aws.secret(), aws.function(CLEARS_PENDING)
    rules = {"ScheduleExpression": "cron(0 3 1 * ? *)", "Duration": "2h"}
    aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=rules)
    described = eventually(lambda: (d := aws.sm.describe_secret(SecretId=secret)).get("LastRotatedDate") and d)
    assert described["RotationRules"] == rules
    assert (described["NextRotationDate"].day, described["NextRotationDate"].hour) == (1, 5)


@pytest.mark.executes
def test_rotating_again_with_a_token_that_succeeded_starts_nothing(aws: ContractAws) -> None:
    """Source: API_RotateSecret.html, ClientRequestToken (that it is a no-op then: unverified)."""
    secret, function, used = aws.secret(), aws.function(CLEARS_PENDING), token()
    arguments = {"SecretId": secret, "RotationLambdaARN": function, "RotationRules": RULES, "ClientRequestToken": used}
    aws.sm.rotate_secret(**arguments)
    eventually(lambda: _rotated(aws, secret))
    lines = len(aws.log_of(function))
    assert aws.sm.rotate_secret(**arguments)["VersionId"] == used
    time.sleep(0.5)
    assert len(aws.log_of(function)) == lines


@pytest.mark.executes
@pytest.mark.diverges
def test_the_refusal_of_a_second_rotation_has_the_unfinished_one_tried_again(aws: ContractAws) -> None:
    """ "A previous rotation isn't complete. That rotation will be reattempted." (RotateSecret's error)."""
    secret, function = aws.secret(), aws.function(FAILS_AT_SET)
    version = aws.sm.rotate_secret(SecretId=secret, RotationLambdaARN=function, RotationRules=RULES)["VersionId"]
    name = function.rsplit(":", 1)[-1]
    eventually(lambda: sum(line.startswith("START ") for line in aws.log_of(function)) >= 6)  # it has given up by then
    aws.client("lambda").update_function_code(FunctionName=name, ZipFile=zipped(CLEARS_PENDING))
    with pytest.raises(ClientError) as caught:
        aws.sm.rotate_secret(SecretId=secret)
    assert error_of(caught.value)[0] == "InvalidRequestException"
    eventually(lambda: aws.holder(secret, "AWSCURRENT") == version)
