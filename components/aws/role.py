"""A role with what it may do, who may become it, and the boundary that it can never pass."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.boundary import boundary_policy
from catalog.access.statement import Policy
from catalog.environment import Environment


@dataclass(frozen=True, kw_only=True)
class BoundedRoleArgs:
    """`what` names the role; `boundary_arn` is `Boundary.arn`; `session_seconds` is how long a session may live."""

    environment: Environment
    what: str
    description: str
    trust: Policy
    policy: Policy
    boundary_arn: pulumi.Input[str]
    session_seconds: int = 3600


class BoundedRole(pulumi.ComponentResource):
    """A role of the programme: every one of them has the boundary."""

    arn: pulumi.Output[str]
    name: pulumi.Output[str]
    policy: aws.iam.RolePolicy

    def __init__(self, name: str, args: BoundedRoleArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:role:BoundedRole", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=names.named(args.environment, args.what),
            description=args.description,
            assume_role_policy=json.dumps(args.trust),
            permissions_boundary=args.boundary_arn,
            max_session_duration=args.session_seconds,
            tags=derive.environment_tags(args.environment),
            opts=child,
        )
        self.policy = aws.iam.RolePolicy(
            name, name=args.what, role=role.name, policy=json.dumps(args.policy), opts=child
        )
        self.arn, self.name = role.arn, role.name
        self.register_outputs({"arn": role.arn, "name": role.name})


@dataclass(frozen=True, kw_only=True)
class BoundaryArgs:
    """Whose boundary."""

    environment: Environment


class Boundary(pulumi.ComponentResource):
    """The policy that bounds every role of an environment."""

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: BoundaryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:role:Boundary", name, None, opts)
        policy = aws.iam.Policy(
            name,
            name=names.named(args.environment, "boundary"),
            description="The most that a role of the secrets programme can do",
            policy=json.dumps(boundary_policy(args.environment)),
            tags=derive.environment_tags(args.environment),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.arn = policy.arn
        self.register_outputs({"arn": policy.arn})
