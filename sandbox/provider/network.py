"""Amazon VPC: networks and their subnets."""

from collections.abc import Iterator
from typing import Any

from sandbox.provider.ec2tags import specification, update_tags
from sandbox.provider.naming import tag_map
from sandbox.provider.resource import TAGS, Call, Failure, ResourceType, flag, text
from sandbox.provider.values import Props

_VPC_SETTINGS = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}
_SUBNET_SETTINGS = {
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
    "enableResourceNameDnsARecordOnLaunch": "EnableResourceNameDnsARecordOnLaunch",
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
}


def _create_vpc(call: Call) -> str:
    ec2, new = call.client("ec2"), call.new
    vpc = call.created(
        ec2.create_vpc(
            AmazonProvidedIpv6CidrBlock=new["assignGeneratedIpv6CidrBlock"],
            **call.given(
                CidrBlock="cidrBlock",
                InstanceTenancy="instanceTenancy",
                Ipv6CidrBlockNetworkBorderGroup="ipv6CidrBlockNetworkBorderGroup",
            ),
            **specification("vpc", call),
        )["Vpc"]["VpcId"]
    )
    _set_vpc(call, vpc, {})
    return vpc


def _set_vpc(call: Call, vpc: str, old: Props) -> None:
    """One attribute a call, as EC2 takes them; host names need DNS support, so that comes first."""
    for name, attribute in _VPC_SETTINGS.items():
        if call.new.get(name) is not None and call.new[name] != old.get(name):
            call.client("ec2").modify_vpc_attribute(VpcId=vpc, **{attribute: {"Value": call.new[name]}})


def _read_vpc(call: Call) -> Props | None:
    ec2 = call.client("ec2")
    vpc = ec2.describe_vpcs(VpcIds=[call.id])["Vpcs"][0]
    ipv6 = _associated(vpc)
    settings = {}
    for name, attribute in _VPC_SETTINGS.items():
        asked = name[0].lower() + name[1:]
        settings[name] = ec2.describe_vpc_attribute(VpcId=call.id, Attribute=asked)[attribute]["Value"]
    own = [{"Name": "vpc-id", "Values": [call.id]}]
    groups = ec2.describe_security_groups(Filters=[*own, {"Name": "group-name", "Values": ["default"]}])
    tables = ec2.describe_route_tables(Filters=[*own, {"Name": "association.main", "Values": ["true"]}])
    acls = ec2.describe_network_acls(Filters=[*own, {"Name": "default", "Values": ["true"]}])
    main = next((table["RouteTableId"] for table in tables["RouteTables"]), None)
    return {
        **settings,
        "arn": f"arn:{call.aws.partition}:ec2:{call.aws.region}:{call.aws.account}:vpc/{call.id}",
        "assignGeneratedIpv6CidrBlock": bool(ipv6),
        "cidrBlock": vpc["CidrBlock"],
        "instanceTenancy": vpc["InstanceTenancy"],
        "ipv6CidrBlock": ipv6.get("Ipv6CidrBlock"),
        "ipv6CidrBlockNetworkBorderGroup": ipv6.get("NetworkBorderGroup") or None,
        "ipv6AssociationId": ipv6.get("AssociationId") or "",
        "dhcpOptionsId": vpc.get("DhcpOptionsId"),
        "defaultNetworkAclId": next((acl["NetworkAclId"] for acl in acls["NetworkAcls"]), None),
        "defaultRouteTableId": main,
        "mainRouteTableId": main,
        "defaultSecurityGroupId": next((group["GroupId"] for group in groups["SecurityGroups"]), None),
        "ownerId": vpc.get("OwnerId"),
        "tags": tag_map(vpc.get("Tags")),
    }


def _associated(network: Props) -> Any:
    """The IPv6 block that is associated; one that was taken away stays listed for a while."""
    blocks = network.get("Ipv6CidrBlockAssociationSet") or []
    return next((block for block in blocks if block["Ipv6CidrBlockState"]["State"].startswith("associat")), {})


def _update_vpc(call: Call) -> None:
    ec2, new = call.client("ec2"), call.new
    _set_vpc(call, call.id, call.old)
    if call.changed("instanceTenancy"):
        ec2.modify_vpc_tenancy(VpcId=call.id, InstanceTenancy=new["instanceTenancy"])
    if call.changed("assignGeneratedIpv6CidrBlock"):
        if new["assignGeneratedIpv6CidrBlock"]:
            ec2.associate_vpc_cidr_block(VpcId=call.id, AmazonProvidedIpv6CidrBlock=True)
        else:
            ec2.disassociate_vpc_cidr_block(AssociationId=call.state["ipv6AssociationId"])
    update_tags(call)


def _delete_vpc(call: Call) -> None:
    call.client("ec2").delete_vpc(VpcId=call.id)


