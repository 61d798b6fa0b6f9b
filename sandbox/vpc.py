"""The private network of a sandbox: a VPC with two subnets in its local AWS, as an account would have them already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3

from sandbox.aws.process import LocalAws
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET

RANGE = "10.20.0.0/16"
SUBNETS = {"a": "10.20.1.0/24", "b": "10.20.2.0/24"}
_NAME = "llm-observatory"


def network(cloud: LocalAws) -> Mapping[str, object]:
    """What the stack file says here of `network`: a VPC and subnets, made when missing; calls come from loopback."""
    ec2 = boto3.client(
        "ec2",
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=ADMINISTRATOR_KEY,
        aws_secret_access_key=ADMINISTRATOR_SECRET,
    )
    vpc = _vpc(ec2)
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]
    ids = {subnet["CidrBlock"]: subnet["SubnetId"] for subnet in subnets}
    for zone, block in SUBNETS.items():
        if block not in ids:
            made = ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone=f"{cloud.region}{zone}")
            ids[block] = made["Subnet"]["SubnetId"]
    return {"vpc_id": vpc, "subnet_ids": [ids[block] for block in SUBNETS.values()], "cidrs": ["127.0.0.0/8"]}


def _vpc(ec2: Any) -> str:
    found = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [_NAME]}])["Vpcs"]
    if found:
        return str(found[0]["VpcId"])
    tags = [{"ResourceType": "vpc", "Tags": [{"Key": "Name", "Value": _NAME}]}]
    vpc = str(ec2.create_vpc(CidrBlock=RANGE, TagSpecifications=tags)["Vpc"]["VpcId"])
    # An interface endpoint with private DNS needs both:
    # docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": True})
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    return vpc
