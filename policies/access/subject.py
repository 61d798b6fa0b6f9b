"""What the proof is about: principals with their documents, and secrets with theirs and their keys'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, unique

from iam.document import Policy, PolicyKind
from iam.grant import Grant
from iam.principal import Principal
from iam.principals import Principals
from policies.access.paper import Paper, paper

Tags = tuple[tuple[str, str], ...]
_SESSION = "session"


@unique
class Relation(Enum):
    """How a principal belongs to the stack."""

    PROGRAMME = "a principal of the stack"
    ACCOUNT = "a principal of the account that is not in the stack"
    OUTSIDE = "a principal outside the account"


@dataclass(frozen=True, kw_only=True)
class Party:
    """A principal. `name` is how it is called in AWS; `callers` are the forms in which it can ask, as sessions.

    Any of the `identity` papers may allow; `urn` is where the stack declares it.
    """

    name: str
    relation: Relation
    callers: tuple[Principal, ...]
    identity: tuple[Paper, ...] = ()
    boundary: Paper | None = None
    urn: str = ""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """A KMS key. `aliases` and `tags` are None if not known yet."""

    arn: str
    policy: Paper
    aliases: tuple[str, ...] | None = ()
    tags: Tags | None = ()
    grants: tuple[Grant, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Target:
    """A secret, or its copy in another region. `name` is its name in AWS; `lock` is None if not known yet.

    `policy` is None where it has none; `home` is the region that its value is written in.
    """

    name: str
    arn: str
    home: str
    tags: Tags | None = ()
    policy: Paper | None = None
    lock: Lock | None = None
    urn: str = ""

    @property
    def region(self) -> str:
        """The region that it is in."""
        return self.arn.split(":")[3]

    @property
    def account(self) -> str:
        """The account that owns it."""
        return self.arn.split(":")[4]

    @property
    def is_copy(self) -> bool:
        """Whether it is a replica."""
        return self.region != self.home

    @property
    def papers(self) -> Iterator[Paper]:
        """Its resource policy and its key's policy, as far as there are any."""
        yield from (one for one in (self.policy, self.lock and self.lock.policy) if one)


@dataclass(frozen=True, kw_only=True)
class Documents:
    """A stack as the proof sees it. `unnamed` are the URNs of roles whose name is not known yet."""

    parties: tuple[Party, ...]
    targets: tuple[Target, ...]
    unnamed: tuple[str, ...] = ()


def callers_of_role(arn: str, named: Iterator[str] | tuple[str, ...] = ()) -> tuple[Principal, ...]:
    """A session of the role that nothing names, and those of its sessions that resource policies name."""
    account, role = arn.split(":")[4], arn.rpartition("/")[2]
    prefix = f"arn:{arn.split(':')[1]}:sts::{account}:assumed-role/{role}/"
    sessions = [prefix + _SESSION, *(one for one in named if one.startswith(prefix))]
    return tuple(Principal.parse(one, role_arn=arn) for one in dict.fromkeys(sessions))


def named_by(targets: tuple[Target, ...]) -> tuple[Principals, ...]:
    """The Principal and NotPrincipal elements of every document of a secret or a key."""
    found = (one.principals for policy in policies_of(targets) for one in policy.statements)
    return tuple(one for one in found if one)


def policies_of(targets: tuple[Target, ...]) -> tuple[Policy, ...]:
    """Every document of a secret or a key that can be read, once."""
    papers = dict.fromkeys(paper for target in targets for paper in target.papers)
    return tuple(paper.policy for paper in papers if paper.policy)


def aws_managed_lock(account: str, region: str) -> Lock:
    """The key that AWS manages for Secrets Manager: all of the account use it through Secrets Manager.

    docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html#security-encryption-policies
    """
    text = (
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": '
        '["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", '
        '"kms:DescribeKey"], "Resource": "*", "Condition": {"StringEquals": {'
        f'"kms:CallerAccount": "{account}", "kms:ViaService": "secretsmanager.{region}.amazonaws.com"}}}}}}}}'
    )
    return Lock(
        arn=f"arn:aws:kms:{region}:{account}:key/of-aws-for-secretsmanager",
        policy=paper("policy of the key that AWS manages", PolicyKind.RESOURCE, text),
        aliases=("alias/aws/secretsmanager",),
    )
