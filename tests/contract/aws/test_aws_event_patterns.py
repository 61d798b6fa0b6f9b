"""Event patterns of EventBridge, as TestEventPattern and PutRule judge them.

Source of all: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
"""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws, error_of

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "17793124-05d4-b198-2fde-7ededc63b103",
    "detail-type": "Order Placed",
    "source": "shop.orders",
    "account": "111122223333",
    "time": "2026-01-02T03:04:05Z",
    "region": "us-east-1",
    "resources": ["arn:aws:ec2:us-east-1:111122223333:instance/i-1", "arn:aws:ec2:us-east-1:111122223333:instance/i-2"],
    "detail": {
        "state": "running",
        "empty": "",
        "nothing": None,
        "count": 5,
        "price": 12.5,
        "paid": True,
        "address": "10.0.0.17",
        "path": "/usr/lib/x.so",
        "labels": ["red", "green"],
        "none": [],
        "items": [{"name": "a", "size": 1}, {"name": "b", "size": 2}],
        "nested": {"deep": {"leaf": "x"}},
    },
}


@pytest.mark.diverges
@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["shop.orders"]}, True),
        ({"source": ["shop"]}, False),
        ({"source": ["a", "shop.orders"], "detail": {"state": ["running"]}}, True),
        ({"source": ["shop.orders"], "detail": {"state": ["stopped"]}}, False),
        ({"detail": {"nested": {"deep": {"leaf": ["x"]}}}}, True),
        ({"detail": {"empty": [""], "nothing": [None]}}, True),
        ({"detail": {"empty": [None]}}, False),
        ({"detail": {"paid": [True]}}, True),
        ({"detail": {"paid": ["true"]}}, False),
        ({"detail": {"count": [5]}}, True),
        ({"detail": {"count": ["5"]}}, False),
        ({"detail": {"state": [{"prefix": "run"}]}}, True),
        ({"detail": {"state": [{"prefix": {"equals-ignore-case": "RUN"}}]}}, True),
        ({"detail": {"path": [{"suffix": ".so"}]}}, True),
        ({"detail": {"path": [{"suffix": {"equals-ignore-case": ".SO"}}]}}, True),
        ({"detail": {"state": [{"equals-ignore-case": "RUNNING"}]}}, True),
        ({"detail": {"state": [{"anything-but": "running"}]}}, False),
        ({"detail": {"state": [{"anything-but": ["stopped", "gone"]}]}}, True),
        ({"detail": {"count": [{"anything-but": [4, 5]}]}}, False),
        ({"detail": {"absent": [{"anything-but": "x"}]}}, False),
        ({"detail": {"state": [{"anything-but": {"prefix": "run"}}]}}, False),
        ({"detail": {"state": [{"anything-but": {"suffix": "ed"}}]}}, True),
        ({"detail": {"state": [{"anything-but": {"equals-ignore-case": ["RUNNING"]}}]}}, False),
        ({"detail": {"path": [{"anything-but": {"wildcard": "*/lib/*"}}]}}, False),
        ({"detail": {"price": [{"numeric": [">", 10, "<=", 12.5]}]}}, True),
        ({"detail": {"count": [{"numeric": ["=", 5]}]}}, True),
        ({"detail": {"count": [{"numeric": ["<", 5]}]}}, False),
        ({"detail": {"state": [{"numeric": [">", 0]}]}}, False),
        ({"detail": {"address": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"address": [{"cidr": "10.0.1.0/24"}]}}, False),
        ({"detail": {"state": [{"exists": True}]}}, True),
        ({"detail": {"absent": [{"exists": False}]}}, True),
        ({"detail": {"state": [{"exists": False}]}}, False),
        ({"detail": {"no": {"such": {"parent": [{"exists": False}]}}}}, True),
        ({"detail": {"nested": [{"exists": True}]}}, False),
        ({"detail": {"path": [{"wildcard": "/usr/*/x.*"}]}}, True),
        ({"detail": {"path": [{"wildcard": "/usr/*/y.*"}]}}, False),
        ({"detail": {"labels": ["green"]}}, True),
        ({"detail": {"labels": ["blue"]}}, False),
        ({"resources": [{"suffix": "/i-2"}]}, True),
        ({"detail": {"items": {"name": ["b"], "size": [2]}}}, True),
        ({"detail": {"items": {"name": ["a"], "size": [2]}}}, False),
        ({"detail": {"$or": [{"state": ["stopped"]}, {"count": [{"numeric": [">", 4]}]}]}}, True),
        ({"detail": {"$or": [{"state": ["stopped"]}, {"count": [4]}], "paid": [True]}}, False),
    ],
)
def test_a_pattern_matches_as_documented(aws: ContractAws, pattern: dict[str, Any], expected: bool) -> None:
    answer = aws.client("events").test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(EVENT))
    assert answer["Result"] is expected


@pytest.mark.diverges
@pytest.mark.parametrize(
    "pattern",
    [
        {"detail": {"state": [{"like": "run"}]}},
        {"detail": {"state": [{"prefix": ["run"]}]}},
        {"detail": {"state": [{"prefix": "a", "suffix": "b"}]}},
        {"detail": {}},
        {"detail": {"count": [{"numeric": [">", "five"]}]}},
        {"detail": {"count": [{"numeric": ["!=", 5]}]}},
        {"detail": {"count": [{"numeric": ["<", 5, ">", 1]}]}},
        {"detail": {"address": [{"cidr": "10.0.0.0/64"}]}},
        {"detail": {"state": [{"exists": "yes"}]}},
        {"detail": {"path": [{"wildcard": "a**b"}]}},
        {"detail": {"path": [{"wildcard": "a\\b"}]}},
        {"detail": {"state": [{"anything-but": ["a", 1]}]}},
        {"detail": {"state": [{"anything-but": []}]}},
        {"detail": {"$or": [{"state": ["a"]}]}},
    ],
)
def test_a_malformed_pattern_is_refused_when_the_rule_is_put(aws: ContractAws, pattern: dict[str, Any]) -> None:
    """Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html (errors)."""
    with pytest.raises(ClientError) as caught:
        aws.client("events").put_rule(Name="llmobs-contract-malformed", EventPattern=json.dumps(pattern))
    assert error_of(caught.value)[0] == "InvalidEventPatternException"


@pytest.mark.parametrize(
    "text",
    [
        '{"source": "shop"}',
        '{"source": ["shop"',
        '{"source": []}',
        pytest.param("[]", marks=pytest.mark.diverges),
    ],
)
def test_a_pattern_that_is_no_object_of_arrays_is_refused(aws: ContractAws, text: str) -> None:
    with pytest.raises(ClientError) as caught:
        aws.client("events").put_rule(Name="llmobs-contract-malformed", EventPattern=text)
    assert error_of(caught.value)[0] == "InvalidEventPatternException"
