"""The cluster that the sandbox's account has before the stack is deployed."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.access.trust import function_trust
from sandbox.aws import process as aws
from sandbox.cluster import make_cluster
from sandbox.identity import ADMINISTRATOR_IDENTITY


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[aws.LocalAws]:
    running = aws.start(tmp_path / "aws", account="222233334444", region="us-east-1")
    yield running
    aws.stop(tmp_path / "aws")


def test_the_cluster_is_made_once_and_takes_pod_identities(cloud: aws.LocalAws) -> None:
    for _ in range(2):
        make_cluster(cloud, "llm-observatory-staging")
    eks = ADMINISTRATOR_IDENTITY.client(cloud, "eks")
    assert eks.list_clusters()["clusters"] == ["llm-observatory-staging"]
    trust = json.dumps(function_trust())
    role = ADMINISTRATOR_IDENTITY.client(cloud, "iam").create_role(RoleName="pod", AssumeRolePolicyDocument=trust)
    made = eks.create_pod_identity_association(
        clusterName="llm-observatory-staging", namespace="n", serviceAccount="s", roleArn=role["Role"]["Arn"]
    )
    assert made["association"]["serviceAccount"] == "s"
