"""Keys: one for each tier, found by its alias, and shared with no other purpose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog import derive
from policies import edge, tokens
from policies.intent import Intent
from policies.rule import STRICTEST_TIER, Finding, Severity, StackRule, Standard
from policies.view import UNKNOWN, Resource, Stack, Unknown


def by_purpose(stack: Stack, intent: Intent) -> Mapping[str, Resource | Unknown | None]:
    """The key of every purpose: UNKNOWN if that cannot be told yet, None if there is not exactly one."""
    return {purpose: _key(stack, intent, purpose) for purpose in derive.key_purposes(intent.catalog)}


def _key(stack: Stack, intent: Intent, purpose: str) -> Resource | Unknown | None:
    aliases = _aliases(stack, intent, purpose)
    if not aliases and _unnamed(stack):
        return UNKNOWN
    if len(aliases) != 1:
        return None
    keys = edge.reached(stack, intent, aliases[0], "targetKeyId", tokens.KEY)
    if keys is UNKNOWN or len(keys) > 1:
        return UNKNOWN
    return keys[0] if keys else None


def _aliases(stack: Stack, intent: Intent, purpose: str) -> tuple[Resource, ...]:
    name = derive.key_alias(intent.environment, purpose)
    return tuple(
        alias for alias in stack.of(tokens.ALIAS) if alias.value("name") == name and not _elsewhere(alias, intent)
    )


def _elsewhere(alias: Resource, intent: Intent) -> bool:
    """Whether it is the alias of a key's replica, which has the same name in another region."""
    region = alias.value("region")
    return isinstance(region, str) and region not in ("", intent.environment.region)


def _unnamed(stack: Stack) -> bool:
    return any(alias.value("name") is UNKNOWN for alias in stack.of(tokens.ALIAS))


def _check(stack: Stack, intent: Intent) -> Iterator[Finding]:
    keys = by_purpose(stack, intent)
    for tier in intent.catalog.tiers:
        purpose = f"tier-{tier.number}"
        key, aliases = keys[purpose], _aliases(stack, intent, purpose)
        alias = derive.key_alias(intent.environment, purpose)
        if isinstance(key, Resource):
            sharing = [other for other, its in keys.items() if its is key and other != purpose]
            if not sharing:
                continue
            seen = f"the key of {purpose}, which is also that of {', '.join(sharing)}"
        elif key is UNKNOWN:
            seen = f"a key for {alias} that is not known yet"
        elif len(aliases) > 1:
            seen = f"{len(aliases)} aliases named {alias}"
        else:
            seen = f"{alias} on no key of this stack" if aliases else f"no alias {alias}"
        yield Finding(
            urn=aliases[0].urn if aliases else stack.urn,
            property="targetKeyId" if aliases else f"key for {purpose}",
            seen=seen,
            required=f"one key for {purpose} in this stack, under {alias}, for nothing else",
            fix=f"ManagedKey('{purpose}', ManagedKeyArgs(environment=environment, purpose='{purpose}'))",
            tier=tier.number,
            undecided=key is UNKNOWN,
        )
    for other in stack.of(tokens.ALIAS):
        if other.value("name") is UNKNOWN:
            yield Finding(
                urn=other.urn,
                property="name",
                seen="an alias whose name is not known yet",
                required="a name that follows from environment and purpose",
                fix="name=derive.key_alias(environment, purpose),",
                tier=STRICTEST_TIER,
                undecided=True,
            )


RULES = (
    StackRule(
        id="tiers/key-per-tier",
        title="Every tier has one key of its own",
        severity=Severity.HIGH,
        clauses={
            Standard.PCI_DSS: ("3.6.1",),
            Standard.SOC_2: ("CC6.1",),
            Standard.ISO_27001: ("A.8.24",),
            Standard.NIST_800_53: ("SC-12",),
        },
        remediation="ManagedKey(purpose, ManagedKeyArgs(environment=environment, purpose=purpose))",
        check=_check,
    ),
)
