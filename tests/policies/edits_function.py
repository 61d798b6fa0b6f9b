"""Edits of functions, and of what signs their code."""

from __future__ import annotations

from dataclasses import replace

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from policies.baseline.resource_types import CODE_SIGNING
from policies.tokens import FUNCTION, VERSION
from tests.policies.program import Declared, Program
from tests.policies.surroundings import ENVIRONMENT, ROTATOR, SINGLE, Change, Edit, setting

PLANTED = "hunter2hunter2"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:333344445555:secret:llm-observatory/prod/db-password-AbCdEf"


def _bounds(path: str, value: object) -> Edit:
    make = setting(FUNCTION, ROTATOR, path, value)
    return Edit(make=make, rule="tiers/function-bounds", token=FUNCTION, name=ROTATOR, says=(f"property: {path}",))


def _wired(make: Change, says: str, token: str = FUNCTION, name: str = ROTATOR) -> Edit:
    return Edit(make=make, rule="tiers/function-wiring", token=token, name=name, says=(says,))


def _variable(name: str, value: str) -> Change:
    """Keeps the other variables, and with them what they depend on."""
    return lambda stack: stack.set(stack.get(FUNCTION, ROTATOR), f"environment.variables.{name}", value)


def _value(name: str, value: str = PLANTED) -> Edit:
    return Edit(
        make=_variable(name, value),
        rule="tiers/function-without-values",
        token=FUNCTION,
        name=ROTATOR,
        says=(f"environment.variables.{name}", "what looks like a value"),
    )


def _from(end: Declared) -> Change:
    def make(stack: Program) -> Program:
        changed = _variable("X", UNKNOWN_STRING_VALUE)(stack.plus(end))
        function = changed.get(FUNCTION, ROTATOR)
        return changed.put(replace(function, edges={**function.edges, "environment": (end.urn,)}))

    return make


def _given(token: str) -> Edit:
    end = Declared(token=token, name="made", stack=ENVIRONMENT)
    return Edit(make=_from(end), rule="tiers/function-given-no-value", token=FUNCTION, name=ROTATOR)


EDITS: dict[str, Edit] = {
    "function-outside-of-the-network": Edit(
        make=setting(FUNCTION, ROTATOR, "vpcConfig", None),
        rule="tiers/function-bounds",
        token=FUNCTION,
        name=ROTATOR,
        says=("vpcConfig.subnetIds",),
    ),
    "function-in-one-subnet": _bounds("vpcConfig.subnetIds", ["subnet-1"]),
    "function-in-one-subnet-twice": _bounds("vpcConfig.subnetIds", ["subnet-1", "subnet-1"]),
    "function-without-bounds": _bounds("reservedConcurrentExecutions", None),
    "function-with-all-there-is": _bounds("reservedConcurrentExecutions", -1),
    "function-switched-off": _bounds("reservedConcurrentExecutions", 0),
    "function-traced-by-others": _bounds("tracingConfig.mode", "PassThrough"),
    "function-not-traced": Edit(
        make=setting(FUNCTION, ROTATOR, "tracingConfig", None),
        rule="tiers/function-bounds",
        token=FUNCTION,
        name=ROTATOR,
        says=("tracingConfig.mode", "seen: not set"),
    ),
    "function-without-dead-letters": _wired(setting(FUNCTION, ROTATOR, "deadLetterConfig", None), "deadLetterConfig"),
    "function-with-foreign-dead-letters": _wired(
        setting(FUNCTION, ROTATOR, "deadLetterConfig", {"targetArn": "arn:aws:sqs:us-east-1:333344445555:else"}),
        "deadLetterConfig",
    ),
    "function-of-unsigned-code": _wired(setting(FUNCTION, ROTATOR, "codeSigningConfigArn", None), "codeSigningConfig"),
    "function-of-foreign-code": _wired(
        setting(
            FUNCTION, ROTATOR, "codeSigningConfigArn", "arn:aws:lambda:us-east-1:333344445555:code-signing-config:x"
        ),
        "codeSigningConfig",
    ),
    "code-that-is-told-of": _wired(
        setting(CODE_SIGNING, "signing", "policies.untrustedArtifactOnDeployment", "Warn"),
        "Enforce",
        CODE_SIGNING,
        "signing",
    ),
    "function-with-a-password": _value("DB_PASSWORD"),
    "function-with-a-token": _value("sentry_auth_token"),
    "function-with-a-key": _value("API_KEY"),
    "function-with-a-secret-behind-an-id": _value("SECRET_IDS", f"{SECRET_ARN},{PLANTED}"),
    "function-with-a-secret-as-an-id": _value("SECRET_ID", f"https://user:{PLANTED}@host.example/x"),
    "function-with-an-access-key": _value("WHO", "AKIA" + "Z" * 16),
    "function-with-a-private-key": _value("PEM", "-----BEGIN EC PRIVATE KEY-----"),
    "function-with-a-database-url": _value("DATABASE", f"postgres://app:{PLANTED}@db.example/x"),
    "function-with-a-random-value": _given("random:index/randomPassword:RandomPassword"),
    "function-with-a-version": _given(VERSION),
    "function-with-an-access-key-of-the-stack": _given("aws:iam/accessKey:AccessKey"),
}

COMPLIANT: dict[str, Change] = {
    "a-secret-by-its-arn": _variable("DB_PASSWORD_SECRET", SECRET_ARN),
    "a-secret-by-its-name": _variable("ADMIN_SECRET_ID", f"llm-observatory/prod/{SINGLE}"),
    "secrets-by-their-names": _variable("SECRET_IDS", "redis=llm-observatory/prod/a,postgres=llm-observatory/prod/b"),
    "where-tokens-come-from": _variable("TOKEN_URL", "https://issuer.example/oauth/token"),
    "a-certificate": _variable("CA_PEM", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"),
    "three-subnets": setting(FUNCTION, ROTATOR, "vpcConfig.subnetIds", ["subnet-1", "subnet-2", "subnet-3"]),
    "subnets-of-the-program": setting(
        FUNCTION, ROTATOR, "vpcConfig.subnetIds", [UNKNOWN_STRING_VALUE, UNKNOWN_STRING_VALUE]
    ),
    "a-bound-of-one": setting(FUNCTION, ROTATOR, "reservedConcurrentExecutions", 1),
}
