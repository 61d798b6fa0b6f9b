"""EKS's pod identity associations.

Sources: https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html and
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html.
"""

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.harness import ContractAws

pytestmark = pytest.mark.diverges
ROLE = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, '
    '"Action": ["sts:AssumeRole", "sts:TagSession"]}]}'
)


class Cluster:
    """A cluster, and associations in it."""

    def __init__(self, aws: ContractAws) -> None:
        if aws.kind == "real":
            pytest.skip("a cluster takes ten minutes and costs money")
        self.eks, iam, ec2 = aws.client("eks"), aws.client("iam"), aws.client("ec2")
        self.name = f"contract-{uuid.uuid4().hex[:12]}"
        self.role = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=ROLE)["Role"]["Arn"]
        subnets = [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"][:2]]
        self.eks.create_cluster(name=self.name, roleArn=self.role, resourcesVpcConfig={"subnetIds": subnets})

    def associate(self, **changes: Any) -> Any:
        asked = {"namespace": "app", "serviceAccount": "reader", "roleArn": self.role, **changes}
        return self.eks.create_pod_identity_association(clusterName=self.name, **asked)["association"]


@pytest.fixture
def cluster(aws: ContractAws) -> Cluster:
    return Cluster(aws)


def test_an_association_is_described_and_listed_by_its_service_account(cluster: Cluster) -> None:
    made = cluster.associate(tags={"a": "1"})
    cluster.associate(serviceAccount="writer")
    found = cluster.eks.describe_pod_identity_association(clusterName=cluster.name, associationId=made["associationId"])
    assert found["association"]["roleArn"] == cluster.role
    assert found["association"]["tags"] == {"a": "1"}
    listed = cluster.eks.list_pod_identity_associations(clusterName=cluster.name, serviceAccount="reader")
    assert [item["associationArn"] for item in listed["associations"]] == [made["associationArn"]]


def test_a_service_account_has_one_association(cluster: Cluster) -> None:
    cluster.associate()
    with pytest.raises(ClientError, match="ResourceInUseException"):
        cluster.associate()


def test_a_role_behind_the_role_gets_an_external_id_to_trust(cluster: Cluster) -> None:
    made = cluster.associate()
    target = "arn:aws:iam::111122223333:role/elsewhere"
    changed = cluster.eks.update_pod_identity_association(
        clusterName=cluster.name, associationId=made["associationId"], targetRoleArn=target
    )["association"]
    assert changed["targetRoleArn"] == target
    assert changed["externalId"].endswith(f"/{cluster.name}/app/reader")


@pytest.mark.parametrize("missing", ["cluster", "association"])
def test_what_does_not_exist_is_not_found(cluster: Cluster, missing: str) -> None:
    made = cluster.associate()
    name = cluster.name if missing == "association" else "no-such-cluster"
    identity = made["associationId"] if missing == "cluster" else "a-00000000000000000"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cluster.eks.describe_pod_identity_association(clusterName=name, associationId=identity)


def test_a_deleted_association_is_gone(cluster: Cluster) -> None:
    made = cluster.associate()
    place = {"clusterName": cluster.name, "associationId": made["associationId"]}
    cluster.eks.delete_pod_identity_association(**place)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cluster.eks.describe_pod_identity_association(**place)
