"""The proof on an exported stack, and ACCESS.md, which comes from the proof on the declared documents."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from catalog import load
from catalog.load import CatalogError
from policies.access import export, matrix, proof, sentence, stack
from policies.access.proof import Report
from policies.access.sentence import Group
from policies.intent import Intent

PROVED, NOT_PROVED, WRONG_INPUT = 0, 1, 2


def main(arguments: list[str]) -> int:
    """0 if the stack's documents and the catalogue agree, 1 if they do not or cannot be decided, 2 without a stack."""
    parser = argparse.ArgumentParser(
        prog="python -m policies.access", description="Proves who may do what with which secret of an exported stack."
    )
    parser.add_argument("export", nargs="?", type=Path, metavar="EXPORT", help="what `pulumi stack export` wrote")
    parser.add_argument("--env", choices=matrix.ENVIRONMENTS, help="the environment that the stack is")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.add_argument("--document", action="store_true", help=f"write {matrix.PATH.name}; reads no stack")
    given = parser.parse_args(arguments)
    if given.document:
        (load.ROOT / matrix.PATH).write_text(matrix.of_repository(), encoding="utf-8")
        sys.stdout.write(f"{matrix.PATH}\n")
        return PROVED
    if given.export is None or given.env is None:
        parser.error("give a file of `pulumi stack export` and --env, or --document")
    try:
        intent = Intent(catalog=load.catalog(), environment=load.environment(given.env))
        report = proof.of(stack.documents(export.read(given.export), intent), intent)
    except (CatalogError, export.ExportError) as exc:
        sys.stderr.write(f"error: {exc}\n")
        return WRONG_INPUT
    sys.stdout.write(_as_json(report) if given.json else _as_text(report, given.env))
    return PROVED if report.proved else NOT_PROVED


def _as_text(report: Report, name: str) -> str:
    lines = [_paragraph(group) for group in sentence.groups(report.disagreements)]
    lines += [f"MISSING   no role {role} in the stack\n" for role in report.missing]
    counts = ", ".join(f"{count} {verdict.value}" for verdict, count in sorted(report.answered.items(), key=str))
    verdict = "proved" if report.proved else f"NOT proved, {len(report.disagreements)} answers disagree"
    return "\n".join([*lines, f"{name}: {report.asked} questions ({counts}): {verdict}"]) + "\n"


def _paragraph(group: Group) -> str:
    return f"{group.first.kind.name:<9} {group.seen}\n          required: {group.required}\n"


def _as_json(report: Report) -> str:
    found = [
        {
            "kind": one.kind.name.lower(),
            "principal": one.party.name,
            "action": one.action,
            "secret": one.secret.name,
            "arn": one.target.arn,
            "requests": [
                {
                    "principal": decision.request.principal.arn,
                    "action": decision.request.action,
                    "resource": decision.request.resource,
                    "context": {key: list(values) for key, values in decision.request.given.items()},
                    "outcome": decision.outcome.value,
                    "because": decision.reason,
                }
                for decision in one.answer.decisions
            ],
            "unread": list(one.answer.unread),
            "assumptions": list(one.answer.assumptions),
        }
        for one in report.disagreements
    ]
    answered = {verdict.value: count for verdict, count in report.answered.items()}
    whole = {
        "proved": report.proved,
        "questions": report.asked,
        "answers": answered,
        "missing": list(report.missing),
        "disagreements": found,
    }
    return json.dumps(whole, indent=2) + "\n"
