"""The documents of a stack: secrets, keys and their policies, and the principals that it declares.

Ids and ARNs are not known at the first preview, so what belongs together is found by dependency where the value does
not tell (`policies.edge`), and a principal, secret or key that has no ARN yet gets one that no document can name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from iam.document import PolicyKind
from iam.grant import Grant
from policies import edge, tokens
from policies.access import identities
from policies.access.declared import SUFFIX
from policies.access.paper import Paper, paper, unread
from policies.access.strangers import strangers
from policies.access.subject import Documents, Lock, Tags, Target, aws_managed_lock
from policies.intent import Intent
from policies.view import UNKNOWN, Resource, Stack, Unknown, Value

SECRET_POLICY = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 - a type token
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
GRANT = "aws:kms/grant:Grant"
_DEFAULT_KEYS = ("alias/aws/secretsmanager", ":alias/aws/secretsmanager")


def documents(stack: Stack, intent: Intent) -> Documents:
    """What the proof needs of a stack; principals that the stack does not declare are there as strangers."""
    targets = tuple(_Secrets(stack, intent).targets())
    found = identities.parties(stack, intent, targets)
    declared = frozenset(caller.entity_arn or caller.arn for party in found.parties for caller in party.callers)
    return Documents(parties=(*found.parties, *strangers(targets, declared)), targets=targets, unnamed=found.unnamed)


def document(resource: Resource, name: str, kind: PolicyKind, value: Value) -> Paper:
    """The document in a property: unread if its text is not known yet, or is no document."""
    called = f"{name} of {resource.urn.rsplit('::', 1)[-1]}"
    if isinstance(value, Mapping):
        return paper(called, kind, json.dumps(_plain(value)))
    return paper(called, kind, value) if isinstance(value, str) else unread(called)


def is_set(resource: Resource, name: str) -> bool:
    """Whether the program set a property that the provider fills in otherwise: then it has a value or a dependency."""
    value = resource.value(name)
    return bool(resource.edges.get(name)) if value is UNKNOWN else bool(value)


class _Secrets:
    def __init__(self, stack: Stack, intent: Intent) -> None:
        self._stack, self._intent = stack, intent
        self._region, self._account = intent.environment.region, intent.environment.account
        self._locks: dict[str, Lock] = {}

    def targets(self) -> Iterator[Target]:
        for secret in self._stack.of(tokens.CONTAINER):
            name = secret.text("name")
            if not isinstance(name, str):
                continue  # the rules on names and on the inventory say that it is not known
            known = secret.value("arn")
            own = f"arn:aws:secretsmanager:{self._region}:{self._account}:secret:{name}{SUFFIX}"
            arn = known if isinstance(known, str) and known else own
            policy, tags = self._policy(secret), _tags(secret)
            home = arn.split(":")[3]
            yield Target(
                name=name,
                arn=arn,
                home=home,
                tags=tags,
                policy=policy,
                lock=self._lock(secret, "kmsKeyId", secret.value("kmsKeyId"), home),
                urn=secret.urn,
            )
            # "Secrets Manager replicates the encrypted secret data and metadata such as tags and resource policies":
            # docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
            replicas = secret.items("replicas")
            for replica in replicas if isinstance(replicas, tuple) else ():
                region = replica.get("region") if isinstance(replica, Mapping) else None
                key = replica.get("kmsKeyId") if isinstance(replica, Mapping) else UNKNOWN
                if isinstance(region, str):
                    yield Target(
                        name=name,
                        arn=arn.replace(f":{home}:", f":{region}:", 1),
                        home=home,
                        tags=tags,
                        policy=policy,
                        lock=self._lock(secret, "replicas", key, region),
                        urn=secret.urn,
                    )

    def _policy(self, secret: Resource) -> Paper | None:
        """The resource policy: of its own resource, else what is set with the secret."""
        separate, loose = [], False
        for policy in self._stack.of(SECRET_POLICY):
            ends = edge.reached(self._stack, self._intent, policy, "secretArn", tokens.CONTAINER)
            loose |= ends is UNKNOWN
            if ends is not UNKNOWN and secret in ends:
                separate.append(policy)
        if separate:
            return document(separate[0], "secret policy", PolicyKind.RESOURCE, separate[0].value("policy"))
        if loose:
            return unread(f"secret policy of {secret.name}")
        if is_set(secret, "policy"):
            return document(secret, "secret policy", PolicyKind.RESOURCE, secret.value("policy"))
        return None

    def _lock(self, secret: Resource, name: str, value: Value, region: str) -> Lock | None:
        """The key that a property leads to, straight or by an alias; None if that is not known yet."""
        if not value or (isinstance(value, str) and value.endswith(_DEFAULT_KEYS)):
            return aws_managed_lock(self._account, region)
        keys = self._keys(secret, name, value, region)
        if isinstance(keys, Unknown) or len(keys) > 1:
            return None
        if not keys:
            outside = unread(f"policy of the key of {secret.name}", "is not known yet, as the key is not in this stack")
            return Lock(arn=f"arn:aws:kms:{region}:{self._account}:key/outside-the-stack", policy=outside, aliases=None)
        return self._lock_of(keys[0], region)

    def _keys(self, secret: Resource, name: str, value: Value, region: str) -> tuple[Resource, ...] | Unknown:
        ends = [end for urn in secret.edges.get(name, ()) if (end := self._stack.by_urn.get(urn))]
        if isinstance(value, str):
            spelled = (value, value.rsplit(":", 1)[-1], value.rsplit("/", 1)[-1])
            for token in (tokens.KEY, REPLICA_KEY, tokens.ALIAS):
                found = {end.urn: end for one in spelled for end in self._stack.named(token, one)}
                ends += [end for end in found.values() if _region(end, self._region) == region]
        keys = {end.urn: end for end in ends if end.type in (tokens.KEY, REPLICA_KEY)}
        for alias in (end for end in ends if end.type == tokens.ALIAS):
            for token in (tokens.KEY, REPLICA_KEY):
                behind = edge.reached(self._stack, self._intent, alias, "targetKeyId", token)
                keys |= {} if isinstance(behind, Unknown) else {key.urn: key for key in behind}
        here = tuple(key for key in keys.values() if _region(key, self._region) == region)
        return here if here or isinstance(value, str) else UNKNOWN

    def _lock_of(self, key: Resource, region: str) -> Lock:
        if key.urn not in self._locks:
            known = key.value("arn")
            self._locks[key.urn] = Lock(
                arn=known
                if isinstance(known, str) and known
                else f"arn:aws:kms:{region}:{self._account}:key/{key.name}",
                policy=self._key_policy(key),
                aliases=self._aliases(key, region),
                tags=_tags(key),
                grants=tuple(self._grants(key)),
            )
        return self._locks[key.urn]

    def _key_policy(self, key: Resource) -> Paper:
        for policy in self._stack.of(KEY_POLICY):
            ends = edge.reached(self._stack, self._intent, policy, "keyId", key.type)
            if ends is UNKNOWN or key in ends:
                return document(policy, "key policy", PolicyKind.RESOURCE, policy.value("policy"))
        return document(key, "key policy", PolicyKind.RESOURCE, key.value("policy"))

    def _aliases(self, key: Resource, region: str) -> tuple[str, ...] | None:
        found: list[str] = []
        for alias in self._stack.of(tokens.ALIAS):
            if _region(alias, self._region) != region:
                continue
            ends = edge.reached(self._stack, self._intent, alias, "targetKeyId", key.type)
            name = alias.text("name")
            if ends is UNKNOWN or key in ends:
                if ends is UNKNOWN or not isinstance(name, str):
                    return None
                found.append(name)
        return tuple(sorted(found))

    def _grants(self, key: Resource) -> Iterator[Grant]:
        """Grants on the key. What constrains one is left out, so it counts as possible."""
        for grant in self._stack.of(GRANT):
            ends = edge.reached(self._stack, self._intent, grant, "keyId", key.type)
            if ends is not UNKNOWN and key not in ends:
                continue
            roles = [self._stack.by_urn.get(urn) for urn in grant.edges.get("granteePrincipal", ())]
            grantee = grant.text("granteePrincipal")
            arns = (
                [grantee] if isinstance(grantee, str) else [identities.arn(one, self._account) for one in roles if one]
            )
            operations = grant.items("operations")
            names = (
                frozenset(str(one) for one in operations) if isinstance(operations, tuple) else frozenset({"Decrypt"})
            )
            yield from (Grant(name=f"grant {grant.name}", grantee=one, operations=names) for one in arns or ["*"])


def _region(resource: Resource, default: str) -> str:
    region = resource.value("region")
    return region if isinstance(region, str) and region else default


def _tags(resource: Resource) -> Tags | None:
    tags = resource.mapping("tags")
    if tags is None:
        return ()
    if isinstance(tags, Unknown) or UNKNOWN in tags.values():
        return None
    return tuple(sorted((key, str(value)) for key, value in tags.items()))


def _plain(value: Value) -> object:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
