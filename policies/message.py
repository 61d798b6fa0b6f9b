"""How a finding reads."""

from __future__ import annotations

from policies.rule import Finding, Rule


def text(rule: Rule, finding: Finding, note: str = "") -> str:
    """The rule, the resource, the property, what was seen and required, one line to paste, and the clauses."""
    verdict = "UNDECIDED" if finding.undecided else "VIOLATED"
    clauses = "; ".join(f"{standard} {', '.join(names)}" for standard, names in rule.clauses.items())
    lines = [
        f"{rule.id} {verdict} ({rule.severity}, tier {finding.tier}): {rule.title}",
        f"  resource: {finding.urn or 'the stack'}",
        f"  property: {finding.property}",
        f"  seen: {finding.seen}",
        f"  required: {finding.required}",
        f"  fix: {finding.fix or rule.remediation}",
        f"  clauses: {clauses}",
    ]
    return "\n".join([*lines, f"  {note}"] if note else lines)
