"""One behaviour that AWS documents: the sentence of its test, its source, and how an AWS kept it. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

_SOURCE = re.compile(r"\bSources?(?: of all)?:\s*(.+)", re.DOTALL)


class Verdict(StrEnum):
    """How an AWS keeps a behaviour, worst last."""

    SKIPPED = "not run"
    CANNOT = "cannot run it"
    AS_AWS = "as AWS"
    DIFFERS = "differs"
    FAILS = "FAILS"
    """The test failed where it must not, or did not where it must."""


_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """What a test says of AWS. `verdict` is None when it was only collected; `cases` counts the test's parameters."""

    test: str
    area: str
    sentence: str
    source: str
    diverges: bool
    executes: bool
    cases: int
    verdict: Verdict | None = None

    @property
    def declared(self) -> Verdict:
        """How stock moto keeps it, by the test's markers; `make contract` fails when that is not so."""
        if self.executes:
            return Verdict.CANNOT
        return Verdict.DIFFERS if self.diverges else Verdict.AS_AWS


def read(lines: Iterable[str], *, stock: bool = False) -> dict[str, Behaviour]:
    """The behaviours of a record by test, in order; `stock` says that the run was against stock moto."""
    found: dict[str, Behaviour] = {}
    for line in lines:
        entry = json.loads(line)
        verdict = _verdict(entry, stock=stock)
        before = found.get(entry["test"])
        if before is not None and before.verdict is not None and verdict is not None:
            verdict = max(before.verdict, verdict, key=_RANK.__getitem__)
        found[entry["test"]] = Behaviour(
            test=entry["test"],
            area=entry["area"],
            sentence=sentence(entry["test"]),
            source=source(entry["said"], entry["about"]),
            diverges=entry["diverges"],
            executes=entry["executes"],
            cases=1 if before is None else before.cases + 1,
            verdict=verdict,
        )
    return found


def sentence(test: str) -> str:
    """A test's name as it is read."""
    words = test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    return words[:1].upper() + words[1:]


def source(said: str, about: str) -> str:
    """The source that a test's docstring names, else that of its file; on one line."""
    for text in (said, about):
        if (named := _SOURCE.search(text)) is not None:
            return " ".join(named[1].split()).rstrip(".")
    return ""


def _verdict(entry: Mapping[str, object], *, stock: bool) -> Verdict | None:
    match entry["outcome"]:
        case None:
            return None
        case "passed":
            return Verdict.AS_AWS
        case "xfailed" if stock:
            return Verdict.DIFFERS
        case "skipped":
            return Verdict.CANNOT if stock else Verdict.SKIPPED
        case _:
            return Verdict.FAILS