def _dedicated(old: Props, new: Props) -> frozenset[str]:
    """A network leaves dedicated tenancy in place; only a new one enters it (API_ModifyVpcTenancy)."""
    entered = new.get("instanceTenancy", "default") not in {"default", old.get("instanceTenancy")}
    return frozenset({"instanceTenancy"} if entered else ())


VPC = ResourceType(
    type_name="aws:ec2/vpc:Vpc",
    inputs={
        "assignGeneratedIpv6CidrBlock": flag(default=False),
        "cidrBlock": text(required=True, replaces=True),
        "enableDnsHostnames": flag(computed=True),
        "enableDnsSupport": flag(default=True),
        "enableNetworkAddressUsageMetrics": flag(computed=True),
        "instanceTenancy": text(default="default", allowed=frozenset({"default", "dedicated"})),
        "ipv6CidrBlock": text(computed=True, replaces=True),
        "ipv6CidrBlockNetworkBorderGroup": text(computed=True, replaces=True),
        "tags": TAGS,
    },
    outputs=(
        *("arn", "defaultNetworkAclId", "defaultRouteTableId", "defaultSecurityGroupId", "dhcpOptionsId"),
        *("ipv6AssociationId", "mainRouteTableId", "ownerId"),
    ),
    create=_create_vpc,
    read=_read_vpc,
    update=_update_vpc,
    delete=_delete_vpc,
    replacing=_dedicated,
    volatile=("ipv6AssociationId",),
    verified=True,
)


def _create_subnet(call: Call) -> str:
    ec2 = call.client("ec2")
    subnet = call.created(
        ec2.create_subnet(
            **call.given(
                AvailabilityZone="availabilityZone",
                AvailabilityZoneId="availabilityZoneId",
                CidrBlock="cidrBlock",
                Ipv6CidrBlock="ipv6CidrBlock",
                VpcId="vpcId",
            ),
            **specification("subnet", call),
        )["Subnet"]["SubnetId"]
    )
    _set_subnet(call, subnet, dict.fromkeys(_SUBNET_SETTINGS, False))
    return subnet


def _set_subnet(call: Call, subnet: str, old: Props) -> None:
    for name, attribute in _SUBNET_SETTINGS.items():
        if call.new.get(name) is not None and call.new[name] != old.get(name):
            call.client("ec2").modify_subnet_attribute(SubnetId=subnet, **{attribute: {"Value": call.new[name]}})


def _read_subnet(call: Call) -> Props | None:
    subnet = call.client("ec2").describe_subnets(SubnetIds=[call.id])["Subnets"][0]
    ipv6 = _associated(subnet)
    names = (subnet.get("PrivateDnsNameOptionsOnLaunch") or {}).get("EnableResourceNameDnsARecord")
    return {
        "arn": subnet.get("SubnetArn"),
        "assignIpv6AddressOnCreation": subnet.get("AssignIpv6AddressOnCreation", False),
        "availabilityZone": subnet["AvailabilityZone"],
        "availabilityZoneId": subnet.get("AvailabilityZoneId"),
        "cidrBlock": subnet["CidrBlock"],
        "enableResourceNameDnsARecordOnLaunch": names or False,
        "ipv6CidrBlock": ipv6.get("Ipv6CidrBlock"),
        "ipv6CidrBlockAssociationId": ipv6.get("AssociationId") or "",
        "mapPublicIpOnLaunch": subnet.get("MapPublicIpOnLaunch", False),
        "ownerId": subnet.get("OwnerId"),
        "vpcId": subnet["VpcId"],
        "tags": tag_map(subnet.get("Tags")),
    }


def _update_subnet(call: Call) -> None:
    _set_subnet(call, call.id, call.old)
    update_tags(call)


def _delete_subnet(call: Call) -> None:
    call.client("ec2").delete_subnet(SubnetId=call.id)


def _zone_rules(inputs: Props) -> Iterator[Failure]:
    if "availabilityZone" in inputs and "availabilityZoneId" in inputs:
        yield "availabilityZoneId", "'availabilityZone' and 'availabilityZoneId' exclude each other; give one"


SUBNET = ResourceType(
    type_name="aws:ec2/subnet:Subnet",
    inputs={
        "assignIpv6AddressOnCreation": flag(default=False),
        "availabilityZone": text(computed=True, replaces=True),
        "availabilityZoneId": text(computed=True, replaces=True),
        "cidrBlock": text(required=True, replaces=True),
        "enableResourceNameDnsARecordOnLaunch": flag(default=False),
        "ipv6CidrBlock": text(replaces=True),
        "mapPublicIpOnLaunch": flag(default=False),
        "tags": TAGS,
        "vpcId": text(required=True, replaces=True),
    },
    outputs=("arn", "ipv6CidrBlockAssociationId", "ownerId"),
    create=_create_subnet,
    read=_read_subnet,
    update=_update_subnet,
    delete=_delete_subnet,
    rules=_zone_rules,
    identity=("vpcId", "cidrBlock"),
    verified=True,
)

TYPES = (VPC, SUBNET)
