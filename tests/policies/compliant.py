"""The compliant stack, made from the catalogue, so that it stays in step: before it exists, and after an update."""

from __future__ import annotations

import json

from pulumi_policy.proxy import UNKNOWN_STRING_VALUE

from catalog import derive
from catalog.environment import Environment
from catalog.kind import TARGETS
from catalog.model import Catalog, Secret
from policies.tokens import ALIAS, CONTAINER, FUNCTION, KEY, PERMISSION, ROTATION, STACK, VERSION
from tests.policies.program import PROJECT, Declared, Program, sealed, urn

REPLICA = "aws:kms/replicaKey:ReplicaKey"


def program(catalog: Catalog, environment: Environment, *, exists: bool) -> Program:
    """The stack at its first preview, where no id is known, or as it is when it `exists`."""
    maker = _Maker(catalog, environment, exists)
    root = Declared(token=STACK, name=f"{PROJECT}-{environment.name}", stack=environment.name)
    provider = Declared(
        token="pulumi:providers:aws", name="default_7_51_1", stack=environment.name, inputs={"region": "us-east-1"}
    )
    component = Declared(token="llmobs:environment:SecretsEnvironment", name=environment.name, stack=environment.name)
    keys = [each for purpose in derive.key_purposes(catalog) for each in maker.key(purpose)]
    functions = [each for target in TARGETS for each in maker.function(target)]
    secrets = [each for secret in catalog.secrets for each in maker.secret(secret)]
    return Program((root, component, provider, *keys, *functions, *secrets))


class _Maker:
    def __init__(self, catalog: Catalog, environment: Environment, exists: bool) -> None:
        self.catalog, self.environment, self.exists = catalog, environment, exists
        self.home = f"{environment.region}:{environment.account}"

    def _known(self, value: str) -> str:
        return value if self.exists else UNKNOWN_STRING_VALUE

    def _urn(self, token: str, name: str) -> str:
        return urn(self.environment.name, token, name)

    def _key_arn(self, purpose: str) -> str:
        return self._known(f"arn:aws:kms:{self.home}:key/0000-{purpose}")

    def _replica_arn(self, purpose: str) -> str:
        return self._known(
            f"arn:aws:kms:{self.environment.replica_region}:{self.environment.account}:key/0000-{purpose}"
        )

    def _function_arn(self, target: str) -> str:
        return self._known(f"arn:aws:lambda:{self.home}:function:{derive.function_name(self.environment, target)}")

    def key(self, purpose: str) -> list[Declared]:
        key_id = self._known(f"0000-{purpose}")
        stack = self.environment.name
        return [
            *self._replica(purpose),
            Declared(
                token=KEY,
                name=purpose,
                stack=stack,
                inputs={"enableKeyRotation": True, "policy": "{}", "tags": {"Purpose": purpose}},
                computed={"id": key_id, "keyId": key_id, "arn": self._key_arn(purpose)},
            ),
            Declared(
                token=ALIAS,
                name=purpose,
                stack=stack,
                inputs={"name": derive.key_alias(self.environment, purpose), "targetKeyId": key_id},
                computed={"arn": self._known(f"arn:aws:kms:{self.home}:alias/{purpose}")},
                edges={"targetKeyId": (self._urn(KEY, purpose),)},
            ),
        ]

    def _replica(self, purpose: str) -> list[Declared]:
        region, key_id = self.environment.replica_region, self._known(f"0000-{purpose}")
        if region is None or not purpose.startswith("tier-"):
            return []
        replica = Declared(
            token=REPLICA,
            name=f"{purpose}-replica",
            stack=self.environment.name,
            inputs={"region": region, "primaryKeyArn": self._key_arn(purpose)},
            computed={"id": key_id, "keyId": key_id, "arn": self._replica_arn(purpose)},
            edges={"primaryKeyArn": (self._urn(KEY, purpose),)},
        )
        alias = Declared(
            token=ALIAS,
            name=f"{purpose}-replica",
            stack=self.environment.name,
            inputs={
                "region": region,
                "name": derive.key_alias(self.environment, purpose),
                "targetKeyId": key_id,
            },
            edges={"targetKeyId": (self._urn(REPLICA, f"{purpose}-replica"),)},
        )
        return [replica, alias]

    def function(self, target: str) -> list[Declared]:
        name, stack = derive.function_name(self.environment, target), self.environment.name
        return [
            Declared(
                token=FUNCTION,
                name=f"rotate-{target}",
                stack=stack,
                inputs={"name": name, "runtime": "python3.11", "timeout": 60},
                computed={"arn": self._function_arn(target), "id": self._known(name)},
            ),
            Declared(
                token=PERMISSION,
                name=f"rotate-{target}",
                stack=stack,
                inputs={
                    "function": name,
                    "action": "lambda:InvokeFunction",
                    "principal": "secretsmanager.amazonaws.com",
                    "sourceAccount": self.environment.account,
                },
                edges={"function": (self._urn(FUNCTION, f"rotate-{target}"),)},
            ),
        ]

    def secret(self, secret: Secret) -> list[Declared]:
        name, stack, target = derive.secret_name(self.environment, secret), self.environment.name, secret.spec.target
        arn = self._known(f"arn:aws:secretsmanager:{self.home}:secret:{name}-AbCdEf")
        purpose = derive.key_purpose(secret)
        container = Declared(
            token=CONTAINER,
            name=secret.name,
            stack=stack,
            inputs={
                "name": name,
                "description": secret.description,
                "kmsKeyId": self._key_arn(purpose),
                "recoveryWindowInDays": self.environment.recovery_window_days,
                "tags": derive.secret_tags(self.environment, self.catalog, secret),
                **self._replicas(purpose),
            },
            computed={"arn": arn, "id": arn},
            edges={"kmsKeyId": (self._urn(KEY, purpose),)} | self._replica_edges(purpose),
        )
        version = Declared(
            token=VERSION,
            name=secret.name,
            stack=stack,
            inputs={
                "secretId": arn,
                "secretStringWo": sealed(json.dumps(derive.marker(self.environment, secret))),
                "secretStringWoVersion": 1,
                "versionStages": ["AWSCURRENT", derive.BOOTSTRAP_LABEL],
            },
            computed={"versionId": self._known("0000-version"), "secretString": ""},
            edges={"secretId": (container.urn,)},
            ignore=("versionStages",),
        )
        rotation = Declared(
            token=ROTATION,
            name=secret.name,
            stack=stack,
            inputs={
                "secretId": arn,
                "rotationLambdaArn": self._function_arn(target),
                "rotateImmediately": False,
                "rotationRules": {"automaticallyAfterDays": derive.rotation_days(self.catalog, secret)},
            },
            computed={"rotationEnabled": True if self.exists else UNKNOWN_STRING_VALUE},
            edges={
                "secretId": (container.urn,),
                "rotationLambdaArn": (self._urn(FUNCTION, f"rotate-{target}"),),
            },
        )
        return [container, version, rotation]

    def _replicas(self, purpose: str) -> dict[str, object]:
        region = self.environment.replica_region
        return {"replicas": [{"region": region, "kmsKeyId": self._replica_arn(purpose)}]} if region else {}

    def _replica_edges(self, purpose: str) -> dict[str, tuple[str, ...]]:
        return {"replicas": (self._urn(REPLICA, f"{purpose}-replica"),)} if self.environment.replica_region else {}
