"""What single types refuse, replace or hand on, beyond the life that every type has."""

import re
from typing import Any

import pytest

from sandbox.provider.network import VPC
from sandbox.provider.signingprofile import SIGNING_PROFILE
from tests.sandbox.provider.driver import Driver

FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
RULE = {"protocol": "tcp", "fromPort": 443, "toPort": 443}


@pytest.mark.parametrize(
    ("type_name", "inputs", "reason"),
    [
        (GROUP, {"ingress": [RULE]}, "allows nobody"),
        (INGRESS, {"securityGroupId": "sg-1", "ipProtocol": "-1"}, "exactly one of cidrIpv4"),
        (INGRESS, {"securityGroupId": "sg-1", "ipProtocol": "tcp", "cidrIpv4": "10.0.0.0/8"}, "'fromPort' is needed"),
        (FUNCTION, {"role": "r"}, "exactly one of 'code' and 's3Bucket'"),
        (FUNCTION, {"role": "r", "s3Bucket": "b"}, "'s3Bucket' and 's3Key' go together"),
        (
            "aws:lambda/alias:Alias",
            {
                "functionName": "f",
                "functionVersion": "1",
                "name": "n",
                "routingConfig": {"additionalVersionWeights": {"2": "half"}},
            },
            "has to be a map of numbers",
        ),
        (
            "aws:ec2/subnet:Subnet",
            {
                "vpcId": "v",
                "cidrBlock": "10.0.0.0/24",
                "availabilityZone": "us-east-1a",
                "availabilityZoneId": "use1-az1",
            },
            "exclude each other",
        ),
        (ENDPOINT, {"vpcId": "v", "serviceName": "s", "ipAddressType": "dualstack"}, "no property 'ipAddressType'"),
    ],
)
def test_inputs_that_cannot_be_are_refused_before_anything_is_made(
    driver: Any, refused: type[Exception], type_name: str, inputs: dict[str, Any], reason: str
) -> None:
    with pytest.raises(refused, match=re.escape(reason)):
        driver.check(type_name, inputs)


def test_a_new_group_sends_nowhere_until_the_program_says_so(driver: Any, around: Any, aws: Any) -> None:
    group = aws("ec2").describe_security_groups(GroupIds=[around.group])["SecurityGroups"][0]
    assert group["IpPermissionsEgress"] == []


def test_rules_that_aws_merges_are_no_difference(driver: Any, around: Any) -> None:
    apart = [{**RULE, "cidrBlocks": ["10.0.0.0/16"]}, {**RULE, "cidrBlocks": ["10.1.0.0/16"], "self": True}]
    inputs = {"vpcId": around.vpc, "ingress": apart}
    made = driver.create(GROUP, inputs)
    assert not driver.diff(driver.read(made), inputs).diffs


def test_another_kind_of_source_replaces_a_rule_and_another_source_does_not(driver: Any, around: Any) -> None:
    rule = {"securityGroupId": around.group, "ipProtocol": "tcp", "fromPort": 1, "toPort": 2}
    made = driver.create(INGRESS, {**rule, "cidrIpv4": "10.0.0.0/16"})
    assert not driver.diff(made, {**rule, "cidrIpv4": "10.1.0.0/16"}).replaces
    other = driver.diff(made, {**rule, "referencedSecurityGroupId": around.group})
    assert set(other.replaces) == {"cidrIpv4", "referencedSecurityGroupId"}


def test_a_network_leaves_dedicated_tenancy_in_place_and_enters_it_anew() -> None:
    assert VPC.replacing({"instanceTenancy": "default"}, {"instanceTenancy": "dedicated"}) == {"instanceTenancy"}
    assert not VPC.replacing({"instanceTenancy": "dedicated"}, {"instanceTenancy": "default"})


def test_what_the_local_aws_drops_is_an_error_at_once(driver: Any, around: Any, refused: type[Exception]) -> None:
    inputs = {"vpcId": around.vpc, "serviceName": "com.amazonaws.us-east-1.kms", "vpcEndpointType": "Interface"}
    made = driver.create(ENDPOINT, {**inputs, "privateDnsEnabled": True})
    with pytest.raises(refused, match=r"the local AWS took 'privateDnsEnabled' .* and did not keep it"):
        driver.update(made, {**inputs, "privateDnsEnabled": False})


def test_the_token_of_a_grant_is_an_output_although_aws_shows_it_once(driver: Any, around: Any) -> None:
    inputs = {"keyId": around.key, "granteePrincipal": around.role.outputs["arn"], "operations": ["Decrypt"]}
    made = driver.create("aws:kms/grant:Grant", inputs)
    assert made.outputs["grantToken"]
    assert driver.read(made).outputs["grantToken"] == made.outputs["grantToken"]


def test_a_function_that_publishes_has_a_new_version_after_each_change(driver: Any, around: Any) -> None:
    inputs = {"code": around.code, "role": around.role.outputs["arn"], "handler": "handler.handle"}
    inputs |= {"runtime": "python3.11", "publish": True}
    made = driver.create(FUNCTION, inputs)
    assert made.outputs["version"] == "1"
    changed = driver.update(made, {**inputs, "timeout": 9})
    assert changed.outputs["version"] == "2"
    assert changed.outputs["qualifiedArn"] == f"{changed.outputs['arn']}:2"


def test_the_name_of_a_signing_profile_has_no_hyphen(driver: Driver) -> None:
    made = driver.check(SIGNING_PROFILE.type_name, {"platformId": "AWSLambda-SHA384-ECDSA"})
    assert re.fullmatch(r"it_[0-9a-f]{7}", made["name"])


@pytest.mark.layered
def test_a_function_under_enforce_takes_signed_code_and_no_other(
    driver: Any, around: Any, refused: type[Exception]
) -> None:
    config = driver.create(
        "aws:lambda/codeSigningConfig:CodeSigningConfig",
        {
            "allowedPublishers": {"signingProfileVersionArns": [around.profile.outputs["versionArn"]]},
            "policies": {"untrustedArtifactOnDeployment": "Enforce"},
        },
    )
    inputs = {"role": around.role.outputs["arn"], "handler": "handler.handle", "runtime": "python3.11"}
    inputs["codeSigningConfigArn"] = config.id
    with pytest.raises(refused, match="CodeVerificationFailedException"):
        driver.create(FUNCTION, {**inputs, "code": around.code})
    job = driver.create(
        "aws:signer/signingJob:SigningJob",
        {
            "profileName": around.profile.id,
            "source": {"s3": around.uploaded},
            "destination": {"s3": {"bucket": around.versioned_bucket}},
        },
    )
    place = job.outputs["signedObjects"][0]["s3s"][0]
    made = driver.create(FUNCTION, {**inputs, "s3Bucket": place["bucket"], "s3Key": place["key"]})
    assert made.outputs["signingProfileVersionArn"] == around.profile.outputs["versionArn"]
    assert made.outputs["signingJobArn"].endswith(job.id)
    found = driver.read(made)
    assert found.outputs["codeSigningConfigArn"] == config.id


def test_an_id_that_cannot_be_imported_says_its_form(driver: Any, refused: type[Exception]) -> None:
    for type_name in (
        "aws:kms/grant:Grant",
        "aws:lambda/alias:Alias",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
    ):
        with pytest.raises(refused, match="form"):
            driver.adopt(type_name, "nothing")
