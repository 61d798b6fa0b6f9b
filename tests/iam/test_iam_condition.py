"""Condition operators, missing keys, set operators and variables, each as AWS's page has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.iam.asking import SESSION, USER, applies

LIKE = "arn:aws:someservice:*:111122223333:finance/*"
TRICK = "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"

HOLDS: list[tuple[str, Any, Any]] = [
    ("StringEquals", "ab", "ab"),
    ("StringEquals", ["ab", "cd"], "cd"),
    ("StringNotEquals", ["ab", "cd"], "ef"),
    ("StringEqualsIgnoreCase", "AB", "ab"),
    ("StringNotEqualsIgnoreCase", "AB", "abc"),
    ("StringLike", "a*c?", "abbcd"),
    ("StringLike", LIKE, TRICK),
    ("StringNotLike", "a*", "ba"),
    ("NumericEquals", "10", "10.0"),
    ("NumericNotEquals", 10, "9"),
    ("NumericLessThan", "10", "9.5"),
    ("NumericLessThanEquals", "10", "10"),
    ("NumericGreaterThan", "10", "11"),
    ("NumericGreaterThanEquals", "10", "10"),
    ("DateEquals", "2020-01-01T00:00:00Z", "1577836800"),
    ("DateNotEquals", "2020-01-01", "2020-01-02T00:00:00Z"),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "2020-06-01T00:00:00+02:00"),
    ("DateGreaterThanEquals", "2020", "2020-01-01T00:00:00Z"),
    ("DateLessThan", "2020-02", "2020-01-31T23:59:59Z"),
    ("DateLessThanEquals", "1577836800", "2020-01-01"),
    ("Bool", "true", "true"),
    ("Bool", False, "false"),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA=="),
    ("IpAddress", "203.0.113.0/24", "203.0.113.7"),
    ("IpAddress", ["203.0.113.0/24", "2001:DB8:1234:5678::/64"], "2001:db8:1234:5678::1"),
    ("IpAddress", "203.0.113.7", "203.0.113.7"),
    ("NotIpAddress", "203.0.113.0/24", "203.0.114.7"),
    ("ArnLike", LIKE, "arn:aws:someservice:us-east-2:111122223333:finance/a:b"),
    ("ArnEquals", "arn:aws:sns:*:123456789012:TOPIC?ID", "arn:aws:sns:eu-west-1:123456789012:TOPIC-ID"),
    ("ArnNotLike", LIKE, TRICK),
    ("ArnNotEquals", "arn:aws:sns:*:123456789012:a", "arn:aws:sns:x:123456789012:A"),
]
FAILS: list[tuple[str, Any, Any]] = [
    ("StringEquals", "ab", "AB"),
    ("StringEquals", "a*", "ab"),
    ("StringNotEquals", ["ab", "cd"], "cd"),
    ("StringLike", "a", "ab"),
    ("StringLike", "A*", "ab"),
    ("NumericEquals", "10", "ten"),
    ("NumericLessThan", "10", "10"),
    ("DateGreaterThan", "2020-01-01T00:00:01Z", "2019-12-31T23:59:59Z"),
    ("Bool", "true", "yes"),
    ("BinaryEquals", "QmluYXJ5", "qmluYXJ5"),
    ("IpAddress", "203.0.113.0/24", "2001:db8::1"),
    ("IpAddress", "203.0.113.7", "203.0.113.8"),
    ("NotIpAddress", "203.0.113.0/24", "203.0.113.7"),
    ("ArnLike", LIKE, TRICK),
    ("ArnLike", "arn:aws:sns:*", "arn:aws:sns:eu-west-1:123456789012:a"),
]


@pytest.mark.parametrize(("operator", "wanted", "given"), HOLDS)
def test_an_operator_holds(operator: str, wanted: Any, given: Any) -> None:
    assert applies({operator: {"t:key": wanted}}, {"t:key": given})


@pytest.mark.parametrize(("operator", "wanted", "given"), FAILS)
def test_an_operator_fails(operator: str, wanted: Any, given: Any) -> None:
    assert not applies({operator: {"t:key": wanted}}, {"t:key": given})


@pytest.mark.parametrize(("operator", "wanted", "given"), HOLDS)
def test_a_missing_key_fails_a_test_and_passes_a_negated_one_or_one_with_if_exists(
    operator: str, wanted: Any, given: Any
) -> None:
    """IAM: reference_policies_elements_condition_operators.html, "Important" and "...IfExists"."""
    assert applies({operator: {"t:key": wanted}}, {}) is ("Not" in operator)
    assert applies({f"{operator}IfExists": {"t:key": wanted}}, {})
    assert applies({f"{operator}IfExists": {"t:key": wanted}}, {"t:key": given})


def test_null_looks_at_whether_the_key_is_there() -> None:
    """IAM: reference_policies_elements_condition_operators.html#Conditions_Null"""
    assert applies({"Null": {"aws:TokenIssueTime": "true"}}, {})
    assert not applies({"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"})
    assert applies({"Null": {"aws:TokenIssueTime": False}}, {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"})
    assert not applies({"Null": {"aws:TokenIssueTime": "false"}}, {})


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["environment"], True),
        (["cost-center"], True),
        (["environment", "cost-center"], True),
        (["environment", "dept"], False),
        ([], False),
    ],
)
def test_for_all_values_with_a_null_check(given: list[str], expected: bool) -> None:
    """The table of IAM: reference_policies_condition-single-vs-multi-valued-context-keys.html"""
    condition = {
        "ForAllValues:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]},
        "Null": {"aws:TagKeys": "false"},
    }
    assert applies(condition, {"aws:TagKeys": given}) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [(["environment"], True), (["environment", "dept"], True), (["dept"], False), ([], False)],
)
def test_for_any_value(given: list[str], expected: bool) -> None:
    """The table of IAM: reference_policies_condition-single-vs-multi-valued-context-keys.html"""
    condition = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["environment", "cost-center"]}}
    assert applies(condition, {"aws:TagKeys": given}) is expected


