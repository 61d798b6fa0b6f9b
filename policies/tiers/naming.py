"""Names: `llm-observatory/<environment>/<name>`, for the environment that the stack is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies import tokens
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, Standard
from policies.view import UNKNOWN, Resource

PATTERN = re.compile(r"^llm-observatory/(staging|prod)/[a-z0-9-]+\Z")


def _check(resource: Resource, intent: Intent) -> Iterator[Finding]:
    name = resource.text("name")
    environment = intent.environment.name
    required = f"llm-observatory/{environment}/ and lower-case letters, digits, hyphens"
    if name is UNKNOWN:
        yield Finding(
            urn=resource.urn, property="name", seen="a name that is not known yet", required=required, undecided=True
        )
    elif name is None:
        yield Finding(urn=resource.urn, property="name", seen="no name", required=required)
    elif not (match := PATTERN.match(name)):
        yield Finding(urn=resource.urn, property="name", seen=f"'{name}'", required=required)
    elif match[1] != environment:
        yield Finding(
            urn=resource.urn, property="name", seen=f"'{name}' in the stack '{environment}'", required=required
        )


RULES = (
    ResourceRule(
        id="tiers/secret-name",
        title="A secret's name says service, environment and what it is",
        severity=Severity.MEDIUM,
        clauses={Standard.ISO_27001: ("A.5.9",), Standard.NIST_800_53: ("CM-6",), Standard.SOC_2: ("CC7.1",)},
        remediation="name=derive.secret_name(environment, secret),",
        types=frozenset({tokens.CONTAINER}),
        check=_check,
    ),
)
