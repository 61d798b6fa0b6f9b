"""Rotation functions: each schedule calls the function of the secret's kind, which only Secrets Manager may invoke."""

from __future__ import annotations

from collections.abc import Iterator

from catalog import derive
from catalog.model import Secret
from policies import edge, tokens
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule, Standard
from policies.tiers import wiring
from policies.tiers.wiring import Placed
from policies.view import UNKNOWN, Resource, Stack

_PRINCIPAL = "secretsmanager.amazonaws.com"
_ACTION = "lambda:InvokeFunction"


def _functions(stack: Stack, intent: Intent) -> Iterator[Finding]:
    schedules = wiring.owned(stack, intent, tokens.ROTATION)
    for placed in wiring.placed(stack, intent):
        for schedule in schedules.of(placed):
            if isinstance(placed.entry, Secret):
                yield from _of_schedule(stack, schedule, placed, placed.entry, intent)


def _of_schedule(stack: Stack, schedule: Resource, placed: Placed, entry: Secret, intent: Intent) -> Iterator[Finding]:
    expected = derive.function_name(intent.environment, entry.spec.target)
    functions = edge.reached(stack, intent, schedule, "rotationLambdaArn", tokens.FUNCTION)
    undecided = False
    if functions is UNKNOWN:
        seen, undecided = "a function that is not known yet", True
    elif not functions:
        seen = "a function that is not in this stack" if schedule.value("rotationLambdaArn") else "no function"
    else:
        names = [function.text("name") for function in functions]
        if names == [expected]:
            return
        undecided = UNKNOWN in names or len(names) > 1
        seen = "a function whose name is not known yet" if undecided else f"the function '{names[0]}'"
    yield Finding(
        urn=schedule.urn,
        property="rotationLambdaArn",
        seen=f"{seen} for {placed.label}",
        required=f"the function '{expected}' of this stack, which rotates the kind {entry.kind}",
        fix=f"rotation_lambda_arn=functions['{entry.spec.target}'].arn,",
        tier=entry.tier,
        undecided=undecided,
    )


def _permissions(stack: Stack, intent: Intent) -> Iterator[Finding]:
    permissions: dict[str, list[Resource]] = {}
    loose = 0
    for permission in stack.of(tokens.PERMISSION):
        functions = edge.reached(stack, intent, permission, "function", tokens.FUNCTION)
        if functions is UNKNOWN:
            loose += 1
            continue
        for function in functions:
            permissions.setdefault(function.urn, []).append(permission)
    for function, tier in _users(stack, intent):
        own = permissions.get(function.urn, [])
        for permission in own:
            yield from _of_permission(permission, tier, intent)
        if not own:
            yield Finding(
                urn=function.urn,
                property="permission",
                seen="a permission whose function is not known yet" if loose else "no permission to invoke it",
                required=f"a permission for {_PRINCIPAL} of the account {intent.environment.account}",
                tier=tier,
                undecided=loose > 0,
            )


def _of_permission(permission: Resource, tier: int, intent: Intent) -> Iterator[Finding]:
    account = intent.environment.account
    for name, expected, fix in (
        ("principal", _PRINCIPAL, f'principal="{_PRINCIPAL}",'),
        # Without it any account could have its Secrets Manager invoke the function:
        # docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
        ("sourceAccount", account, "source_account=environment.account,"),
        ("action", _ACTION, f'action="{_ACTION}",'),
    ):
        seen = permission.text(name)
        if seen != expected:
            yield Finding(
                urn=permission.urn,
                property=name,
                seen="not known yet" if seen is UNKNOWN else "not set" if seen is None else "another one",
                required=f"'{expected}'",
                fix=fix,
                tier=tier,
                undecided=seen is UNKNOWN,
            )


def _users(stack: Stack, intent: Intent) -> Iterator[tuple[Resource, int]]:
    """Every function that a schedule leads to, with the strictest tier that it serves."""
    schedules = wiring.owned(stack, intent, tokens.ROTATION)
    tiers: dict[str, int] = {}
    for placed in wiring.placed(stack, intent):
        for schedule in schedules.of(placed):
            functions = edge.reached(stack, intent, schedule, "rotationLambdaArn", tokens.FUNCTION)
            for function in () if functions is UNKNOWN else functions:
                tiers[function.urn] = min(placed.tier, tiers.get(function.urn, placed.tier))
    return ((stack.by_urn[urn], tier) for urn, tier in tiers.items())


RULES = (
    StackRule(
        id="tiers/rotation-function",
        title="A secret is rotated by the function of its kind, in the same stack",
        severity=Severity.CRITICAL,
        clauses={Standard.PCI_DSS: ("8.6.3",), Standard.ISO_27001: ("A.5.17",), Standard.NIST_800_53: ("IA-5",)},
        remediation="rotation_lambda_arn=functions[secret.spec.target].arn,",
        check=_functions,
    ),
    StackRule(
        id="tiers/rotation-permission",
        title="Secrets Manager of this account, and nobody else, may invoke a rotation function",
        severity=Severity.HIGH,
        clauses={
            Standard.PCI_DSS: ("7.2.1", "7.2.2"),
            Standard.SOC_2: ("CC6.3",),
            Standard.ISO_27001: ("A.5.15",),
            Standard.NIST_800_53: ("AC-3", "AC-6"),
        },
        remediation=(
            f'aws.lambda_.Permission(name, function=function.name, action="{_ACTION}", principal="{_PRINCIPAL}", '
            "source_account=environment.account)"
        ),
        check=_permissions,
    ),
)
