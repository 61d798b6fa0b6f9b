"""The private network that the sandbox's account has before the stack is deployed."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import vpc
from sandbox.aws import process as aws


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[aws.LocalAws]:
    running = aws.start(tmp_path / "aws", account="222233334444", region="us-east-1")
    yield running
    aws.stop(tmp_path / "aws")


def test_the_network_has_two_subnets_and_is_the_same_when_asked_again(cloud: aws.LocalAws) -> None:
    first = vpc.network(cloud)
    subnets = first["subnet_ids"]
    assert isinstance(subnets, list)
    assert len(set(subnets)) == 2
    assert vpc.network(cloud) == first
    assert all(
        ipaddress.IPv4Network(block).subnet_of(ipaddress.IPv4Network(vpc.RANGE)) for block in vpc.SUBNETS.values()
    )
