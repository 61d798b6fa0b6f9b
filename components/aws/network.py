"""The private network of the functions: whom they may talk to, and how they reach AWS from subnets without internet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, names
from catalog.access.endpoint import endpoint_policy
from catalog.environment import Environment
from catalog.network import Endpoints

HTTPS = 443
SUBMISSION = 587  # docs.aws.amazon.com/ses/latest/dg/smtp-connect.html
# What the functions' code calls. SQS and X-Ray are not among them: dead letters and traces are sent by Lambda itself,
# which is not in the VPC (unverified). Their names:
# docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
SERVICES = ("kms", "lambda", "logs", "monitoring", "s3", "scheduler", "secretsmanager", "sns", "sts")
# Without it EC2 wants a gateway endpoint for S3 as well, and the route tables of the given subnets are not known here:
# docs.aws.amazon.com/AmazonS3/latest/userguide/privatelink-interface-endpoints.html
DNS_OPTIONS: Mapping[str, aws.ec2.VpcEndpointDnsOptionsArgs] = {
    "s3": aws.ec2.VpcEndpointDnsOptionsArgs(private_dns_only_for_inbound_resolver_endpoint=False)
}


@dataclass(frozen=True, kw_only=True)
class FunctionNetworkArgs:
    """Whose network."""

    environment: Environment


class FunctionNetwork(pulumi.ComponentResource):
    """Two security groups that nothing reaches: one reaches the database, the cache and AWS, the other the internet.

    The second is for functions that rotate what others issue. Grafana, Anthropic, OpenAI, Sentry and IAM answer by
    HTTPS, SES by SMTP with STARTTLS; that the subnets have a way out is the VPC's affair.

    With `endpoints: created`, AWS is reached through interface endpoints that only this group reaches, and that serve
    only principals of this account. With `existing`, 443 is open to everywhere, and the VPC says what is there.
    """

    security_group_id: pulumi.Output[str]
    internet_group_id: pulumi.Output[str]

    def __init__(self, name: str, args: FunctionNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:network:FunctionNetwork", name, None, opts)
        self._environment = args.environment
        self._child = pulumi.ResourceOptions(parent=self)
        environment, network = args.environment, args.environment.network
        functions = self._group("functions", "Functions of the secrets programme: out to what they rotate, nothing in")
        internet = self._group("functions-internet", "Functions that rotate what others issue: out by TLS, nothing in")
        issuers = {environment.services.grafana.port: "grafana", SUBMISSION: "smtp", HTTPS: "https"}
        for port, what in issuers.items():
            self._out(f"internet-{what}", internet, f"To issuers, by {what}", port, cidr="0.0.0.0/0")
        # By port: EC2 refuses the same rule twice.
        servers = {environment.database.port: "database", environment.cache.port: "cache"}
        for port, what in servers.items():
            for index, cidr in enumerate(network.cidrs):
                self._out(f"{what}-{index}", functions, f"To the {what}", port, cidr=cidr)
        if network.endpoints is Endpoints.CREATED:
            endpoints = self._endpoints({"functions": functions, "functions-internet": internet})
            self._out("aws", functions, "To the endpoints of AWS", HTTPS, group=endpoints.id)
        else:
            self._out("aws", functions, "To AWS, by what the VPC has", HTTPS, cidr="0.0.0.0/0")
        self.security_group_id, self.internet_group_id = functions.id, internet.id
        self.register_outputs({"security_group_id": functions.id, "internet_group_id": internet.id})

    def _endpoints(self, functions: Mapping[str, aws.ec2.SecurityGroup]) -> aws.ec2.SecurityGroup:
        environment, network = self._environment, self._environment.network
        group = self._group("endpoints", "Endpoints of AWS for the functions of the secrets programme")
        for what, source in functions.items():
            aws.vpc.SecurityGroupIngressRule(
                f"endpoints-from-{what}",
                security_group_id=group.id,
                description="From the functions",
                ip_protocol="tcp",
                from_port=HTTPS,
                to_port=HTTPS,
                referenced_security_group_id=source.id,
                tags=derive.environment_tags(environment),
                opts=self._child,
            )
        for service in SERVICES:
            aws.ec2.VpcEndpoint(
                service,
                vpc_id=network.vpc_id,
                service_name=f"com.amazonaws.{environment.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                dns_options=DNS_OPTIONS.get(service),
                subnet_ids=list(network.subnet_ids),
                security_group_ids=[group.id],
                policy=json.dumps(endpoint_policy(environment)),
                tags=derive.environment_tags(environment) | {"Name": names.named(environment, service)},
                opts=self._child,
            )
        return group

    def _group(self, what: str, description: str) -> aws.ec2.SecurityGroup:
        """Without rules inside it: groups that name each other can only do so by rules of their own."""
        name = names.named(self._environment, what)
        return aws.ec2.SecurityGroup(
            what,
            name=name,
            description=description,
            vpc_id=self._environment.network.vpc_id,
            tags=derive.environment_tags(self._environment) | {"Name": name},
            opts=self._child,
        )

    def _out(
        self,
        what: str,
        functions: aws.ec2.SecurityGroup,
        description: str,
        port: int,
        *,
        cidr: str | None = None,
        group: pulumi.Input[str] | None = None,
    ) -> None:
        aws.vpc.SecurityGroupEgressRule(
            f"functions-to-{what}",
            security_group_id=functions.id,
            description=description,
            ip_protocol="tcp",
            from_port=port,
            to_port=port,
            cidr_ipv4=cidr,
            referenced_security_group_id=group,
            tags=derive.environment_tags(self._environment),
            opts=self._child,
        )
