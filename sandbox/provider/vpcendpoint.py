"""Amazon VPC: endpoints, by which a private network reaches a service of AWS."""

from typing import Any

from sandbox.provider.ec2tags import specification, update_tags
from sandbox.provider.naming import tag_map
from sandbox.provider.resource import TAGS, Call, ResourceType, block, document, flag, strings, text
from sandbox.provider.values import Props

_MEMBERS = {"routeTableIds": "RouteTableIds", "securityGroupIds": "SecurityGroupIds", "subnetIds": "SubnetIds"}
_GONE = frozenset({"deleted", "deleting", "rejected", "failed"})


def _create(call: Call) -> str:
    answer = call.client("ec2").create_vpc_endpoint(
        **call.given(
            VpcId="vpcId",
            ServiceName="serviceName",
            VpcEndpointType="vpcEndpointType",
            PolicyDocument="policy",
            PrivateDnsEnabled="privateDnsEnabled",
            **{aws: name for name, aws in _MEMBERS.items()},
        ),
        **_dns(call),
        **specification("vpc-endpoint", call),
    )
    return str(answer["VpcEndpoint"]["VpcEndpointId"])


def _dns(call: Call) -> Props:
    asked = (call.new.get("dnsOptions") or {}).get("privateDnsOnlyForInboundResolverEndpoint")
    return {} if asked is None else {"DnsOptions": {"PrivateDnsOnlyForInboundResolverEndpoint": asked}}


def _read(call: Call) -> Props | None:
    ec2 = call.client("ec2")
    endpoint = ec2.describe_vpc_endpoints(VpcEndpointIds=[call.id])["VpcEndpoints"][0]
    # EC2 keeps a deleted endpoint visible for a while.
    if endpoint["State"].lower() in _GONE:
        return None
    service, owner = endpoint["ServiceName"], endpoint.get("OwnerId") or call.aws.account
    prefix_list = _prefix_list(ec2, service) if endpoint["VpcEndpointType"] == "Gateway" else {}
    return {
        "arn": f"arn:{call.aws.partition}:ec2:{call.aws.region}:{owner}:vpc-endpoint/{call.id}",
        "vpcId": endpoint["VpcId"],
        "serviceName": service,
        "vpcEndpointType": endpoint["VpcEndpointType"],
        "policy": endpoint.get("PolicyDocument"),
        "privateDnsEnabled": endpoint.get("PrivateDnsEnabled") or False,
        "routeTableIds": sorted(endpoint.get("RouteTableIds") or []),
        "securityGroupIds": sorted(group["GroupId"] for group in endpoint.get("Groups") or []),
        "subnetIds": sorted(endpoint.get("SubnetIds") or []),
        "networkInterfaceIds": sorted(endpoint.get("NetworkInterfaceIds") or []),
        "dnsEntries": [
            {"dnsName": entry.get("DnsName", ""), "hostedZoneId": entry.get("HostedZoneId", "")}
            for entry in endpoint.get("DnsEntries") or []
        ],
        "prefixListId": prefix_list.get("PrefixListId") or "",
        "cidrBlocks": prefix_list.get("Cidrs") or [],
        "ownerId": owner,
        "requesterManaged": endpoint.get("RequesterManaged") or False,
        "state": endpoint["State"],
        "tags": tag_map(endpoint.get("Tags")),
    }


def _prefix_list(ec2: Any, service: str) -> Props:
    """The addresses of the service behind a gateway endpoint."""
    found: list[Props] = ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [service]}])[
        "PrefixLists"
    ]
    return next((item for item in found if item["PrefixListName"] == service), {})


def _update(call: Call) -> None:
    change: dict[str, Any] = {}
    for name, aws in _MEMBERS.items():
        if call.changed(name) and call.new.get(name) is not None:
            before = set(call.state.get(name) or call.old.get(name) or [])
            after = set(call.new[name])
            moves = {f"Add{aws}": sorted(after - before), f"Remove{aws}": sorted(before - after)}
            change |= {key: ids for key, ids in moves.items() if ids}
    if call.changed("policy"):
        change |= call.given(PolicyDocument="policy") or {"ResetPolicy": True}
    if call.changed("privateDnsEnabled"):
        change |= call.given(PrivateDnsEnabled="privateDnsEnabled")
    if call.changed("dnsOptions"):
        change |= _dns(call)
    if change:
        call.client("ec2").modify_vpc_endpoint(VpcEndpointId=call.id, **change)
    update_tags(call)


def _delete(call: Call) -> None:
    call.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[call.id])


VPC_ENDPOINT = ResourceType(
    type_name="aws:ec2/vpcEndpoint:VpcEndpoint",
    inputs={
        # moto has no DNS and forgets it.
        "dnsOptions": block({"privateDnsOnlyForInboundResolverEndpoint": flag()}, unreadable=True),
        "policy": document(computed=True),
        "privateDnsEnabled": flag(computed=True),
        "routeTableIds": strings(computed=True),
        "securityGroupIds": strings(computed=True),
        "serviceName": text(required=True, replaces=True),
        "subnetIds": strings(computed=True),
        "tags": TAGS,
        "vpcEndpointType": text(
            default="Gateway", allowed=frozenset({"Gateway", "Interface", "GatewayLoadBalancer"}), replaces=True
        ),
        "vpcId": text(required=True, replaces=True),
    },
    outputs=(
        *("arn", "cidrBlocks", "dnsEntries", "networkInterfaceIds", "ownerId", "prefixListId"),
        *("requesterManaged", "state"),
    ),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    volatile=("networkInterfaceIds", "state"),
    verified=True,
)

TYPES = (VPC_ENDPOINT,)
