"""The lifecycles of the network's types. `adopted` ids are what `pulumi import` takes."""

from typing import Any

from tests.sandbox.provider.case import Case

_OPEN = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.20.0.0/16"]}
_ALL_OUT = {"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}


def _by_hand(aws: Any, made: Any) -> str:
    aws("ec2").revoke_security_group_egress(
        GroupId=made.id, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    return "egress"


def _rule_by_hand(aws: Any, made: Any) -> str:
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "CidrIpv4": "0.0.0.0/0", "Description": "database"}
    change = [{"SecurityGroupRuleId": made.id, "SecurityGroupRule": rule}]
    aws("ec2").modify_security_group_rules(GroupId=made.outputs["securityGroupId"], SecurityGroupRules=change)
    return "cidrIpv4"


def _dns_by_hand(aws: Any, made: Any) -> str:
    aws("ec2").modify_vpc_attribute(VpcId=made.id, EnableDnsHostnames={"Value": False})
    return "enableDnsHostnames"


def _public_by_hand(aws: Any, made: Any) -> str:
    aws("ec2").modify_subnet_attribute(SubnetId=made.id, MapPublicIpOnLaunch={"Value": True})
    return "mapPublicIpOnLaunch"


def _endpoint_by_hand(aws: Any, made: Any) -> str:
    groups = made.outputs["securityGroupIds"]
    aws("ec2").modify_vpc_endpoint(VpcEndpointId=made.id, RemoveSecurityGroupIds=groups)
    return "securityGroupIds"


NETWORK_CASES: dict[str, Case] = {
    "aws:ec2/vpc:Vpc": Case(
        create=lambda _s: {"cidrBlock": "10.20.0.0/16", "enableDnsHostnames": True, "tags": {"a": "1"}},
        change={"enableDnsSupport": False, "enableDnsHostnames": False, "tags": {"b": "2"}},
        replace={"cidrBlock": "10.30.0.0/16", "instanceTenancy": "dedicated"},
        drift=_dns_by_hand,
    ),
    "aws:ec2/subnet:Subnet": Case(
        create=lambda s: {
            "vpcId": s.vpc,
            "cidrBlock": "10.20.9.0/24",
            "availabilityZone": "us-east-1a",
            "tags": {"a": "1"},
        },
        change={"mapPublicIpOnLaunch": True, "tags": {"a": "2"}},
        replace={"availabilityZone": "us-east-1b"},
        drift=_public_by_hand,
    ),
    "aws:ec2/securityGroup:SecurityGroup": Case(
        create=lambda s: {
            "name": s.name,
            "vpcId": s.vpc,
            "ingress": [
                _OPEN,
                {"protocol": "tcp", "fromPort": 22, "toPort": 22, "self": True, "description": "inside"},
            ],
            "egress": [_ALL_OUT],
            "revokeRulesOnDelete": True,
            "tags": {"a": "1"},
        },
        change=lambda s: {
            "ingress": [{"protocol": "tcp", "fromPort": 5432, "toPort": 5432, "securityGroups": [s.group]}],
            "tags": {"a": "2"},
        },
        replace={"description": "other"},
        drift=_by_hand,
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Case(
        create=lambda s: {
            "securityGroupId": s.group,
            "ipProtocol": "tcp",
            "fromPort": 5432,
            "toPort": 5432,
            "cidrIpv4": "10.20.0.0/16",
            "description": "database",
            "tags": {"a": "1"},
        },
        change={"cidrIpv4": "10.20.1.0/24", "fromPort": 5433, "toPort": 5433, "tags": {"a": "2"}},
        replace={"securityGroupId": "sg-other"},
        drift=_rule_by_hand,
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Case(
        create=lambda s: {"securityGroupId": s.group, "ipProtocol": "-1", "cidrIpv4": "10.20.0.0/16"},
        change={"tags": {"a": "2"}},
        replace={"securityGroupId": "sg-other"},
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Case(
        create=lambda s: {
            "vpcId": s.vpc,
            "serviceName": "com.amazonaws.us-east-1.secretsmanager",
            "vpcEndpointType": "Interface",
            "privateDnsEnabled": True,
            "dnsOptions": {"privateDnsOnlyForInboundResolverEndpoint": False},
            "subnetIds": [s.subnet],
            "securityGroupIds": [s.group],
            "policy": s.allowing("secretsmanager:GetSecretValue"),
            "tags": {"a": "1"},
        },
        change=lambda s: {"policy": s.allowing("secretsmanager:DescribeSecret"), "tags": {"a": "2"}},
        replace={"serviceName": "com.amazonaws.us-east-1.kms"},
        drift=_endpoint_by_hand,
    ),
}