def test_for_all_values_alone_holds_when_the_key_is_missing_or_empty() -> None:
    """IAM: reference_policies_condition-single-vs-multi-valued-context-keys.html: "It also returns true if there are
    no context keys in the request"."""
    absent: list[dict[str, list[str]]] = [{}, {"aws:TagKeys": []}, {"aws:TagKeys": [""]}]
    for given in absent:
        assert applies({"ForAllValues:StringEquals": {"aws:TagKeys": "a"}}, given)
        assert not applies({"ForAnyValue:StringEquals": {"aws:TagKeys": "a"}}, given)
    assert not applies({"ForAnyValue:StringNotEquals": {"aws:TagKeys": "a"}}, {})
    assert applies({"ForAnyValue:StringEqualsIfExists": {"aws:TagKeys": "a"}}, {})


def test_keys_and_operators_are_and_values_are_or_and_names_of_keys_have_no_case() -> None:
    """IAM: reference_policies_condition-logic-multiple-context-keys-or-values.html"""
    condition = {"StringEquals": {"AWS:PrincipalTag/department": ["finance", "hr"], "t:x": "1"}, "Bool": {"t:y": True}}
    given = {"aws:principaltag/Department": "hr", "t:x": "1", "t:y": "true"}
    assert applies(condition, given)
    for changed in ({"t:x": "2"}, {"t:y": "false"}, {"aws:PrincipalTag/department": "it"}):
        assert not applies(condition, {key.lower(): value for key, value in given.items()} | changed_keys(changed))


def changed_keys(changed: dict[str, str]) -> dict[str, str]:
    return {key.lower(): value for key, value in changed.items()}


def test_variables_stand_for_what_the_context_says() -> None:
    """IAM: reference_policies_variables.html"""
    team = {"StringEquals": {"t:key": "${aws:PrincipalTag/team}"}}
    assert applies(team, {"t:key": "red", "aws:PrincipalTag/team": "red"})
    assert not applies(team, {"t:key": "red", "aws:PrincipalTag/team": "blue"})
    assert applies({"StringLike": {"t:key": "home/${aws:username}/*"}}, {"t:key": "home/exampleuser/x"}, who=USER)
    assert applies({"StringEquals": {"t:key": "${aws:username, 'nobody'}"}}, {"t:key": "nobody"}, who=SESSION)


def test_a_variable_without_a_value_equals_nothing() -> None:
    """IAM: reference_policies_variables.html, "Policy variables with no value"."""
    for key in ("red", "${aws:PrincipalTag/team}", ""):
        assert not applies({"StringEquals": {"t:key": "${aws:PrincipalTag/team}"}}, {"t:key": key})
        assert applies({"StringNotEquals": {"t:key": "${aws:PrincipalTag/team}"}}, {"t:key": key})


def test_a_variable_in_an_old_policy_or_a_numeric_test_is_plain_text() -> None:
    """IAM: reference_policies_elements_version.html"""
    old = {"StringEquals": {"t:key": "${aws:username}"}}
    assert applies(old, {"t:key": "${aws:username}"}, version="2008-10-17")
    assert not applies(old, {"t:key": "exampleuser"}, version="2008-10-17")


def test_escapes_stand_for_the_character() -> None:
    """IAM: reference_policies_variables.html, "Special characters"."""
    assert applies({"StringLike": {"t:key": "a${*}b${?}c${$}*"}}, {"t:key": "a*b?c$d"})
    assert not applies({"StringLike": {"t:key": "a${*}b"}}, {"t:key": "axb"})


def test_a_wildcard_in_the_value_of_a_variable_is_a_character() -> None:
    assert not applies(
        {"StringLike": {"t:key": "${aws:PrincipalTag/team}"}}, {"t:key": "x", "aws:PrincipalTag/team": "*"}
    )


def test_if_exists_lets_what_has_no_such_key_pass() -> None:
    """IAM: reference_policies_elements_condition_operators.html#Conditions_IfExists, the RunInstances example."""
    condition = {"StringLikeIfExists": {"ec2:InstanceType": ["t1.*", "t2.*", "m3.*"]}}
    assert applies(condition, {"ec2:InstanceType": "t2.micro"})
    assert not applies(condition, {"ec2:InstanceType": "p4d.24xlarge"})
    assert applies(condition, {})
