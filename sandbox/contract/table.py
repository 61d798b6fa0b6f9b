"""The table that `make contract` prints, and its verdict. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sandbox.contract.behaviour import Behaviour, Verdict

STOCK = "moto"
COLUMNS = {STOCK: "stock moto", "sandbox": "sandbox", "real": "real AWS"}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The same behaviours on several AWS; `runs` are by kind: moto, sandbox, real."""

    runs: Mapping[str, Mapping[str, Behaviour]]

    @property
    def kinds(self) -> Sequence[str]:
        """The columns, in order."""
        return [kind for kind in COLUMNS if kind in self.runs]

    @property
    def behaviours(self) -> list[Behaviour]:
        """All of them, grouped by area."""
        found = {test: behaviour for run in self.runs.values() for test, behaviour in run.items()}
        return sorted(found.values(), key=lambda behaviour: behaviour.area)

    def verdict(self, kind: str, behaviour: Behaviour) -> Verdict:
        """How `kind` keeps a behaviour."""
        there = self.runs[kind].get(behaviour.test)
        return there.verdict or Verdict.SKIPPED if there is not None else Verdict.SKIPPED

    @property
    def broken(self) -> list[str]:
        """A line for each thing that is not as the suite says; empty when the contract is kept."""
        return [
            f"{COLUMNS[kind]}: {_what(kind, behaviour)}: {behaviour.sentence} ({behaviour.test})"
            for kind in self.kinds
            for behaviour in self.behaviours
            if self.verdict(kind, behaviour) is Verdict.FAILS
        ]

    def totals(self) -> list[str]:
        """A line for each column: how many behaviours it keeps."""
        return [
            f"{COLUMNS[kind]}: {_counted(self.verdict(kind, behaviour) for behaviour in self.behaviours)}"
            for kind in self.kinds
        ]

    def rows(self) -> list[Sequence[str]]:
        """The table's rows: area, behaviour with its number of cases, and a column for each AWS."""
        rows: list[Sequence[str]] = []
        before = ""
        for behaviour in self.behaviours:
            area = behaviour.area.replace("_", " ")
            cases = f" ({behaviour.cases} cases)" if behaviour.cases > 1 else ""
            verdicts = [str(self.verdict(kind, behaviour)) for kind in self.kinds]
            rows.append(["" if area == before else area, behaviour.sentence + cases, *verdicts])
            before = area
        return rows


def _what(kind: str, behaviour: Behaviour) -> str:
    if kind == STOCK and behaviour.diverges:
        return "does as AWS, or cannot be asked, where the suite says that it differs"
    if kind == STOCK:
        return "differs, and the test is not marked `diverges`"
    return "fails"


def _counted(verdicts: Iterable[Verdict]) -> str:
    counts = Counter(verdicts)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict])
