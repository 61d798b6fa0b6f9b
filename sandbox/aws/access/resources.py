"""The resource's side of a judgement, by ARN: from our Secrets Manager and from moto's backends."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.athena.models import athena_backends
from moto.awslambda.models import lambda_backends
from moto.events.models import events_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from iam.context import ContextValue
from iam.document import Policy, PolicyKind
from sandbox.aws.access.directory import Directory
from sandbox.aws.access.documents import Document, parsed
from sandbox.aws.access.held import NOTHING, Held
from sandbox.aws.access.keys import Keys
from sandbox.aws.memory.memory import Memory
from sandbox.aws.secretsmanager.model import Secret
from sandbox.aws.secretsmanager.names import candidates
from sandbox.aws.secretsmanager.storage import SecretStorage

_PARTS = 6
_PERMISSION = ("Sid", "Effect", "Principal", "Action", "Resource", "Condition")


class Resources:
    """Every resource of one account; also the ARNs of those that calls name otherwise (`need.Lookup`)."""

    def __init__(
        self, *, account: str, memory: Memory, directory: Directory, storage: SecretStorage, keys: Keys
    ) -> None:
        """Reads only."""
        self._account = account
        self._memory = memory
        self._directory = directory
        self._storage = storage
        self._keys = keys
        self._readers: dict[str, Callable[[str, list[str]], Held]] = {
            "events": self._rule,
            "iam": self._identity,
            "kms": lambda arn, _parts: self._keys.held(arn),
            "lambda": self._function,
            "logs": self._log_group,
            "s3": self._bucket,
            "secretsmanager": self._secret,
            "sns": self._topic,
            "sqs": self._queue,
        }

    def held(self, arn: str) -> Held:
        """Policy, grants and tags of a resource; nothing for one that does not exist or has none."""
        parts = arn.split(":", _PARTS - 1)
        reader = self._readers.get(parts[2]) if len(parts) == _PARTS else None
        if reader is None:
            return NOTHING
        with self._memory.read():
            return reader(arn, parts)

    def secret(self, region: str, secret_id: str) -> str:
        """A secret's ARN; of one that does not exist, the id itself, as AWS puts it into its messages."""
        found = self._found_secret(region, secret_id)
        return found.arn if found is not None else secret_id or "*"

    def kms_key(self, region: str, key_id: str) -> str:
        """A KMS key's ARN."""
        return self._keys.arn(region, key_id)

    def sealing_key(self, region: str, ciphertext: bytes) -> str:
        """The ARN of the KMS key that made a ciphertext."""
        return self._keys.sealing(region, ciphertext)

    def rotation_function(self, region: str, secret_id: str) -> str:
        """The ARN of the function that rotates a secret, empty when there is none."""
        found = self._found_secret(region, secret_id)
        return found.rotation.lambda_arn if found is not None and found.rotation is not None else ""

    def identity(self, kind: str, name: str) -> str:
        """The ARN of an IAM user, role, group or instance-profile, with its path."""
        if kind in ("user", "role"):
            entity = self._directory.user(name) if kind == "user" else self._directory.role(name)
            if entity is not None:
                return entity.arn
            path = "/"
        else:
            path = self._directory.path_of(kind, name)
        return f"arn:aws:iam::{self._account}:{kind}{path}{name}"

    def workgroup(self, region: str, query_id: str) -> str:
        """The ARN of the Athena workgroup of a saved query or of one that ran; of any where there is no such query."""
        with self._memory.read():
            backend: Any = athena_backends[self._account][region]
            found = backend.named_queries.get(query_id) or backend.executions.get(query_id)
        name = found.workgroup.name if found is not None and found.workgroup is not None else "*"
        return f"arn:aws:athena:{region}:{self._account}:workgroup/{name}"

    def _found_secret(self, region: str, secret_id: str) -> Secret | None:
        if not secret_id:
            return None
        arn, name = candidates(secret_id)
        found = self._storage.by_arn(arn) if arn is not None else None
        return found or self._storage.by_name(region, name)

    def _secret(self, arn: str, _parts: list[str]) -> Held:
        found = self._storage.by_arn(arn)
        if found is None:
            return NOTHING
        given: dict[str, ContextValue] = {
            f"secretsmanager:ResourceTag/{key}": value for key, value in found.tags.items()
        }
        given["secretsmanager:SecretPrimaryRegion"] = found.primary_region or found.region
        if found.rotation is not None:
            given["secretsmanager:resource/AllowRotationLambdaArn"] = found.rotation.lambda_arn
        policy = _resource_policy(found.policy, f"resource policy of {found.name}")
        return Held(policy=policy, tags=found.tags, given=given)

    def _identity(self, arn: str, parts: list[str]) -> Held:
        kind, name = parts[5].partition("/")[0], parts[5].rpartition("/")[2]
        if kind == "policy":
            return Held(tags=self._directory.policy_tags(arn))
        if kind not in ("user", "role"):
            return NOTHING
        entity = self._directory.user(name) if kind == "user" else self._directory.role(name)
        if entity is None:
            return NOTHING
        given: dict[str, ContextValue] = {f"iam:ResourceTag/{key}": value for key, value in entity.tags.items()}
        if entity.boundary is not None:
            # Where the request itself names no boundary, the key is the one that the role has.
            given["iam:PermissionsBoundary"] = entity.boundary.name
        return Held(tags=entity.tags, given=given)

    def _function(self, _arn: str, parts: list[str]) -> Held:
        kind, _, name = parts[5].partition(":")
        if kind != "function":
            return NOTHING
        name = name.partition(":")[0]
        versions = lambda_backends[self._account][parts[3]]._lambdas._functions.get(name)
        latest = versions["latest"] if versions else None
        if latest is None:
            return NOTHING
        statements = [_permission(one) for one in latest.policy.statements]
        text = json.dumps({"Version": "2012-10-17", "Statement": statements}) if statements else None
        return Held(policy=_resource_policy(text, f"policy of function {name}"), tags=dict(latest.tags))

    def _topic(self, arn: str, parts: list[str]) -> Held:
        topic = sns_backends[self._account][parts[3]].topics.get(arn)
        if topic is None:
            return NOTHING
        return Held(policy=_resource_policy(topic.policy, f"policy of topic {topic.name}"), tags=dict(topic._tags))

    def _queue(self, _arn: str, parts: list[str]) -> Held:
        queue: Any = sqs_backends[self._account][parts[3]].queues.get(parts[5])
        if queue is None:
            return NOTHING
        return Held(policy=_resource_policy(queue.policy, f"policy of queue {queue.name}"), tags=dict(queue.tags))

    def _bucket(self, _arn: str, parts: list[str]) -> Held:
        bucket = s3_backends[self._account]["aws"].buckets.get(parts[5].partition("/")[0])
        if bucket is None:
            return NOTHING
        text = bucket.policy.decode() if bucket.policy else None
        return Held(policy=_resource_policy(text, f"policy of bucket {bucket.name}"))

    def _log_group(self, _arn: str, parts: list[str]) -> Held:
        name = parts[5].split(":")[1] if ":" in parts[5] else ""
        backend = logs_backends[self._account][parts[3]]
        group = backend.groups.get(name)
        return Held(tags=backend.tagger.get_tag_dict_for_resource(group.arn)) if group is not None else NOTHING

    def _rule(self, arn: str, parts: list[str]) -> Held:
        return Held(tags=events_backends[self._account][parts[3]].tagger.get_tag_dict_for_resource(arn))


def _resource_policy(text: str | None, name: str) -> Policy | None:
    return parsed(Document(name=name, text=text), PolicyKind.RESOURCE) if text else None


def _permission(statement: Mapping[str, Any]) -> dict[str, Any]:
    """A statement of a function's policy as Lambda shows it: an account as its root, nothing that moto adds."""
    kept = {name: statement[name] for name in _PERMISSION if statement.get(name) is not None}
    principal = kept.get("Principal")
    if isinstance(principal, str) and principal != "*":
        kept["Principal"] = {"AWS": principal}
    return kept
