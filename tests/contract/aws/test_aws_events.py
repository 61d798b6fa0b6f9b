"""EventBridge: putting events, which rules they reach, and how targets receive them.

Sources: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html, API_PutRule.html and
API_PutTargets.html; https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html.
"""

import json
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.bench_of_events import SOURCE, EventBench, event_bench
from tests.contract.aws.harness import ContractAws, error_of, eventually

PRINTS = "import json\ndef handle(event, context):\n    print('got', json.dumps(event))"


@pytest.fixture
def bench(aws: ContractAws) -> Iterator[EventBench]:
    """A queue and rules for it."""
    with event_bench(aws) as made:
        yield made


@pytest.mark.diverges
def test_an_event_arrives_with_its_whole_envelope(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html; moto adds ingestion-time."""
    bench.ready()
    put = bench.put({"a": [1, None]}, Resources=["r1"])
    assert put["FailedEntryCount"] == 0
    event = bench.body()
    assert event.pop("time").endswith("Z")
    assert event == {
        "version": "0",
        "id": put["Entries"][0]["EventId"],
        "detail-type": "Test",
        "source": SOURCE,
        "account": bench.aws.account,
        "region": bench.aws.region,
        "resources": ["r1"],
        "detail": {"a": [1, None]},
    }


@pytest.mark.diverges
def test_custom_sources_may_not_begin_with_aws(bench: EventBench) -> None:
    answer = bench.put(Source="aws.secretsmanager")
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.diverges
def test_a_bad_entry_fails_alone_and_is_counted(bench: EventBench) -> None:
    good = {"Source": SOURCE, "DetailType": "t", "Detail": "{}"}
    answer = bench.events.put_events(Entries=[good, {**good, "Detail": "[]"}, {**good, "Detail": "{"}])
    assert answer["FailedEntryCount"] == 2
    assert [entry.get("ErrorCode") for entry in answer["Entries"]] == [None, "MalformedDetail", "MalformedDetail"]


@pytest.mark.diverges
def test_entries_of_more_than_256_kilobytes_are_refused(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html (entry size)."""
    with pytest.raises(ClientError) as caught:
        bench.put({"text": "x" * (256 * 1024)})
    assert error_of(caught.value)[0] == "ValidationException"


@pytest.mark.diverges
@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "cron(0 10 * * * *)",
        "cron(0 25 * * ? *)",
        "cron(61 * * * ? *)",
        "cron(0 10 ? * 8 *)",
        "cron(0 10 * 13 ? *)",
        "cron(0 10 * * ?)",
    ],
)
def test_a_bad_schedule_expression_is_refused(bench: EventBench, expression: str) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html."""
    with pytest.raises(ClientError) as caught:
        bench.events.put_rule(Name="llmobs-contract-bad", ScheduleExpression=expression)
    assert error_of(caught.value) == ("ValidationException", "Parameter ScheduleExpression is not valid.")


@pytest.mark.diverges
def test_a_queue_whose_policy_does_not_let_the_rule_send_receives_nothing(bench: EventBench) -> None:
    """Source: eb-use-resource-based.html: the queue's policy must allow events.amazonaws.com, here with aws:SourceArn."""
    rule = bench.rule({"source": [SOURCE]})
    bench.target(rule)
    bench.put({"n": "not allowed"})
    bench.allow(f"{rule}-another")
    bench.put({"n": "allowed for another"})
    bench.allow(rule)
    bench.put({"n": "allowed"})
    assert bench.body()["detail"] == {"n": "allowed"}


