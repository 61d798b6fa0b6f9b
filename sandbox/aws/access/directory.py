"""Users, roles, keys and their policies: a typed, read-only view of moto's IAM."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.iam.models import iam_backends

from sandbox.aws.access.documents import Document
from sandbox.aws.memory.memory import Memory

_PARTITION = "aws"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A long-term access key of an IAM user."""

    user: str
    secret_key: str = field(repr=False)
    active: bool


@dataclass(frozen=True, kw_only=True)
class Entity:
    """An IAM user or role with its policies; `trust` and `most_seconds` (MaxSessionDuration) are a role's."""

    arn: str
    id: str
    name: str
    tags: Mapping[str, str]
    identity: tuple[Document, ...]
    boundary: Document | None = None
    trust: Document | None = None
    most_seconds: int = 3600


class Directory:
    """moto's IAM of one account."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Reads only, without a lock."""
        self._account = account
        self._memory = memory
        self._role_ids: dict[str, str] = {}

    def key(self, access_key: str) -> Key | None:
        """An IAM user's key, or None."""
        with self._memory.read():
            found = self._iam.access_keys.get(access_key)
            if found is None or found.user_name not in self._iam.users:
                return None
            active = found.status == "Active"
            return Key(user=found.user_name, secret_key=found.secret_access_key, active=active)

    def user(self, name: str) -> Entity | None:
        """A user by name, with the policies of its groups."""
        with self._memory.read():
            iam = self._iam
            user = iam.users.get(name)
            if user is None:
                return None
            groups = [group for group in list(iam.groups.values()) if user in group.users]
            tags = {tag["Key"]: tag["Value"] for tag in user.tags or []}
            identity = tuple(document for holder in (user, *groups) for document in _attached(holder))
            return Entity(arn=user.arn, id=user.id, name=user.name, tags=tags, identity=identity)

    def role(self, arn_or_name: str) -> Entity | None:
        """A role by ARN or name."""
        name = arn_or_name.rpartition("/")[2]
        with self._memory.read():
            iam = self._iam
            role = self._role_named(iam, name)
            if role is None or (arn_or_name.startswith("arn:") and role.arn != arn_or_name):
                return None
            boundary = role.permissions_boundary_arn
            return Entity(
                arn=role.arn,
                id=role.id,
                name=role.name,
                tags={tag["Key"]: tag["Value"] for tag in _tags(role.tags)},
                identity=tuple(_attached(role)),
                boundary=self._managed(iam, boundary) if boundary else None,
                trust=Document(name=f"trust policy of {role.name}", text=role.assume_role_policy_document),
                most_seconds=int(role.max_session_duration or 3600),
            )

    def managed(self, arn: str) -> Document | None:
        """A managed policy's default version by ARN."""
        with self._memory.read():
            return self._managed(self._iam, arn) if arn in self._iam.managed_policies else None

    def policy_tags(self, arn: str) -> Mapping[str, str]:
        """The tags of a managed policy, none when there is no such policy."""
        with self._memory.read():
            found = self._iam.managed_policies.get(arn)
            return {tag["Key"]: tag["Value"] for tag in found.get_tags()} if found is not None else {}

    def path_of(self, kind: str, name: str) -> str:
        """The path of a group or an instance profile, `/` when there is none of this name."""
        with self._memory.read():
            held: dict[str, Any] = self._iam.groups if kind == "group" else self._iam.instance_profiles
            found = next((one for one in list(held.values()) if one.name == name), None)
            return str(found.path) if found is not None else "/"

    def has_provider(self, arn: str) -> bool:
        """Whether an OpenID Connect provider of this ARN is registered."""
        with self._memory.read():
            return arn in self._iam.open_id_providers

    def mfa_seed(self, user: str, serial: str) -> str | None:
        """The seed of a user's enabled MFA device: empty when it is not known, None when there is no such device."""
        with self._memory.read():
            iam = self._iam
            found = iam.users.get(user)
            if found is None or serial not in found.mfa_devices:
                return None
            device = iam.virtual_mfa_devices.get(serial)
            return str(device.base32_string_seed) if device is not None else ""

    @property
    def _iam(self) -> Any:
        return iam_backends[self._account][_PARTITION]

    def _role_named(self, iam: Any, name: str) -> Any:
        # moto keeps roles by id; which id a name had is tried first, and a role made anew is searched for.
        known = iam.roles.get(self._role_ids.get(name, ""))
        if known is not None and known.name == name:
            return known
        found = next((role for role in list(iam.roles.values()) if role.name == name), None)
        if found is not None:
            self._role_ids[name] = found.id
        return found

    def _managed(self, iam: Any, arn: str) -> Document:
        policy = iam.managed_policies.get(arn)
        # A boundary that was deleted allows nothing.
        text = _default_text(policy) if policy is not None else _NOTHING
        return Document(name=arn, text=text)


_NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


def _attached(holder: Any) -> Iterator[Document]:
    for name, text in list(holder.policies.items()):
        yield Document(name=name, text=text)
    for policy in list(holder.managed_policies.values()):
        yield Document(name=policy.arn, text=_default_text(policy))


def _default_text(policy: Any) -> str:
    return str(next(one.document for one in policy.versions if one.version_id == policy.default_version_id))


def _tags(tags: Any) -> list[dict[str, str]]:
    return list(tags.values()) if isinstance(tags, dict) else list(tags or [])
