"""What the packs ask and answer: `python -m policies.report [--format markdown|json|sarif] [--state STATE.json]`.

Rules with their clauses and the checks of other tools that they stand for, each clause as covered, partly covered or
not decidable at a preview, and the exemptions in force. With a state, as `pulumi stack export` writes it, also what the
packs find in it; then the exit code is 1 if a finding blocks.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from catalog.load import CatalogError
from policies import coverage, pack
from policies.access import export
from policies.baseline import rules as baseline
from policies.coverage import Answer, ClausesError
from policies.exemptions import ExemptionError
from policies.pack import Pack, Verdict
from policies.rule import Rule, Severity
from policies.tiers import rules as tiers

_NAMES_OF_PACKS = {tiers.NAME: tiers.RULES, baseline.NAME: baseline.RULES}
# SARIF knows three levels. Source: docs.oasis-open.org/sarif/sarif/v2.1.0, section 3.27.10
_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


@dataclass(frozen=True, kw_only=True)
class Report:
    """The packs, the clauses, and what was found in a state: None if none was given."""

    packs: Sequence[Pack]
    answers: Sequence[Answer]
    today: date
    verdicts: Sequence[Verdict] | None = None

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules of all packs."""
        return [rule for each in self.packs for rule in each.rules]


def report(today: date, state: Path | None = None) -> Report:
    """The report of the repository's packs.

    Raises:
        CatalogError, ExemptionError, ClausesError, ExportError: a file of the repository or the state is wrong.
    """
    packs = [pack.of_repository(name, rules, today) for name, rules in _NAMES_OF_PACKS.items()]
    answers = coverage.answers([rule for each in packs for rule in each.rules], coverage.load())
    verdicts = None
    if state is not None:
        stack = export.read(state)
        verdicts = [
            verdict
            for each in packs
            for found in (*map(each.judge_resource, stack.resources), each.judge_stack(stack))
            for verdict in found
        ]
    return Report(packs=packs, answers=answers, today=today, verdicts=verdicts)


def markdown(given: Report) -> str:
    """The report for a person."""
    return "\n".join(_lines(given)) + "\n"


def _lines(given: Report) -> Iterator[str]:
    yield "# Rules of the policy packs"
    for each in given.packs:
        yield from ("", f"## Pack {each.name}: {len(each.rules)} rules", "")
        yield from _table("rule", "severity", "asks", "stands for")
        for rule in each.rules:
            yield _row(f"`{rule.id}`", rule.severity, rule.title, ", ".join(rule.parity) or "–")
    yield from ("", f"## Clauses: {len(given.answers)}", "")
    yield from _table("clause", "asks", "status", "rules", "what no rule sees")
    for answer in given.answers:
        asks, status, rest = answer.clause.asks, answer.clause.status, answer.clause.rest
        said = "not decidable at preview" if status is coverage.Status.RUNTIME else status
        yield _row(f"{answer.standard} {answer.name}", asks, said, str(len(answer.rules)), rest or "–")
    yield from ("", "## Exemptions in force", "")
    in_force = _in_force(given)
    if in_force:
        yield from _table("rule", "resource", "owner", "reason", "expires")
    for exemption in in_force:
        yield _row(*exemption.values())
    if not in_force:
        yield "None."
    if given.verdicts is not None:
        yield from ("", f"## Findings: {len(given.verdicts)}", "")
        yield from _table("rule", "resource", "property", "seen", "required", "blocks")
        for one in given.verdicts:
            found, blocks = one.finding, "yes" if one.blocks else "no"
            yield _row(f"`{one.rule.id}`", found.urn, found.property, found.seen, found.required, blocks)


def as_json(given: Report) -> str:
    """The report for a program."""
    shown = {
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "severity": rule.severity,
                "clauses": {str(standard): list(names) for standard, names in rule.clauses.items()},
                "parity": list(rule.parity),
            }
            for rule in given.rules
        ],
        "clauses": [
            {
                "standard": answer.standard,
                "clause": answer.name,
                "status": answer.clause.status,
                "rules": list(answer.rules),
                "rest": answer.clause.rest,
            }
            for answer in given.answers
        ],
        "exemptions": _in_force(given),
        "findings": None if given.verdicts is None else [_finding(verdict) for verdict in given.verdicts],
    }
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def sarif(given: Report) -> str:
    """The rules, and what was found in the state, as SARIF 2.1.0. A finding is about a resource, so it has no line."""
    driver = {
        "name": "llm-observatory-secrets",
        "rules": [
            {
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "help": {"text": rule.remediation},
                "defaultConfiguration": {"level": _LEVELS[rule.severity]},
                "properties": {
                    "tags": [f"{standard} {name}" for standard, names in rule.clauses.items() for name in names]
                },
            }
            for rule in given.rules
        ],
    }
    results = [
        {
            "ruleId": verdict.rule.id,
            "level": _LEVELS[verdict.rule.severity] if verdict.blocks else "note",
            "message": {"text": f"{verdict.finding.property}: {verdict.finding.seen}; {verdict.finding.required}"},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": "__main__.py"}},
                    "logicalLocations": [{"fullyQualifiedName": verdict.finding.urn, "kind": "resource"}],
                }
            ],
        }
        for verdict in given.verdicts or ()
    ]
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _in_force(given: Report) -> Sequence[Mapping[str, str]]:
    exemptions = given.packs[0].exemptions  # one file for all packs
    return [
        {
            "rule": each.rule,
            "urn": each.urn,
            "owner": each.owner,
            "reason": each.reason,
            "expires": each.expires.isoformat(),
        }
        for each in exemptions
        if each.fault(given.today) is None
    ]


def _finding(verdict: Verdict) -> Mapping[str, object]:
    found = verdict.finding
    return {
        "rule": verdict.rule.id,
        "urn": found.urn,
        "property": found.property,
        "seen": found.seen,
        "required": found.required,
        "undecided": found.undecided,
        "blocks": verdict.blocks,
    }


def _table(*heads: str) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*("---" for _ in heads))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


_FORMATS: Mapping[str, Callable[[Report], str]] = {"markdown": markdown, "json": as_json, "sarif": sarif}


def main(arguments: Sequence[str]) -> int:
    """Print the report."""
    parser = argparse.ArgumentParser(prog="python -m policies.report", description=__doc__.partition("\n")[0])
    parser.add_argument("--format", choices=sorted(_FORMATS), default="markdown")
    parser.add_argument("--state", type=Path, help="what `pulumi stack export --file STATE.json` wrote")
    given = parser.parse_args(arguments)
    try:
        made = report(datetime.now(UTC).date(), given.state)
    except (CatalogError, ExemptionError, ClausesError, export.ExportError) as exc:
        sys.stderr.write(f"{exc}\n")
        return 2
    sys.stdout.write(_FORMATS[given.format](made))
    return 1 if any(verdict.blocks for verdict in made.verdicts or ()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