@pytest.mark.diverges
def test_what_a_target_may_not_receive_goes_to_its_dead_letter_queue_with_the_reason(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (message attributes)."""
    dead_url, dead_arn = bench.queue()
    rule = bench.rule({"source": [SOURCE]})
    bench.target(rule, DeadLetterConfig={"Arn": dead_arn})
    bench.allow(rule, url=dead_url, arn=dead_arn)
    bench.put({"n": 7})
    message = bench.arrived(url=dead_url)
    assert json.loads(message["Body"])["detail"] == {"n": 7}
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told["RULE_ARN"] == rule
    assert told["TARGET_ARN"] == bench.arn
    assert told["ERROR_CODE"] == "NO_PERMISSIONS"


def test_a_disabled_rule_sends_nothing_until_it_is_enabled(bench: EventBench) -> None:
    rule = bench.ready()
    name = rule.rpartition("/")[2]
    bench.events.disable_rule(Name=name)
    bench.put({"n": "disabled"})
    bench.events.enable_rule(Name=name)
    bench.put({"n": "enabled"})
    assert bench.body()["detail"] == {"n": "enabled"}


@pytest.mark.diverges
def test_input_replaces_the_event(bench: EventBench) -> None:
    bench.ready(Input=json.dumps({"fixed": True}))
    bench.put()
    assert bench.body() == {"fixed": True}


@pytest.mark.diverges
def test_input_path_sends_a_part_of_the_event(bench: EventBench) -> None:
    bench.ready(InputPath="$.detail.inner")
    bench.put({"inner": {"x": 1}})
    assert bench.body() == {"x": 1}


@pytest.mark.diverges
def test_a_template_keeps_json_types_and_knows_the_rule(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html."""
    template = (
        '{"said": "<who> has <count>", "who": <who>, "count": <count>, "list": <list>, "gone": <gone>,'
        ' "rule": <aws.events.rule-arn>, "event": <aws.events.event.json>}'
    )
    paths = {"who": "$.detail.who", "count": "$.detail.count", "list": "$.detail.list", "gone": "$.detail.gone"}
    rule = bench.ready(InputTransformer={"InputPathsMap": paths, "InputTemplate": template})
    detail = {"who": "Ann", "count": 3, "list": [1, "b"]}
    bench.put(detail)
    body = bench.body()
    event = body.pop("event")
    assert event["detail"] == detail
    assert body == {"said": "Ann has 3", "who": "Ann", "count": 3, "list": [1, "b"], "gone": "", "rule": rule}


@pytest.mark.diverges
def test_only_one_kind_of_input_is_accepted(bench: EventBench) -> None:
    rule = bench.rule({"source": [SOURCE]})
    with pytest.raises(ClientError) as caught:
        bench.target(rule, Input="{}", InputPath="$.detail")
    assert error_of(caught.value)[0] == "ValidationException"


@pytest.mark.diverges
def test_a_state_machine_as_target_needs_a_role(bench: EventBench) -> None:
    rule = bench.rule({"source": [SOURCE]})
    with pytest.raises(ClientError) as caught:
        bench.target(rule, f"arn:aws:states:{bench.aws.region}:{bench.aws.account}:stateMachine:none")
    assert error_of(caught.value)[0] == "ValidationException"


@pytest.mark.diverges
@pytest.mark.executes
def test_a_function_is_invoked_only_if_its_policy_lets_the_rule(bench: EventBench) -> None:
    function = bench.aws.function(PRINTS)
    rule = bench.rule({"source": [SOURCE]})
    bench.target(rule, function)
    bench.put({"n": "refused"})
    bench.aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId="rule",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    bench.put({"n": "allowed"})
    eventually(lambda: any('"n": "allowed"' in line for line in bench.aws.log_of(function)))
    assert not any("refused" in line for line in bench.aws.log_of(function))


@pytest.mark.diverges
def test_a_topic_receives_what_its_policy_lets_the_rule_publish(bench: EventBench) -> None:
    sns = bench.aws.client("sns")
    topic = sns.create_topic(Name=f"llmobs-contract-{uuid.uuid4()}")["TopicArn"]
    bench.sqs.set_queue_attributes(
        QueueUrl=bench.url, Attributes={"Policy": _open(bench.arn, "sns", "sqs:SendMessage")}
    )
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=bench.arn, Attributes={"RawMessageDelivery": "true"})
    rule = bench.rule({"source": [SOURCE]})
    bench.target(rule, topic)
    bench.put({"n": "by default a topic lets its account only"})
    sns.set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=_open(topic, "events", "sns:Publish")
    )
    bench.put({"n": "allowed"})
    assert bench.body()["detail"] == {"n": "allowed"}
    sns.delete_topic(TopicArn=topic)


@pytest.mark.diverges
def test_a_log_group_receives_what_a_resource_policy_allows(bench: EventBench) -> None:
    logs = bench.aws.client("logs")
    group = f"/aws/events/llmobs-contract-{uuid.uuid4()}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{bench.aws.region}:{bench.aws.account}:log-group:{group}"
    rule = bench.rule({"source": [SOURCE]})
    bench.target(rule, arn)
    bench.put({"n": "refused"})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["events.amazonaws.com", "delivery.logs.amazonaws.com"]},
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": f"{arn}:*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    logs.put_resource_policy(policyName="llmobs-contract", policyDocument=policy)
    bench.put({"n": "allowed"})
    events = eventually(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert [json.loads(event["message"])["detail"]["n"] for event in events] == ["allowed"]
    logs.delete_log_group(logGroupName=group)
    logs.delete_resource_policy(policyName="llmobs-contract")


@pytest.mark.diverges
def test_an_event_goes_on_to_another_bus_as_the_targets_role_and_keeps_its_source(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html."""
    name = f"llmobs-contract-{uuid.uuid4()}"
    bus = bench.events.create_event_bus(Name=name)["EventBusArn"]
    second = bench.rule({"source": [SOURCE]}, bus=name)
    bench.target(second)
    bench.allow(second)
    role = _role(bench.aws, {"Effect": "Allow", "Action": "events:PutEvents", "Resource": bus})
    bench.target(bench.rule({"source": [SOURCE], "detail-type": ["Test"]}), bus, RoleArn=role)
    bench.put({"n": 1})
    event = bench.body()
    assert (event["source"], event["detail"]) == (SOURCE, {"n": 1})
    bench.close()
    bench.rules.clear()
    bench.queues.clear()
    bench.events.delete_event_bus(Name=name)


def test_a_rule_on_another_bus_does_not_see_the_default_one(bench: EventBench) -> None:
    name = f"llmobs-contract-{uuid.uuid4()}"
    bench.events.create_event_bus(Name=name)
    rule = bench.rule({"source": [SOURCE]}, bus=name)
    bench.target(rule)
    bench.allow(rule)
    bench.put({"n": "default"})
    bench.put({"n": "custom"}, EventBusName=name)
    assert bench.body()["detail"] == {"n": "custom"}


def _open(resource: str, service: str, action: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _role(aws: ContractAws, statement: dict[str, str]) -> str:
    iam, name = aws.client("iam"), f"llmobs-contract-{uuid.uuid4()}"
    trust = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    aws.roles.append(name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return arn
