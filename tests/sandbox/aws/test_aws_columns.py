"""Space-delimited filter patterns, with the examples of AWS's own page among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.aws.monitoring.columns import columns
from sandbox.aws.monitoring.pattern import compiled, field
from sandbox.aws.monitoring.pattern_error import PatternError

LINE = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
ALL = "[ip, user, username, timestamp, request, status_code, bytes]"


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        (ALL, True),
        ("[ip, user, username, timestamp, request =*.html*, status_code = 4*, bytes]", True),
        ("[ip, user, username, timestamp, request, status_code = 4*, bytes > 2000]", False),
        ("[..., request =*.html*, status_code = 4*, bytes > 1000]", True),
        ("[ip = 127.*, ...]", True),
        ("[ip, ..., bytes < 1000]", False),
        ("[ip, user]", False),
        ("[ip, user, username, timestamp, request, status_code, bytes, more]", False),
        ("[..., status_code = 404 || status_code = 410, bytes]", True),
        ("[..., status_code = 4* && status_code != 404, bytes]", False),
        ("[..., status_code = %4[0-9]{2}%, bytes]", True),
        ('[..., request = "GET /index.html HTTP/1.0", status_code, bytes]', True),
        ("[ip, user, username, timestamp, request, status_code != 404, bytes]", False),
    ],
)
def test_fields_match_by_place_and_condition(pattern: str, matches: bool) -> None:
    assert compiled(pattern)(LINE) is matches


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("[ip, user", "must end with one"),
        ("[..., a, ...]", "only once"),
        ("[ip = ]", "cannot read"),
        ("[ip > x]", "'x' is no number"),
        ("[ip, =1]", "is no field"),
        ("[ip = 1 && user = 2]", "in the place of ip"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(PatternError, match=said.replace("[", r"\[")):
        columns(pattern)


def test_a_field_is_found_by_the_name_of_its_column() -> None:
    assert field(LINE, "$bytes", ALL) == "1534"
    assert field(LINE, "$request", "[ip, ..., request, status_code, bytes]") == "GET /index.html HTTP/1.0"
    assert field(LINE, "$gone", ALL) is None


words = st.text(alphabet="abc019.-", min_size=1, max_size=6)


@given(st.lists(words, min_size=1, max_size=6), st.data())
def test_a_messages_own_words_match_it_with_any_part_left_out(fields: list[str], data: st.DataObject) -> None:
    """The words themselves as conditions; an ellipsis in place of any run of them."""
    parts = [f'f{index} = "{word}"' for index, word in enumerate(fields)]
    first = data.draw(st.integers(0, len(parts)))
    last = data.draw(st.integers(first, len(parts)))
    message = " ".join(fields)
    assert columns(f"[{', '.join(parts)}]").matches(message)
    assert columns(f"[{', '.join([*parts[:first], '...', *parts[last:]])}]").matches(message)
    assert not columns(f"[{', '.join([*parts, 'more'])}]").matches(message)
