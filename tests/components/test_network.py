"""Functions reach what they rotate and AWS, nothing reaches them, and AWS is reached on private ways alone."""

import json
import re
from typing import Any

from catalog import load
from catalog.network import Endpoints
from components.aws.network import SERVICES, FunctionNetwork, FunctionNetworkArgs
from components.aws.rotation import INTERNET
from tests.components.recording import RecordingMocks, record

STAGING = load.environment("staging")
GROUP, ENDPOINT = "aws:ec2/securityGroup:SecurityGroup", "aws:ec2/vpcEndpoint:VpcEndpoint"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
ISSUERS = {(443, "0.0.0.0/0"), (587, "0.0.0.0/0")}
EGRESS = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def declared(**changed: Any) -> RecordingMocks:
    network = STAGING.network.model_copy(update=changed)
    environment = STAGING.model_copy(update={"network": network})
    return record(lambda: FunctionNetwork("network", FunctionNetworkArgs(environment=environment)))


def ways_out(recorded: RecordingMocks) -> set[tuple[int, str]]:
    """Port and destination of every rule by which the functions' groups let out."""
    for rule in recorded.of(EGRESS).values():
        assert rule["securityGroupId"] in ("functions-id", "functions-internet-id")
        assert (rule["ipProtocol"], rule["fromPort"]) == ("tcp", rule["toPort"])
    return {
        (rule["fromPort"], rule.get("cidrIpv4") or rule["referencedSecurityGroupId"])
        for rule in recorded.of(EGRESS).values()
    }


def test_the_functions_reach_the_database_the_cache_and_the_endpoints_and_nothing_else() -> None:
    recorded = declared(cidrs=["10.20.0.0/16", "10.30.0.0/16"])
    assert ways_out(recorded) == {
        (5432, "10.20.0.0/16"),
        (5432, "10.30.0.0/16"),
        (6379, "10.20.0.0/16"),
        (6379, "10.30.0.0/16"),
        (443, "endpoints-id"),
        *ISSUERS,
    }
    for group in recorded.of(GROUP).values():
        assert group["vpcId"] == STAGING.network.vpc_id
        assert "ingress" not in group
        assert "egress" not in group


def test_nothing_reaches_the_functions_and_only_the_functions_reach_the_endpoints() -> None:
    rules = declared().of(INGRESS).values()
    assert {rule["referencedSecurityGroupId"] for rule in rules} == {"functions-id", "functions-internet-id"}
    for rule in rules:
        assert rule["securityGroupId"] == "endpoints-id"
        assert (rule["ipProtocol"], rule["fromPort"], rule["toPort"]) == ("tcp", 443, 443)


def test_only_the_group_of_what_others_issue_reaches_the_internet() -> None:
    to_everywhere = [rule for rule in declared().of(EGRESS).values() if rule.get("cidrIpv4") == "0.0.0.0/0"]
    assert {rule["securityGroupId"] for rule in to_everywhere} == {"functions-internet-id"}


def test_a_grafana_on_a_port_of_its_own_is_reached_there() -> None:
    services = STAGING.services.model_copy(
        update={"grafana": STAGING.services.grafana.model_copy(update={"url": "https://grafana.internal:3000"})}
    )
    recorded = record(
        lambda: FunctionNetwork(
            "network", FunctionNetworkArgs(environment=STAGING.model_copy(update={"services": services}))
        )
    )
    assert (3000, "0.0.0.0/0") in ways_out(recorded)


def test_every_service_that_functions_call_has_a_private_endpoint_for_this_account_alone() -> None:
    endpoints = declared().of(ENDPOINT)
    assert {"secretsmanager", "kms", "logs", "sns", "sts", "s3"} <= set(SERVICES)
    assert endpoints.keys() == set(SERVICES)
    for service, inputs in endpoints.items():
        assert inputs["serviceName"] == f"com.amazonaws.{STAGING.region}.{service}"
        assert inputs["vpcEndpointType"] == "Interface"
        assert inputs["privateDnsEnabled"] is True
        assert inputs["subnetIds"] == STAGING.network.subnet_ids
        assert inputs["securityGroupIds"] == ["endpoints-id"]
        (statement,) = json.loads(inputs["policy"])["Statement"]
        assert statement["Effect"] == "Allow"
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": STAGING.account}}


def test_no_function_calls_a_service_that_has_no_endpoint() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for path in (load.ROOT / "lambdas").rglob("*.py")
        if not path.name.startswith(tuple(f"{target}_" for target in INTERNET))
    ]
    called = {service for source in sources for service in re.findall(r'boto3\.client\(\s*"(\w+)"', source)}
    assert "secretsmanager" in called
    assert {{"cloudwatch": "monitoring"}.get(service, service) for service in called} <= set(SERVICES)


def test_the_endpoint_of_s3_needs_no_gateway_beside_it() -> None:
    endpoints = declared().of(ENDPOINT)
    assert endpoints["s3"]["dnsOptions"] == {"privateDnsOnlyForInboundResolverEndpoint": False}
    assert "dnsOptions" not in endpoints["kms"]


def test_a_vpc_with_endpoints_of_its_own_gets_none_and_443_is_open() -> None:
    recorded = declared(endpoints=Endpoints.EXISTING, cidrs=["10.20.0.0/16"])
    assert not recorded.of(ENDPOINT)
    assert recorded.of(GROUP).keys() == {"functions", "functions-internet"}
    assert ways_out(recorded) == {(5432, "10.20.0.0/16"), (6379, "10.20.0.0/16"), *ISSUERS}


def test_a_database_and_a_cache_on_one_port_share_a_rule() -> None:
    same = STAGING.model_copy(update={"cache": STAGING.cache.model_copy(update={"port": STAGING.database.port})})
    recorded = record(lambda: FunctionNetwork("network", FunctionNetworkArgs(environment=same)))
    assert len(recorded.of(EGRESS)) == len(STAGING.network.cidrs) + 1 + len(ISSUERS)
