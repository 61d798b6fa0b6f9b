"""EventBridge: putting events, which rules are taken, and the form in which targets receive events.

Sources: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html, API_PutRule.html and
API_PutTargets.html; https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html.
"""

import json
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.bench_of_events import SOURCE, EventBench, event_bench
from tests.contract.aws.harness import ContractAws, error_of


@pytest.fixture
def bench(aws: ContractAws) -> Iterator[EventBench]:
    """A queue and rules for it."""
    with event_bench(aws) as made:
        yield made


@pytest.mark.diverges
def test_an_event_arrives_with_its_whole_envelope(bench: EventBench) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html; moto adds to it."""
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
