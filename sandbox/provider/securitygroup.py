"""Amazon EC2: security groups, with the rules that are written inside them.

AWS merges and splits the rules of a group as it likes. So both sides are taken apart into single permissions (one
protocol, one range of ports, one source) before they are compared.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sandbox.provider.ec2tags import specification, update_tags
from sandbox.provider.naming import tag_map
from sandbox.provider.resource import (
    NAMED,
    TAGS,
    AutoName,
    Call,
    Kind,
    Property,
    ResourceType,
    blocks,
    flag,
    number,
    strings,
    text,
)
from sandbox.provider.values import Props

_ALL = "-1"
_PROTOCOLS = {"all": _ALL, "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
# The property of a rule, and where EC2 puts its values: the list, and the field within.
_SOURCES = {
    "cidrBlocks": ("IpRanges", "CidrIp"),
    "ipv6CidrBlocks": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListIds": ("PrefixListIds", "PrefixListId"),
    "securityGroups": ("UserIdGroupPairs", "GroupId"),
}


class Permission(NamedTuple):
    """One protocol, range of ports and source; the smallest thing that EC2 can allow."""

    protocol: str
    first: int
    last: int
    kind: str
    source: str
    description: str


def protocol_name(given: str) -> str:
    """EC2's own name of a protocol that may be given by number."""
    return _PROTOCOLS.get(given.lower(), given.lower())


def _asked(rules: Iterable[Props] | None, group: str) -> set[Permission]:
    found = set()
    for rule in rules or []:
        protocol = protocol_name(rule["protocol"])
        first, last = (0, 0) if protocol == _ALL else (rule["fromPort"], rule["toPort"])
        sources = [(name, value) for name in _SOURCES for value in rule.get(name) or []]
        if rule.get("self"):
            sources.append(("securityGroups", group))
        for kind, source in sources:
            found.add(Permission(protocol, first, last, kind, source, rule.get("description") or ""))
    return found


def _held(permissions: Iterable[Props]) -> set[Permission]:
    found = set()
    for item in permissions:
        protocol = protocol_name(item["IpProtocol"])
        first, last = (0, 0) if protocol == _ALL else (item.get("FromPort", 0), item.get("ToPort", 0))
        for kind, (listed, name) in _SOURCES.items():
            for source in item.get(listed) or []:
                found.add(Permission(protocol, first, last, kind, source[name], source.get("Description") or ""))
    return found


def _as_rules(permissions: set[Permission], group: str) -> list[Props]:
    """Permissions as a program would write them: what shares protocol, ports and description is one rule."""
    rules: dict[tuple[Any, ...], Props] = {}
    for item in sorted(permissions):
        key = (item.protocol, item.first, item.last, item.description)
        rule = rules.setdefault(key, {"protocol": item.protocol, "fromPort": item.first, "toPort": item.last})
        if item.description:
            rule["description"] = item.description
        if item.kind == "securityGroups" and item.source == group:
            rule["self"] = True
        else:
            rule.setdefault(item.kind, []).append(item.source)
    return list(rules.values())


def _to_aws(permission: Permission) -> Props:
    listed, name = _SOURCES[permission.kind]
    described = {"Description": permission.description} if permission.description else {}
    ports = {} if permission.protocol == _ALL else {"FromPort": permission.first, "ToPort": permission.last}
    return {"IpProtocol": permission.protocol, **ports, listed: [{name: permission.source, **described}]}


def _bring(call: Call, group: str, direction: str, before: set[Permission], after: set[Permission]) -> None:
    ec2 = call.client("ec2")
    # What changes only its description counts as another rule for EC2, and the same one cannot be there twice.
    for verb, permissions in (("revoke", before - after), ("authorize", after - before)):
        if permissions:
            act = getattr(ec2, f"{verb}_security_group_{direction}")
            act(GroupId=group, IpPermissions=[_to_aws(item) for item in sorted(permissions)])


def _create(call: Call) -> str:
    ec2, new = call.client("ec2"), call.new
    group = call.created(
        ec2.create_security_group(
            GroupName=new["name"],
            **call.given(Description="description", VpcId="vpcId"),
            **specification("security-group", call),
        )["GroupId"]
    )
    live = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    # A new group may send anywhere; the real provider takes that away, so that a program says what it needs.
    _bring(call, group, "egress", _held(live["IpPermissionsEgress"]), _asked(new.get("egress"), group))
    _bring(call, group, "ingress", _held(live["IpPermissions"]), _asked(new.get("ingress"), group))
    return group


def _read(call: Call) -> Props | None:
    group = call.client("ec2").describe_security_groups(GroupIds=[call.id])["SecurityGroups"][0]
    arn = f"arn:{call.aws.partition}:ec2:{call.aws.region}:{group['OwnerId']}:security-group/{call.id}"
    rules = {}
    for name, listed in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        held, given = _held(group[listed]), call.new.get(name)
        rules[name] = given if given and _asked(given, call.id) == held else _as_rules(held, call.id)
    return {
        **rules,
        "arn": arn,
        "description": group["Description"],
        "name": group["GroupName"],
        "ownerId": group["OwnerId"],
        "vpcId": group.get("VpcId"),
        "tags": tag_map(group.get("Tags")),
    }


def _update(call: Call) -> None:
    for direction in ("ingress", "egress"):
        if call.changed(direction) and call.new.get(direction) is not None:
            before, after = (_asked(side.get(direction), call.id) for side in (call.old, call.new))
            if direction not in call.old:
                before = _asked(call.state.get(direction), call.id)
            _bring(call, call.id, direction, before, after)
    update_tags(call)


def _delete(call: Call) -> None:
    ec2 = call.client("ec2")
    if call.state.get("revokeRulesOnDelete"):
        group = ec2.describe_security_groups(GroupIds=[call.id])["SecurityGroups"][0]
        _bring(call, call.id, "ingress", _held(group["IpPermissions"]), set())
        _bring(call, call.id, "egress", _held(group["IpPermissionsEgress"]), set())
    ec2.delete_security_group(GroupId=call.id)


def _rules(inputs: Props) -> Iterator[tuple[str, str]]:
    for name in ("ingress", "egress"):
        for index, rule in enumerate(inputs.get(name) or []):
            if isinstance(rule, dict) and not rule.get("self") and not any(rule.get(kind) for kind in _SOURCES):
                wanted = ", ".join(sorted(_SOURCES))
                yield f"{name}[{index}]", f"a rule of '{name}' allows nobody; give one of {wanted}, or 'self'"


_RULE = blocks(
    {
        "cidrBlocks": Property(kind=Kind.SET),
        "description": text(),
        "fromPort": number(required=True),
        "ipv6CidrBlocks": Property(kind=Kind.SET),
        "prefixListIds": Property(kind=Kind.SET),
        "protocol": text(required=True),
        "securityGroups": strings(),
        "self": flag(default=False),
        "toPort": number(required=True),
    },
    computed=True,
)

SECURITY_GROUP = ResourceType(
    type_name="aws:ec2/securityGroup:SecurityGroup",
    inputs={
        **NAMED,
        "description": text(default="Managed by Pulumi", replaces=True),
        "egress": _RULE,
        "ingress": _RULE,
        "revokeRulesOnDelete": flag(default=False, unreadable=True),
        "tags": TAGS,
        "vpcId": text(computed=True, replaces=True),
    },
    outputs=("arn", "ownerId"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    rules=_rules,
    identity=("name", "vpcId"),
    autoname=AutoName(max_length=255),
    verified=True,
)

TYPES = (SECURITY_GROUP,)
