"""EventBridge: which targets receive an event, by whose permission, and what becomes of what they refuse.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import allow, make_role, trust
from tests.contract.aws.bench_of_events import SOURCE, EventBench, event_bench
from tests.contract.aws.harness import ContractAws, error_of, eventually

PRINTS = "import json\ndef handle(event, context):\n    print('got', json.dumps(event))"


@pytest.fixture
def bench(aws: ContractAws) -> Iterator[EventBench]:
    """A queue and rules for it."""
    with event_bench(aws) as made:
        yield made


@pytest.mark.diverges
def test_a_queue_whose_policy_does_not_let_the_rule_send_receives_nothing(bench: EventBench) -> None:
    """Source: eb-use-resource-based.html: the policy must allow events.amazonaws.com, here with aws:SourceArn."""
    rule = bench.rule({"source": [SOURCE]})
    dead_letters = bench.closed_target(rule)
    bench.put_in_vain(dead_letters, {"n": "not allowed"})
    bench.allow(f"{rule}-another")
    bench.put_in_vain(dead_letters, {"n": "allowed for another"})
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
    bench.put_in_vain(bench.closed_target(rule, function), {"n": "refused"})
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
    bench.put_in_vain(bench.closed_target(rule, topic), {"n": "by default a topic lets its account only"})
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
    bench.put_in_vain(bench.closed_target(rule, arn), {"n": "refused"})
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

    def forwarder(resource: str) -> str:
        trusts = (trust({"Service": "events.amazonaws.com"}),)
        return make_role(
            bench.aws, f"{name}-{len(bench.aws.roles)}", [allow("events:PutEvents", resource)], trusts=trusts
        )

    first = bench.rule({"source": [SOURCE], "detail-type": ["Test"]})
    bench.target(first, bus, RoleArn=forwarder(f"{bus}x"))
    bench.put({"n": 0})
    bench.target(first, bus, RoleArn=forwarder(bus))
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


@pytest.mark.diverges
def test_a_rule_sees_writing_calls_in_the_trail_and_reading_ones_only_if_its_state_says_so(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html."""
    with _logging_trail(bench.aws):
        names = ["CreateSecret", "DescribeSecret"]
        pattern = {"source": ["aws.secretsmanager"], "detail": {"eventName": names}}
        writes = bench.ready(pattern)
        url, arn = bench.queue()
        everything = bench.rule(pattern, State="ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
        bench.target(everything, arn)
        bench.allow(everything, url=url, arn=arn)
        secret = bench.aws.secret()
        bench.aws.sm.describe_secret(SecretId=secret)
        seen = sorted(json.loads(bench.arrived(url=url)["Body"])["detail"]["eventName"] for _ in names)
        assert seen == names
        event = bench.body()
        assert (event["detail-type"], event["detail"]["eventName"]) == ("AWS API Call via CloudTrail", "CreateSecret")
        assert "first" not in json.dumps(event)
        bench.events.disable_rule(Name=writes.rpartition("/")[2])
        left = bench.sqs.receive_message(QueueUrl=bench.url).get("Messages", [])
        assert left == []


@pytest.mark.diverges
@pytest.mark.executes
def test_the_record_of_an_asynchronous_invocation_arrives_as_an_event(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html."""
    aws, name = bench.aws, f"llmobs-contract-{uuid.uuid4()}"
    bus = bench.events.create_event_bus(Name=name)["EventBusArn"]
    rule = bench.rule({"source": ["lambda"]}, bus=name)
    bench.target(rule)
    bench.allow(rule)
    policy = [allow("events:PutEvents", bus), allow("logs:*")]
    role = make_role(aws, name, policy, trusts=(trust({"Service": "lambda.amazonaws.com"}),))
    function = aws.function("def handle(event, context): return {'done': event['n']}", role=role)
    client = aws.client("lambda")
    client.put_function_event_invoke_config(
        FunctionName=function, DestinationConfig={"OnSuccess": {"Destination": bus}, "OnFailure": {}}
    )
    client.invoke(FunctionName=function, InvocationType="Event", Payload='{"n": 3}')
    event = bench.body()
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["detail"]["requestPayload"] == {"n": 3}
    assert event["detail"]["responsePayload"] == {"done": 3}
    bench.close()
    bench.rules.clear()
    bench.queues.clear()
    bench.events.delete_event_bus(Name=name)


@contextmanager
def _logging_trail(aws: ContractAws) -> Iterator[None]:
    s3, trails, name = aws.client("s3"), aws.client("cloudtrail"), f"llmobs-contract-{uuid.uuid4()}"
    s3.create_bucket(Bucket=name)
    statements = [
        {"Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{name}"},
        {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/AWSLogs/{aws.account}/*"},
    ]
    principal = {"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}}
    policy = {"Version": "2012-10-17", "Statement": [{**principal, **statement} for statement in statements]}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
    trails.create_trail(Name=name, S3BucketName=name)
    try:
        trails.start_logging(Name=name)
        yield
    finally:
        trails.delete_trail(Name=name)
        for item in s3.list_objects_v2(Bucket=name).get("Contents", []):
            s3.delete_object(Bucket=name, Key=item["Key"])
        s3.delete_bucket(Bucket=name)


def _open(resource: str, service: str, action: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
