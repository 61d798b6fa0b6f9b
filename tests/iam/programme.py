"""The programme's own documents, parsed, and how its tests ask about them."""

from __future__ import annotations

from typing import Any

from catalog import derive, load, names
from catalog.access.consumer import consumer_policy, rotation_policy
from catalog.access.function import function_policy
from catalog.access.key import key_policy
from catalog.model import Secret
from iam.decision import Decision
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Holder, Policies
from tests.iam.asking import ask

CATALOG = load.catalog()
STAGING = load.environment("staging")
CONSUMERS = [consumer.name for consumer in CATALOG.consumers]
KEY = f"arn:aws:kms:{STAGING.region}:{STAGING.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
VIA = f"secretsmanager.{STAGING.region}.amazonaws.com"
READ, WRITE = "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"
ADMINISTRATOR = names.role_arn(STAGING, names.Duty.SECURITY_ADMIN)


def arn_of(secret: Secret) -> str:
    return derive.secret_arn(STAGING, secret).replace("??????", "AbCdEf")


def session_of(role: str) -> str:
    return f"arn:aws:sts::{STAGING.account}:assumed-role/{role}/session"


def consumer_of(name: str) -> Policy:
    return parse(consumer_policy(STAGING, CATALOG, name), PolicyKind.IDENTITY, name=name)


def rotator_of(target: str) -> Policy:
    document = function_policy(STAGING, names.rotator(target), rotation_policy(STAGING, CATALOG, target))
    return parse(document, PolicyKind.IDENTITY, name=target)


def key_policy_of(purpose: str) -> Policy:
    return parse(key_policy(STAGING, purpose), PolicyKind.RESOURCE, name=purpose)


def decrypt(who: str, secret: Secret, *attached: Policy, action: str = "kms:Decrypt", **changed: Any) -> Decision:
    purpose = derive.key_purpose(secret)
    context = {
        "kms:ViaService": VIA,
        "kms:EncryptionContext:SecretARN": arn_of(secret),
        "kms:ResourceAliases": [derive.key_alias(STAGING, purpose)],
    } | {key.replace("__", ":"): value for key, value in changed.items()}
    policies = Policies(holder=Holder.KEY, resource=key_policy_of(purpose), identity=attached)
    return ask(who, action, KEY, policies, {key: value for key, value in context.items() if value})
