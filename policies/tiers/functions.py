"""Functions: what handles values runs privately, within bounds, watched, and holds none itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog.names import SERVICE
from policies import tokens
from policies.baseline import resource_types, setting
from policies.baseline.attached import reached
from policies.baseline.setting import Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule, Standard
from policies.view import UNKNOWN, Resource, Stack, Value

_SUBNETS = 2
_VARIABLES = "environment.variables"
_NAMED = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(?:API|ACCESS|PRIVATE)_?KEY", re.IGNORECASE)
# An ARN, an address without a user in it, or a secret's name; more of them by commas, each after `kind=` if need be.
_ID = rf"(?:[a-z-]+=)?(?:arn:aws:[\w:/.+=@?*-]+|https://[^\s/@]+(?:/\S*)?|{SERVICE}/[a-z]+/[a-z0-9-]+)"
_IDS = re.compile(rf"{_ID}(?:,{_ID})*")
_VALUE = re.compile(
    r"A(?:KI|SI)A[A-Z0-9]{16}"  # docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|://[^/\s:@]*:[^/\s@]+@"
    r"|\b(?:sk|ghp|gho|ghs|glsa|xox[abp])[-_][A-Za-z0-9_-]{16,}"
)
_MAKERS = ("random:", "tls:", tokens.VERSION, "aws:iam/accessKey:AccessKey")
"""Types of resources whose outputs are values."""
_RUNNING = {
    Standard.SOC_2: ("CC6.6", "CC7.1"),
    Standard.GDPR: ("Art.32(1)(b)",),
    Standard.ISO_27001: ("A.8.9",),
    Standard.NIST_800_53: ("CM-6",),
}


def _has_two_subnets(value: Value) -> bool:
    # Ids that are not known yet are those of subnets of this program, which differ.
    if not isinstance(value, tuple):
        return False
    known = {each for each in value if isinstance(each, str) and each}
    return len(known) + sum(each is UNKNOWN for each in value) >= _SUBNETS


def _is_bounded(value: Value) -> bool:
    """-1 takes what the whole account has, and 0 switches the function off: API_PutFunctionConcurrency."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1


_SETTINGS = (
    Setting(
        property="vpcConfig.subnetIds",
        holds=_has_two_subnets,
        required=f"{_SUBNETS} subnets, in two zones",
        fix="vpc_config=aws.lambda_.FunctionVpcConfigArgs(subnet_ids=…, security_group_ids=[…]),",
    ),
    Setting(
        property="reservedConcurrentExecutions",
        holds=_is_bounded,
        required="a bound of 1 or more",
        fix="reserved_concurrent_executions=args.concurrency,",
    ),
    Setting(
        property="tracingConfig.mode",
        holds=lambda value: value == "Active",
        required="Active: PassThrough traces nothing by itself",
        fix='tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode="Active"),',
    ),
)


def _bounded(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    yield from setting.findings(resource, _SETTINGS)


def _wired(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for function in stack.of(tokens.FUNCTION):
        queues = reached(
            stack, intent, function, "deadLetterConfig.targetArn", (resource_types.QUEUE, resource_types.TOPIC)
        )
        if queues is UNKNOWN or not queues:
            yield _loose(function, "deadLetterConfig.targetArn", "a dead-letter queue of this stack", queues is UNKNOWN)
        signing = reached(stack, intent, function, "codeSigningConfigArn", [resource_types.CODE_SIGNING])
        if signing is UNKNOWN or not signing:
            yield _loose(function, "codeSigningConfigArn", "a code signing config of this stack", signing is UNKNOWN)
    enforced = "policies.untrustedArtifactOnDeployment"
    for config in stack.of(resource_types.CODE_SIGNING):
        value = config.value(enforced)
        if value != "Enforce":
            yield _loose(config, enforced, "Enforce: Warn deploys what nobody signed", value is UNKNOWN)


def _loose(resource: Resource, path: str, required: str, undecided: bool) -> Finding:
    return Finding(
        urn=resource.urn,
        property=path,
        seen=setting.NOT_KNOWN if undecided else "none, or another one",
        required=required,
        undecided=undecided,
    )


def _without_values(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    variables = resource.mapping(_VARIABLES)
    if variables is UNKNOWN:
        yield _holding(resource, _VARIABLES, setting.NOT_KNOWN, undecided=True)
        return
    for name, value in (variables or {}).items():
        named = _NAMED.search(name) is not None
        if value is UNKNOWN and named:
            yield _holding(resource, f"{_VARIABLES}.{name}", setting.NOT_KNOWN, undecided=True)
        elif isinstance(value, str) and ((named and value and not _IDS.fullmatch(value)) or _VALUE.search(value)):
            yield _holding(resource, f"{_VARIABLES}.{name}", "what looks like a value")


def _from_elsewhere(stack: Stack, _intent: Intent) -> Iterator[Finding]:
    for function in stack.of(tokens.FUNCTION):
        ends = [end for urn in function.edges.get("environment", ()) if (end := stack.by_urn.get(urn))]
        if any(end.type.startswith(_MAKERS) for end in ends):
            yield _holding(function, _VARIABLES, "a value that a resource of the stack makes")
        variables = function.mapping(_VARIABLES)
        hidden = variables is UNKNOWN or (variables is not None and UNKNOWN in variables.values())
        if hidden and not ends:
            yield _holding(function, _VARIABLES, setting.NOT_KNOWN, undecided=True)


def _holding(resource: Resource, path: str, seen: str, *, undecided: bool = False) -> Finding:
    return Finding(
        urn=resource.urn,
        property=path,
        seen=seen,
        required="the name or ARN of a secret, which the function reads when it runs",
        undecided=undecided,
    )


_NO_VALUE = {Standard.PCI_DSS: ("8.6.2",), Standard.ISO_27001: ("A.5.17",), Standard.NIST_800_53: ("IA-5(7)",)}
_BY_NAME = '"SECRET_ID": derive.secret_name(environment, secret),'

RULES = (
    ResourceRule(
        id="tiers/function-bounds",
        title="A function runs in two private subnets, within a bound, and traced",
        severity=Severity.MEDIUM,
        clauses=_RUNNING,
        remediation="ManagedFunction(name, ManagedFunctionArgs(surroundings=surroundings, …))",
        types=frozenset({tokens.FUNCTION}),
        check=_bounded,
    ),
    StackRule(
        id="tiers/function-wiring",
        title="What a function gives up on is kept, and it runs what was signed",
        severity=Severity.HIGH,
        clauses=_RUNNING,
        remediation="ManagedFunction(name, ManagedFunctionArgs(surroundings=surroundings, …))",
        check=_wired,
    ),
    ResourceRule(
        id="tiers/function-without-values",
        title="A function's variables name secrets and hold none",
        severity=Severity.CRITICAL,
        clauses=_NO_VALUE,
        remediation=_BY_NAME,
        types=frozenset({tokens.FUNCTION}),
        check=_without_values,
    ),
    StackRule(
        id="tiers/function-given-no-value",
        title="No value of the stack goes into a function's variables",
        severity=Severity.CRITICAL,
        clauses=_NO_VALUE,
        remediation=_BY_NAME,
        check=_from_elsewhere,
    ),
)
