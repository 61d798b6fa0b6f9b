"""Amazon EC2: single rules of a security group, each with an id and tags of its own."""

from collections.abc import Iterator
from typing import Any

from sandbox.provider.ec2tags import specification, update_tags
from sandbox.provider.naming import tag_map
from sandbox.provider.resource import TAGS, Call, Failure, ResourceType, number, text
from sandbox.provider.securitygroup import protocol_name
from sandbox.provider.values import Props

_ALL = "-1"
# A source's property, and how EC2 takes it in a permission: the list, and the field within.
_SOURCES = {
    "cidrIpv4": ("IpRanges", "CidrIp"),
    "cidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "prefixListId": ("PrefixListIds", "PrefixListId"),
    "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId"),
}


def _source(inputs: Props) -> str:
    return next((name for name in _SOURCES if inputs.get(name) is not None), "")


def _ports(inputs: Props) -> Props:
    if protocol_name(inputs["ipProtocol"]) == _ALL:
        return {}
    return {"FromPort": inputs["fromPort"], "ToPort": inputs["toPort"]}


def _create(call: Call, direction: str) -> str:
    new, source = call.new, _source(call.new)
    listed, name = _SOURCES[source]
    permission = {
        "IpProtocol": protocol_name(new["ipProtocol"]),
        **_ports(new),
        listed: [{name: new[source], **call.given(Description="description")}],
    }
    answer = getattr(call.client("ec2"), f"authorize_security_group_{direction}")(
        GroupId=new["securityGroupId"], IpPermissions=[permission], **specification("security-group-rule", call)
    )
    return str(answer["SecurityGroupRules"][0]["SecurityGroupRuleId"])


def _read(call: Call, *, is_egress: bool) -> Props | None:
    rules = call.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[call.id])["SecurityGroupRules"]
    if not rules or rules[0]["IsEgress"] != is_egress:
        return None
    rule = rules[0]
    every, owner = rule["IpProtocol"] == _ALL, rule.get("GroupOwnerId") or call.aws.account
    given = str(call.new.get("ipProtocol") or rule["IpProtocol"])
    return {
        "arn": f"arn:{call.aws.partition}:ec2:{call.aws.region}:{owner}:security-group-rule/{call.id}",
        "securityGroupRuleId": call.id,
        "securityGroupId": rule["GroupId"],
        # A protocol may be given by number; the name that EC2 answers with means the same.
        "ipProtocol": given if protocol_name(given) == rule["IpProtocol"] else rule["IpProtocol"],
        "fromPort": None if every else rule["FromPort"],
        "toPort": None if every else rule["ToPort"],
        "cidrIpv4": rule.get("CidrIpv4"),
        "cidrIpv6": rule.get("CidrIpv6"),
        "prefixListId": rule.get("PrefixListId"),
        "referencedSecurityGroupId": (rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
        "description": rule.get("Description"),
        "tags": tag_map(rule.get("Tags")),
    }


def _update(call: Call) -> None:
    new, source = call.new, _source(call.new)
    if call.changed(*_SOURCES, "description", "fromPort", "ipProtocol", "toPort"):
        name = {"cidrIpv4": "CidrIpv4", "cidrIpv6": "CidrIpv6", "prefixListId": "PrefixListId"}
        rule: dict[str, Any] = {
            "IpProtocol": protocol_name(new["ipProtocol"]),
            "FromPort": -1,
            "ToPort": -1,
            **_ports(new),
            name.get(source, "ReferencedGroupId"): new[source],
            "Description": new.get("description", ""),
        }
        call.client("ec2").modify_security_group_rules(
            GroupId=new["securityGroupId"],
            SecurityGroupRules=[{"SecurityGroupRuleId": call.id, "SecurityGroupRule": rule}],
        )
    update_tags(call)


def _delete(call: Call, direction: str) -> None:
    getattr(call.client("ec2"), f"revoke_security_group_{direction}")(
        GroupId=call.state["securityGroupId"], SecurityGroupRuleIds=[call.id]
    )


def _rules(inputs: Props) -> Iterator[Failure]:
    given = [name for name in _SOURCES if name in inputs]
    if len(given) != 1:
        yield "cidrIpv4", f"a rule has one source; give exactly one of {', '.join(sorted(_SOURCES))}"
    protocol = inputs.get("ipProtocol")
    if isinstance(protocol, str) and protocol_name(protocol) != _ALL:
        for port in ("fromPort", "toPort"):
            if port not in inputs:
                yield port, f"'{port}' is needed, as 'ipProtocol' is '{protocol}' and not '-1' (all)"


def _other_kind(old: Props, new: Props) -> frozenset[str]:
    """A rule keeps the kind of its source for life (API_ModifySecurityGroupRules)."""
    before, after = _source(old), _source(new)
    return frozenset() if before == after else frozenset({before, after})


def _rule_type(direction: str, *, is_egress: bool) -> ResourceType:
    title = direction.capitalize()
    return ResourceType(
        type_name=f"aws:vpc/securityGroup{title}Rule:SecurityGroup{title}Rule",
        inputs={
            **{name: text() for name in _SOURCES},
            "description": text(),
            "fromPort": number(),
            "ipProtocol": text(required=True),
            "securityGroupId": text(required=True, replaces=True),
            "tags": TAGS,
            "toPort": number(),
        },
        outputs=("arn", "securityGroupRuleId"),
        create=lambda call: _create(call, direction),
        read=lambda call: _read(call, is_egress=is_egress),
        update=_update,
        delete=lambda call: _delete(call, direction),
        rules=_rules,
        replacing=_other_kind,
        verified=True,
    )


INGRESS = _rule_type("ingress", is_egress=False)
EGRESS = _rule_type("egress", is_egress=True)

TYPES = (INGRESS, EGRESS)
