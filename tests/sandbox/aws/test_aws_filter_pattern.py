"""Filter patterns: what matches, what does not, and what is no pattern."""

import pytest

from sandbox.aws.monitoring.pattern import compiled, field
from sandbox.aws.monitoring.pattern_error import PatternError


@pytest.mark.parametrize(
    ("pattern", "message", "matches"),
    [
        ("", "anything", True),
        ("ERROR", "an ERROR here", True),
        ("ERROR", "an error here", False),
        ("ERROR code", "ERROR with code", True),
        ("ERROR code", "ERROR", False),
        ("ERROR -timeout", "ERROR timeout", False),
        ("?ERROR ?WARN", "a WARN", True),
        ("?ERROR ?WARN", "an INFO", False),
        ('"two words"', "has two words", True),
        ('"two words"', "two other words", False),
        ("%ab+c%", "xabbbc", True),
        ('{ $.a = "x" }', '{"a": "x"}', True),
        ('{ $.a = "x" }', "not json", False),
        ('{ $.a = "x*" }', '{"a": "xyz"}', True),
        ('{ $.a = "x?" }', '{"a": "xy"}', False),
        ("{ $.a = 5 }", '{"a": 5}', True),
        ("{ $.a = 5 }", '{"a": "5"}', False),
        ("{ $.a != 5 }", '{"a": 6}', True),
        ("{ $.a != 5 }", "{}", False),
        ("{ $.a >= 2 }", '{"a": 2}', True),
        ("{ $.a < 2 }", '{"a": 2}', False),
        ("{ $.a IS NULL }", '{"a": null}', True),
        ("{ $.a IS TRUE }", '{"a": true}', True),
        ("{ $.a IS FALSE }", '{"a": true}', False),
        ("{ $.a EXISTS }", '{"a": 0}', True),
        ("{ $.a NOT EXISTS }", '{"a": 0}', False),
        ("{ $.a.b[0].c = 1 }", '{"a": {"b": [{"c": 1}]}}', True),
        ("{ $.x[*].y = 1 }", '{"x": [{"y": 2}, {"y": 1}]}', True),
        ("{ $.x = %^a.c$% }", '{"x": "abc"}', True),
        ("{ $.a = 1 || $.b = 1 && $.c = 1 }", '{"a": 1}', True),
        ("{ ($.a = 1 || $.b = 1) && $.c = 1 }", '{"a": 1}', False),
        ("{ !($.a = 1) }", '{"a": 2}', True),
        ("{ $.eventSource = kms.amazonaws.com }", '{"eventSource": "kms.amazonaws.com"}', True),
    ],
)
def test_a_message_matches_as_documented(pattern: str, message: str, matches: bool) -> None:
    assert compiled(pattern)(message) is matches


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("{ $.a = }", "ends too early"),
        ("{ a = 1 }", "'a' is no field"),
        ("{ $.a = 1", "must end with one"),
        ("{ ($.a = 1 }", "a parenthesis is not closed"),
        ("{ $.a > x }", "'x' is none"),
        ("{ $.a IS MAYBE }", "not 'MAYBE'"),
        ("{ $.a = 1 $.b = 2 }", "did not expect"),
        ('"open', "a quotation mark is not closed"),
    ],
)
def test_what_is_no_pattern_says_where(pattern: str, said: str) -> None:
    with pytest.raises(PatternError, match=said):
        compiled(pattern)


def test_a_field_is_read_by_its_selector() -> None:
    assert field('{"a": {"b": [1, 2]}}', "$.a.b[1]") == 2
    assert field("{}", "$.a") is None
