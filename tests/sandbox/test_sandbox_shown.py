"""What the commands show, without a sandbox: steps of the clock, names, and text as it is."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
import typer

from sandbox import up
from sandbox.commands import clock as clock_command
from sandbox.commands import naming
from sandbox.steps import TALK
from secretsctl.talk import say, show_table


@pytest.mark.parametrize(
    ("step", "seconds"),
    [("+90d", 7776000), ("12h", 43200), ("+30m", 1800), ("+2w", 1209600), ("+1d12h", 129600), ("+45s", 45)],
)
def test_a_step_is_a_number_and_a_unit(step: str, seconds: int) -> None:
    assert clock_command.parsed(step) == seconds


@pytest.mark.parametrize("step", ["", "-1d", "+0d", "90", "+1y", "+1d-2h", "d", "+1.5d"])
def test_what_is_no_step_forward_is_refused(step: str) -> None:
    with pytest.raises(up.UpError, match="is no step forward"):
        clock_command.parsed(step)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "real time"), (0.2, "real time"), (90 * 86400 + 61, "+90d1m1s"), (3600, "+1h")]
)
def test_the_offset_is_said_in_words(seconds: float, said: str) -> None:
    assert clock_command.offset(seconds) == said


class Pretended:
    """A local AWS whose advance ran what is given."""

    def __init__(self, *outcomes: str) -> None:
        self.asked: list[Mapping[str, Any] | None] = []
        self._ran = [
            {"at": "2026-02-22T10:00:00Z", "kind": "rotation", "name": f"secret-{number}", "outcome": outcome}
            for number, outcome in enumerate(outcomes)
        ]

    def ask(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout: float = 600.0
    ) -> dict[str, Any]:
        assert path == "clock"
        self.asked.append(body)
        answer: dict[str, Any] = {"now": "2026-02-22T10:00:00Z", "offset_seconds": 86400.0}
        return answer | ({"ran": self._ran} if method == "POST" else {"next": []})


def _advanced(monkeypatch: pytest.MonkeyPatch, cloud: Pretended, *, as_json: bool = False) -> None:
    monkeypatch.setattr(clock_command, "running", lambda _env: cloud)
    clock_command.clock(step="+1d", as_json=as_json)


def test_an_advance_lists_what_ran_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Pretended("succeeded", "started")
    _advanced(monkeypatch, cloud)
    shown = capsys.readouterr()
    assert cloud.asked == [{"advance_seconds": 86400}]
    assert [line.split()[1:] for line in shown.out.splitlines()[1:]] == [
        ["rotation", "secret-0", "succeeded"],
        ["rotation", "secret-1", "started"],
    ]
    assert "2 came due, 0 failed; it is 2026-02-22T10:00:00Z" in shown.err


def test_what_failed_on_the_way_is_the_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        _advanced(monkeypatch, Pretended("succeeded", "failed: Unhandled"), as_json=True)
    assert ended.value.exit_code == 1
    assert json.loads(capsys.readouterr().out)["ran"][1]["outcome"] == "failed: Unhandled"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:secretsmanager:us-east-1:222233334444:secret:a/b-AbCdEf", "a/b-AbCdEf"),
        ("arn:aws:lambda:us-east-1:222233334444:function:rotate", "rotate"),
        ("arn:aws:kms:us-east-1:222233334444:key/1", "key/1"),
        ("arn:aws:s3:::bucket/object", "bucket/object"),
        ("a/b", "a/b"),
    ],
)
def test_a_resource_is_called_by_its_name(arn: str, said: str) -> None:
    assert naming.resource(arn) == said


def test_a_resource_that_is_named_twice_is_said_once() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:222233334444:secret:a/b-AbCdEf"
    assert naming.resources(["a/b", arn, "c"]) == "a/b-AbCdEf, c"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        ("arn:aws:iam::222233334444:user/sandbox", "user/sandbox"),
        ("arn:aws:sts::222233334444:assumed-role/rotate/rotate", "rotate"),
        ("arn:aws:sts::222233334444:assumed-role/operator/jane", "operator/jane"),
        ("secretsmanager.amazonaws.com", "secretsmanager.amazonaws.com"),
    ],
)
def test_a_principal_is_called_by_its_name(arn: str, said: str) -> None:
    assert naming.principal(arn) == said


def test_an_arn_is_shown_as_it_is_and_markup_too(capsys: pytest.CaptureFixture[str]) -> None:
    arn, marked = "arn:aws:secretsmanager:us-east-1:222233334444:secret:a", "[red]x[/aws/lambda/y]"
    show_table(["one", "two"], [[arn, marked]])
    say(arn)
    TALK.print(arn)
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1].split() == [arn, marked]
    assert shown.err.splitlines() == [arn, arn]
