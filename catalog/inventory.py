"""Renders INVENTORY.md: every secret, as an auditor reads it. Pure."""

from __future__ import annotations

from catalog import derive
from catalog.model import Catalog


def markdown(catalog: Catalog) -> str:
    """The inventory as Markdown, grouped by tier. Derived: `make docs` writes it and a test compares."""
    names = sum(len(secret.names) for secret in catalog.secrets)
    lines = [
        "# Secrets inventory",
        "",
        "Made from catalog/secrets.yaml by `make docs`; do not edit.",
        "",
        f"{len(catalog.secrets)} secrets hold {names} names; {len(catalog.derived)} more are derived at read time.",
    ]
    for tier in catalog.tiers:
        lines += [
            "",
            f"## Tier {tier.number}: {tier.title}",
            "",
            f"Rotated every {tier.max_rotation_days} days at most. If compromised: {tier.impact.lower()}.",
            "",
            "| secret | names | kind | every | overlap | consumers | owner | what it is |",
            "|---|---|---|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in derive.rows(catalog) if catalog.by_name[row.name].tier == tier.number]
    return "\n".join(lines) + "\n"


def _line(row: derive.Row) -> str:
    overlap = f"{row.overlap_seconds} s" if row.overlap_seconds else "–"
    names = ", ".join(f"`{name}`" for name in row.names)
    consumers = "nobody: a decoy" if row.decoy else ", ".join(row.consumers) or "–"
    cells = (
        f"`{row.name}`",
        names or "–",
        row.kind,
        f"{row.rotation_days} d",
        overlap,
        consumers,
        row.owner,
        row.description,
    )
    return f"| {' | '.join(cells)} |"
