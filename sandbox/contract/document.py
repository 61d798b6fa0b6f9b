"""docs/CONTRACT.md: every behaviour with its source and what stock moto does. Derived, and tested for freshness."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from catalog import load
from sandbox.contract.behaviour import Behaviour, Verdict

PATH = load.ROOT / "docs" / "CONTRACT.md"
_HEAD = """# The contract of the local AWS

{total} behaviours that AWS documents, each a test under `tests/contract/aws`. The sandbox keeps all of them. Stock moto
keeps {kept}, differs in {differs}, and cannot run {cannot} because it runs no deployed code. `make contract` runs them
on both and fails when this is not so; with `AWS_CONTRACT=real` and credentials it runs them on a real account too.
Written by `make docs`.
"""


def document(behaviours: Iterable[Behaviour]) -> str:
    """The whole text. A page without a host is of docs.aws.amazon.com, in the guide of the service."""
    listed = sorted(behaviours, key=lambda behaviour: behaviour.area)
    counts = {verdict: sum(b.declared is verdict for b in listed) for verdict in Verdict}
    lines = [
        _HEAD.format(
            total=len(listed),
            kept=counts[Verdict.AS_AWS],
            differs=counts[Verdict.DIFFERS],
            cannot=counts[Verdict.CANNOT],
        )
    ]
    for area, members in groupby(listed, key=lambda behaviour: behaviour.area):
        lines += [f"\n## {heading(area)}\n\n| behaviour | stock moto | source |\n|---|---|---|\n"]
        lines += [f"| {_cell(b.sentence)} | {b.declared} | {_cell(b.source)} |\n" for b in members]
    return "".join(lines)


def write(behaviours: Iterable[Behaviour], path: Path = PATH) -> bool:
    """Writes the document; False when it was as it should be."""
    text = document(behaviours)
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True


def heading(area: str) -> str:
    """An area as a heading."""
    words = area.replace("_", " ")
    return words[:1].upper() + words[1:]


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
