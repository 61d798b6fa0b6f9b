"""What `make contract` prints, and what it fails for."""

import json
import os
import subprocess
import sys

import pytest

from catalog import load
from sandbox.contract import suite
from sandbox.contract.behaviour import Verdict, read, sentence, source
from sandbox.contract.document import PATH, document
from sandbox.contract.recorder import RECORD
from sandbox.contract.table import Comparison

TESTS = '''
"""About. Source: https://docs.example/page.html."""
import pytest

differs = pytest.mark.xfail(strict=True)

def test_it_passes():
    """Source: one.html
    and two.html."""

def test_it_fails(): assert False
@differs
def test_it_differs(): assert False
@differs
def test_it_does_not_differ(): pass
@pytest.mark.skip
def test_it_is_skipped(): pass
@pytest.mark.parametrize("n", [1, 2])
def test_one_case_fails(n): assert n == 1
@pytest.fixture
def broken(): raise RuntimeError
def test_its_fixture_fails(broken): pass
@pytest.fixture
def ends_badly():
    yield
    raise RuntimeError
def test_its_end_fails(ends_badly): pass
'''


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The record of a run of tests that end in every way."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "test_aws_area.py").write_text(TESTS)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "sandbox.contract.recorder", "-c", os.devnull, str(folder)],
        env={**os.environ, RECORD: str(folder / "record"), "PYTHONPATH": str(load.ROOT)},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    return (folder / "record").read_text().splitlines()


def _verdicts(record: list[str], *, stock: bool) -> dict[str, str]:
    return {b.sentence: str(b.verdict) for b in read(record, stock=stock).values()}


def test_every_end_of_a_test_is_a_verdict_of_the_sandbox(record: list[str]) -> None:
    assert _verdicts(record, stock=False) == {
        "It passes": "as AWS",
        "It fails": "FAILS",
        "It differs": "FAILS",
        "It does not differ": "FAILS",
        "It is skipped": "not run",
        "One case fails": "FAILS",
        "Its fixture fails": "FAILS",
        "Its end fails": "FAILS",
    }


def test_stock_moto_may_differ_where_it_is_said_and_must(record: list[str]) -> None:
    verdicts = _verdicts(record, stock=True)
    assert (verdicts["It differs"], verdicts["It is skipped"]) == ("differs", "cannot run it")
    assert (verdicts["It does not differ"], verdicts["It fails"]) == ("FAILS", "FAILS")


def test_cases_of_a_behaviour_count_as_one(record: list[str]) -> None:
    found = {b.sentence: b for b in read(record).values()}
    assert (found["One case fails"].cases, found["It passes"].cases) == (2, 1)
    assert found["It passes"].area == "area"


def test_a_source_is_that_of_the_test_or_of_its_file(record: list[str]) -> None:
    found = {b.sentence: b.source for b in read(record).values()}
    assert found["It passes"] == "one.html and two.html"
    assert found["It fails"] == "https://docs.example/page.html"
    assert source("no such thing", "nor here") == ""


def test_a_name_is_read_as_a_sentence() -> None:
    assert sentence("tests/x/test_y.py::test_a_key_is_used") == "A key is used"


def _run(outcomes: dict[str, str]) -> list[str]:
    base = {"area": "keys", "about": "", "said": "", "diverges": True, "executes": False}
    return [json.dumps({**base, "test": f"t.py::test_{name}", "outcome": end}) for name, end in outcomes.items()]


def test_the_table_has_a_column_for_each_aws_and_totals() -> None:
    comparison = Comparison(
        runs={
            "moto": read(_run({"one": "xfailed", "two": "passed"}), stock=True),
            "sandbox": read(_run({"one": "passed", "two": "passed"})),
        }
    )
    assert comparison.rows() == [["keys", "One", "differs", "as AWS"], ["", "Two", "as AWS", "as AWS"]]
    assert comparison.totals() == ["stock moto: 1 as AWS, 1 differs", "sandbox: 2 as AWS"]
    assert comparison.broken == []


def test_what_is_not_as_the_suite_says_is_named() -> None:
    comparison = Comparison(
        runs={
            "moto": read(_run({"one": "xpassed", "two": "xfailed"}), stock=True),
            "sandbox": read(_run({"one": "passed", "two": "failed"})),
        }
    )
    assert comparison.broken == [
        "stock moto: does as AWS, or cannot be asked, where the suite says that it differs: One (t.py::test_one)",
        "sandbox: fails: Two (t.py::test_two)",
    ]


def test_the_list_in_the_docs_is_that_of_the_tests() -> None:
    collected = suite.collect()
    assert len(collected) >= 60
    assert [behaviour.test for behaviour in collected.values() if not behaviour.source] == []
    assert PATH.read_text(encoding="utf-8") == document(collected.values()), "run `make docs`"


def test_the_docs_count_what_stock_moto_does() -> None:
    text = document(read(_run({"one": "passed"})).values())
    assert "| One | differs |" in text
    assert "keeps 0, differs in 1, and cannot run 0" in text
    assert Verdict.AS_AWS not in text.split("|---|---|---|")[1]
