"""The real engine runs a small program against a local AWS, by the sandbox's language host and provider."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.provider.small_stack import Stack, make

pytestmark = pytest.mark.e2e

MARKER = "planted-marker-9d2"
PROGRAM = f"""
import pulumi
import pulumi_aws as aws

key = aws.kms.Key("key", deletion_window_in_days=7, enable_key_rotation=True, tags={{"Owner": "platform"}})
aws.kms.Alias("alias", name="alias/tiny", target_key_id=key.key_id)
secret = aws.secretsmanager.Secret("secret", name="tiny/secret", kms_key_id=key.arn, recovery_window_in_days=0)
version = aws.secretsmanager.SecretVersion(
    "version",
    secret_id=secret.id,
    secret_string_wo='{{"note": "{MARKER}"}}',
    secret_string_wo_version=1,
    version_stages=["AWSCURRENT", "LLMOBS_BOOTSTRAP"],
)
pulumi.export("arn", secret.arn)
pulumi.export("account", aws.get_caller_identity().account_id)
"""
AUDIT = """
import json
import pulumi_aws as aws

bucket = aws.s3.Bucket("records", object_lock_enabled=True, force_destroy=True)
lock = aws.s3.BucketObjectLockConfiguration(
    "lock", bucket=bucket.id, rule={"default_retention": {"mode": "GOVERNANCE", "days": 30}}
)
aws.s3.BucketVersioning("versions", bucket=bucket.id, versioning_configuration={"status": "Enabled"})
aws.s3.BucketPublicAccessBlock("closed", bucket=bucket.id, block_public_acls=True, block_public_policy=True)
aws.s3.BucketLifecycleConfiguration(
    "age", bucket=bucket.id, rules=[{"id": "old", "status": "Enabled", "filter": {}, "expiration": {"days": 365}}]
)
topic, queue = aws.sns.Topic("pager"), aws.sqs.Queue("inbox")
trail = aws.cloudtrail.Trail(
    "trail",
    s3_bucket_name=bucket.id,
    advanced_event_selectors=[{"field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]}],
)
group = aws.cloudwatch.LogGroup("log")
aws.cloudwatch.LogMetricFilter(
    "denied", log_group_name=group.name, pattern="", metric_transformation={"name": "D", "namespace": "N", "value": "1"}
)
aws.cloudwatch.MetricAlarm(
    "alarm",
    comparison_operator="GreaterThanThreshold",
    evaluation_periods=1,
    metric_name="D",
    namespace="N",
    period=60,
    statistic="Sum",
    threshold=0.5,
    alarm_actions=[topic.arn],
)
rule = aws.cloudwatch.EventRule("rule", event_pattern=json.dumps({"source": ["aws.secretsmanager"]}))
aws.cloudwatch.EventTarget("target", rule=rule.name, arn=queue.arn, retry_policy={"maximum_retry_attempts": 2})
role = aws.iam.Role("role", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
states = json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})
machine = aws.sfn.StateMachine("machine", definition=states, role_arn=role.arn)
aws.scheduler.Schedule(
    "nightly",
    schedule_expression="rate(1 day)",
    flexible_time_window={"mode": "OFF"},
    target={"arn": machine.arn, "role_arn": role.arn},
)
aws.athena.Workgroup("readers", configuration={"result_configuration": {"output_location": "s3://results/"}})
database = aws.glue.CatalogDatabase("catalog")
aws.glue.CatalogTable(
    "events",
    database_name=database.name,
    partition_keys=[{"name": "day", "type": "date"}],
    storage_descriptor={"columns": [{"name": "eventname", "type": "string"}], "ser_de_info": {"name": "json"}},
)
"""
RULES = """
def tagged(args, report):
    if args.resource_type == "aws:kms/key:Key" and "Owner" not in (args.props.get("tags") or {}):
        report("every key needs an owner")
"""
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

# A module of the pack's own folder: it is found only when that folder is the working directory.
from pack_rules import tagged

PolicyPack(
    name="tiny",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[ResourceValidationPolicy(name="owned", description="Keys have an owner.", validate=tagged)],
)
"""


@pytest.fixture
def stack(tmp_path: Path, local_aws: str, capsys: pytest.CaptureFixture[str]) -> Stack:
    with capsys.disabled():
        made = make(tmp_path, local_aws, account="123456789012", key="local", secret="local")
    made.write(PROGRAM)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "PulumiPolicy.yaml").write_text("runtime: python\nversion: 0.1.0\n")
    (tmp_path / "pack" / "__main__.py").write_text(PACK)
    (tmp_path / "pack" / "pack_rules.py").write_text(RULES)
    return made


