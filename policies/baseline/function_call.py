"""Who may call a function: a service for this account, and never a stranger."""

from __future__ import annotations

from collections.abc import Iterator

from policies import tokens
from policies.baseline import clauses, resource_types, setting
from policies.baseline.setting import NOT_KNOWN, Setting
from policies.intent import Intent
from policies.rule import Finding, ResourceRule, Severity
from policies.view import UNKNOWN, Resource


def _scoped(resource: Resource, intent: Intent) -> Iterator[Finding]:
    account = intent.environment.account
    principal, given = resource.text("principal"), resource.text("sourceAccount")
    source = resource.text("sourceArn")
    if principal is UNKNOWN or (isinstance(principal, str) and not principal.endswith(".amazonaws.com")):
        ours = isinstance(principal, str) and (principal == account or f"::{account}:" in principal)
        if not ours:
            yield _permission(resource, "principal", "everyone or another account", undecided=principal is UNKNOWN)
        return
    bound = given == account or (isinstance(source, str) and f":{account}:" in source)
    if not bound:
        undecided = UNKNOWN in (given, source)
        yield _permission(
            resource, "sourceAccount", NOT_KNOWN if undecided else "a service for any account", undecided=undecided
        )


def _permission(resource: Resource, path: str, seen: str, *, undecided: bool) -> Finding:
    return Finding(
        urn=resource.urn,
        property=path,
        seen=NOT_KNOWN if undecided else seen,
        required="a service for this account: source_account, or a source_arn with its number",
        fix="source_account=environment.account,",
        undecided=undecided,
    )


RULES = (
    ResourceRule(
        id="baseline/function-invoked-for-us",
        title="A function is invoked by a service for this account, and by nobody outside",
        severity=Severity.CRITICAL,
        clauses=clauses.ACCESS,
        remediation="source_account=environment.account,",
        parity=(
            "CKV_AWS_301",
            "CKV_AWS_364",
            "SH:Lambda.1",
            "CP:aws-lambda-permission-configure-source-arn",
            "PRW:awslambda_function_not_publicly_accessible",
            "PB:lambda-public-access-restricted",
        ),
        types=frozenset({tokens.PERMISSION}),
        check=_scoped,
    ),
    setting.rule(
        "function-url-signed",
        "A function has no URL that answers strangers",
        Severity.CRITICAL,
        clauses.ACCESS,
        ("CKV_AWS_258", "PRW:awslambda_function_url_public"),
        (resource_types.FUNCTION_URL,),
        Setting(
            property="authorizationType",
            holds=lambda value: value == "AWS_IAM",
            required="AWS_IAM",
            fix="authorization_type='AWS_IAM',",
        ),
    ),
)
