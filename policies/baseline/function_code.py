"""Code of functions: signed, on what AWS still updates."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.baseline import clauses, resource_types, setting
from policies.baseline.attached import reached
from policies.baseline.setting import NOT_KNOWN, Setting
from policies.intent import Intent
from policies.rule import Finding, Severity, StackRule
from policies.view import UNKNOWN, Stack

# Managed runtimes that AWS still updates: docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
_RUNTIMES = frozenset({"python3.11", "python3.12", "python3.13", "python3.14"})


def _signed(stack: Stack, intent: Intent) -> Iterator[Finding]:
    for function in stack.of(tokens.FUNCTION):
        found = reached(stack, intent, function, "codeSigningConfigArn", [resource_types.CODE_SIGNING])
        if found is UNKNOWN or not found:
            yield Finding(
                urn=function.urn,
                property="codeSigningConfigArn",
                seen=NOT_KNOWN if found is UNKNOWN else "no code signing configuration of this stack",
                required="a code signing configuration of this stack, which refuses what nobody signed",
                undecided=found is UNKNOWN,
            )


RULES = (
    StackRule(
        id="baseline/function-signed",
        title="A function runs what was signed for it",
        severity=Severity.HIGH,
        clauses=clauses.CODE,
        remediation="code_signing_config_arn=signing.config_arn,",
        parity=("CKV_AWS_272",),
        check=_signed,
    ),
    setting.rule(
        "code-signing-enforced",
        "Code that nobody signed is refused, not just told of",
        Severity.HIGH,
        clauses.CODE,
        ("CKV_AWS_272",),
        (resource_types.CODE_SIGNING,),
        Setting(
            property="policies.untrustedArtifactOnDeployment",
            holds=lambda value: value == "Enforce",
            required="Enforce: Warn deploys it all the same",
            fix="untrusted_artifact_on_deployment='Enforce',",
        ),
    ),
    setting.rule(
        "function-supported-runtime",
        "A function runs on what AWS still updates",
        Severity.MEDIUM,
        clauses.CODE,
        ("CKV_AWS_363", "SH:Lambda.2", "PRW:awslambda_function_using_supported_runtimes"),
        (tokens.FUNCTION,),
        Setting(
            property="runtime",
            holds=lambda value: isinstance(value, str) and value in _RUNTIMES,
            required=f"one of {', '.join(sorted(_RUNTIMES))}",
            fix='runtime="python3.11",',
        ),
    ),
)
