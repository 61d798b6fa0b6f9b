"""A consumer's role, and what its platform needs besides to hand the role to the consumer."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.consumer import consumer_policy
from catalog.access.trust import consumer_trust
from catalog.consumer import Consumer, Platform
from catalog.environment import Environment
from catalog.model import Catalog
from components.aws.role import BoundedRole, BoundedRoleArgs


@dataclass(frozen=True, kw_only=True)
class ConsumerAccessArgs:
    """`boundary_arn` is `Boundary.arn`."""

    environment: Environment
    catalog: Catalog
    consumer: Consumer
    boundary_arn: pulumi.Input[str]


class ConsumerAccess(pulumi.ComponentResource):
    """Lets one consumer read its own secrets, as what it runs on.

    A machine gets an instance profile, a pod with EKS Pod Identity an association. A service account names the role in
    its annotation `eks.amazonaws.com/role-arn`, a task and a function in their own definitions, a workflow in its file:
    those belong to whoever deploys the consumer, and need nothing here.
    """

    arn: pulumi.Output[str]

    def __init__(self, name: str, args: ConsumerAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:consumer:ConsumerAccess", name, None, opts)
        environment, consumer = args.environment, args.consumer
        child = pulumi.ResourceOptions(parent=self)
        tags = derive.environment_tags(environment)
        role = BoundedRole(
            name,
            BoundedRoleArgs(
                environment=environment,
                what=consumer.name,
                description=f"Reads the secrets of {consumer.name}",
                trust=consumer_trust(environment, consumer),
                policy=consumer_policy(environment, args.catalog, consumer.name),
                boundary_arn=args.boundary_arn,
            ),
            child,
        )
        match consumer.runs_on:
            case Platform.EC2:
                # The console names the profile like its role, and a machine is started with the profile's name:
                # docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html
                aws.iam.InstanceProfile(
                    name, name=names.named(environment, consumer.name), role=role.name, tags=tags, opts=child
                )
            case Platform.EKS_POD_IDENTITY:
                aws.eks.PodIdentityAssociation(
                    name,
                    cluster_name=environment.cluster.name,
                    namespace=environment.cluster.namespace,
                    service_account=consumer.name,
                    role_arn=role.arn,
                    tags=tags,
                    opts=child,
                )
            case _:
                pass
        self.arn = role.arn
        self.register_outputs({"arn": role.arn})
