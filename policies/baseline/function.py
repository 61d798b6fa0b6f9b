"""Functions: in the private network, bounded, traced, without a secret in their variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies import tokens
from policies.baseline import clauses, resource_types, setting
from policies.baseline.attached import reached
from policies.baseline.setting import NOT_KNOWN, Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity, StackRule
from policies.view import UNKNOWN, Resource, Stack, Value

_SUBNETS = 2
_VARIABLES = "environment.variables"
_NAMED = re.compile(r"(?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIAL)S?$", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"A(?:KI|SI)A[A-Z0-9]{16}"  # an access key: docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@"  # a URL with a password
    r"|\b(?:sk|pk|rk|ghp|gho|ghs|glsa|xox[abp])[-_][A-Za-z0-9_-]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
)


def _is_positive(value: Value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0


def _in_network(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    required = f"subnets of at least {_SUBNETS} zones, and a security group"
    subnets, groups = resource.items("vpcConfig.subnetIds"), resource.items("vpcConfig.securityGroupIds")
    for path, value, enough in (
        ("vpcConfig.subnetIds", subnets, _SUBNETS),
        ("vpcConfig.securityGroupIds", groups, 1),
    ):
        known = {each for each in (value if isinstance(value, tuple) else ()) if isinstance(each, str)}
        # An entry that is not known yet is an id all the same: none is named twice, as ids of one resource are.
        hidden = sum(each is UNKNOWN for each in (value if isinstance(value, tuple) else ()))
        if value is UNKNOWN or len(known) + hidden < enough:
            yield Finding(
                urn=resource.urn,
                property=path,
                seen=NOT_KNOWN if value is UNKNOWN else f"{len(known) + hidden} of them",
                required=required,
                fix="vpc_config=aws.lambda_.FunctionVpcConfigArgs(subnet_ids=…, security_group_ids=[…]),",
                undecided=value is UNKNOWN,
            )


def _no_secret(resource: Resource, _intent: Intent) -> Iterator[Finding]:
    variables = resource.mapping(_VARIABLES)
    if variables is UNKNOWN:
        yield _variable(resource, _VARIABLES, NOT_KNOWN, undecided=True)
        return
    for name, value in (variables or {}).items():
        if isinstance(value, str) and value and (_NAMED.search(name) or _LOOKS_SECRET.search(value)):
            yield _variable(resource, f"{_VARIABLES}.{name}", "what looks like a credential")
        elif value is UNKNOWN and _NAMED.search(name):
            yield _variable(resource, f"{_VARIABLES}.{name}", "a value that is not known yet under such a name")


def _variable(resource: Resource, path: str, seen: str, *, undecided: bool = False) -> Finding:
    return Finding(
        urn=resource.urn,
        property=path,
        seen=seen,
        required="the name of a secret, which the function reads when it runs",
        fix='"SECRET_ID": derive.secret_name(environment, secret),',
        undecided=undecided,
    )


def _dead_letters(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for function in stack.of(tokens.FUNCTION):
        targets = (resource_types.QUEUE, resource_types.TOPIC)
        found = reached(stack, intent, function, "deadLetterConfig.targetArn", targets)
        if found is UNKNOWN or not found:
            yield Finding(
                urn=function.urn,
                property="deadLetterConfig.targetArn",
                seen=NOT_KNOWN if found is UNKNOWN else "no queue of this stack",
                required="a queue of this stack, which keeps what the function gave up on",
                undecided=found is UNKNOWN,
            )


RULES = (
    ResourceRule(
        id="baseline/function-private-network",
        title="A function runs in the private network, in two zones",
        severity=Severity.MEDIUM,
        clauses=clauses.NETWORK,
        remediation="vpc_config=aws.lambda_.FunctionVpcConfigArgs(subnet_ids=…, security_group_ids=[…]),",
        parity=(
            "CKV_AWS_117",
            "SH:Lambda.3",
            "SH:Lambda.5",
            "PRW:awslambda_function_inside_vpc",
            "PRW:awslambda_function_vpc_multi_az",
            "PB:lambda-vpc-placement-required",
        ),
        types=frozenset({tokens.FUNCTION}),
        check=_in_network,
    ),
    setting.rule(
        "function-bounded",
        "A function takes no more than its share of the account's concurrency, and always has it",
        Severity.MEDIUM,
        clauses.NETWORK,
        ("CKV_AWS_115", "PB:lambda-concurrent-execution-limits-required"),
        (tokens.FUNCTION,),
        Setting(
            property="reservedConcurrentExecutions",
            holds=_is_positive,
            required="a number above 0",
            fix="reserved_concurrent_executions=2,",
        ),
    ),
    StackRule(
        id="baseline/function-dead-letters",
        title="What a function gives up on is kept",
        severity=Severity.MEDIUM,
        clauses=clauses.MONITORING,
        remediation="dead_letter_config=aws.lambda_.FunctionDeadLetterConfigArgs(target_arn=queue.arn),",
        parity=("CKV_AWS_116", "PRW:awslambda_function_no_dead_letter_queue", "PB:lambda-dead-letter-queue-required"),
        check=_dead_letters,
    ),
    setting.rule(
        "function-traced",
        "Every call of a function is traced, not only those that come with a trace",
        Severity.LOW,
        clauses.MONITORING,
        (
            "CKV_AWS_50",
            "SH:Lambda.7",
            "CP:aws-lambda-function-configure-tracing-config",
            "CP:aws-lambda-function-enable-tracing-config",
        ),
        (tokens.FUNCTION,),
        Setting(
            property="tracingConfig.mode",
            holds=lambda value: value == "Active",
            required="Active: PassThrough traces nothing by itself",
            fix="tracing_config=aws.lambda_.FunctionTracingConfigArgs(mode='Active'),",
        ),
    ),
    ResourceRule(
        id="baseline/function-no-secret",
        title="No credential is in a function's variables",
        severity=Severity.CRITICAL,
        clauses=clauses.NO_EMBEDDED_SECRET,
        remediation='"SECRET_ID": derive.secret_name(environment, secret),',
        parity=("CKV_AWS_45", "PRW:awslambda_function_no_secrets_in_variables"),
        types=frozenset({tokens.FUNCTION}),
        check=_no_secret,
    ),
)
