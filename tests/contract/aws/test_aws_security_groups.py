"""Rules of a security group keep what they were told.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html.
"""

from typing import Any
from uuid import uuid4

import pytest

from tests.contract.aws.harness import ContractAws


@pytest.mark.diverges
def test_a_rule_about_another_group_keeps_its_description(aws: ContractAws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    try:
        group: Any = ec2.create_security_group(GroupName=f"contract-{uuid4()}", Description="a", VpcId=vpc)["GroupId"]
        pair = {"GroupId": group, "Description": "from itself"}
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [pair]}
        made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"]
        rules = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made[0]["SecurityGroupRuleId"]])
        assert rules["SecurityGroupRules"][0]["Description"] == "from itself"
    finally:
        ec2.delete_security_group(GroupId=group)
        ec2.delete_vpc(VpcId=vpc)