def test_a_stack_goes_up_stays_the_same_keeps_no_value_and_goes_down(stack: Stack, aws: Callable[[str], Any]) -> None:
    first = stack.succeed("up", "--yes", "--policy-pack", str(stack.folder / "pack"))
    assert "+ 5 created" in first
    assert "warning" not in first.lower()

    second = stack.succeed("up", "--yes", "--skip-preview")
    assert "5 unchanged" in second

    exported = stack.succeed("stack", "export")
    assert MARKER not in exported
    assert MARKER not in first + second
    # Shown on demand, the engine has it among the inputs, as with the real provider, and nowhere else.
    resources = json.loads(stack.succeed("stack", "export", "--show-secrets"))["deployment"]["resources"]
    assert not [item["urn"] for item in resources if MARKER in json.dumps(item.get("outputs", {}))]

    stack.succeed("refresh", "--yes", "--skip-preview")
    assert "5 unchanged" in stack.succeed("preview")
    shown = stack.succeed("stack", "export", "--show-secrets")
    assert MARKER not in shown

    outputs = json.loads(stack.succeed("stack", "output", "--json"))
    assert outputs["account"] == "123456789012"
    value = aws("secretsmanager").get_secret_value(SecretId=outputs["arn"])
    assert MARKER in value["SecretString"]

    assert "5 deleted" in stack.succeed("destroy", "--yes", "--skip-preview")
    assert not [item for item in aws("secretsmanager").list_secrets()["SecretList"] if item["Name"] == "tiny/secret"]


def test_a_stack_that_audits_goes_up_stays_the_same_and_goes_down(stack: Stack) -> None:
    stack.write(AUDIT)
    assert "+ 20 created" in stack.succeed("up", "--yes", "--skip-preview")
    stack.succeed("refresh", "--yes", "--skip-preview")
    assert "20 unchanged" in stack.succeed("preview", "--diff")
    assert "20 deleted" in stack.succeed("destroy", "--yes", "--skip-preview")


def test_a_mandatory_violation_blocks_and_fails(stack: Stack, aws: Callable[[str], Any]) -> None:
    program = stack.program / "__main__.py"
    program.write_text(PROGRAM.replace('tags={"Owner": "platform"}', 'tags={"Owners": "platform"}'))
    before = len(aws("kms").list_keys()["Keys"])
    result = stack.pulumi("up", "--yes", "--policy-pack", str(stack.folder / "pack"))
    assert result.returncode != 0
    assert "every key needs an owner" in result.stdout
    assert len(aws("kms").list_keys()["Keys"]) == before


def test_an_error_in_the_program_is_shown_once_with_its_line(stack: Stack) -> None:
    (stack.program / "__main__.py").write_text("raise ValueError('out of cheese')\n")
    result = stack.pulumi("preview")
    assert result.returncode != 0
    assert result.stdout.count("ValueError: out of cheese") == 1
    assert "exit code" not in result.stdout


def test_an_unknown_property_and_a_wrong_account_are_shown_as_they_are(stack: Stack) -> None:
    (stack.program / "__main__.py").write_text(
        "import pulumi\n"
        "class Odd(pulumi.CustomResource):\n"
        "    def __init__(self):\n"
        "        super().__init__('aws:kms/key:Key', 'odd', {'colour': 'red'})\n"
        "Odd()\n"
    )
    result = stack.pulumi("preview")
    assert "no property 'colour' of aws:kms/key:Key" in " ".join(result.stdout.split())
    (stack.program / "Pulumi.dev.yaml").write_text(
        "config:\n  aws:region: us-east-1\n  aws:allowedAccountIds: ['222233334444']\n"
    )
    result = stack.pulumi("preview")
    assert "AWS account ID not allowed: 123456789012" in " ".join(result.stdout.split())
    assert "Traceback" not in result.stdout
