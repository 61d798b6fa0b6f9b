"""Replicas. Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html."""

import pytest
from botocore.exceptions import ClientError

from tests.contract.aws.actors import deny, document, refused
from tests.contract.aws.harness import ContractAws, error_of, eventually

OTHER = "us-west-2"


def _in_sync(aws: ContractAws, secret: str) -> bool:
    status = aws.sm.describe_secret(SecretId=secret).get("ReplicationStatus", [])
    return [(item["Region"], item["Status"]) for item in status] == [(OTHER, "InSync")]


@pytest.mark.diverges
def test_a_replica_follows_its_primary_and_refuses_writes(aws: ContractAws) -> None:
    """Source: userguide/replicate-secrets.html."""
    secret = aws.secret(AddReplicaRegions=[{"Region": OTHER}])
    eventually(lambda: _in_sync(aws, secret))
    replica = aws.client("secretsmanager", OTHER)
    version = aws.sm.put_secret_value(SecretId=secret, SecretString="second")["VersionId"]
    eventually(lambda: replica.get_secret_value(SecretId=secret)["VersionId"] == version)
    with pytest.raises(ClientError) as caught:
        replica.put_secret_value(SecretId=secret, SecretString="third")
    assert error_of(caught.value)[0] == "InvalidRequestException"
    aws.sm.remove_regions_from_replication(SecretId=secret, RemoveReplicaRegions=[OTHER])


@pytest.mark.diverges
def test_a_replica_has_the_policy_of_its_primary(aws: ContractAws) -> None:
    """Source: userguide/replicate-secrets.html: "metadata such as tags and resource policies"."""
    secret = aws.secret()
    policy = document({**deny("secretsmanager:GetSecretValue"), "Principal": "*"})
    aws.sm.put_resource_policy(SecretId=secret, ResourcePolicy=policy)
    aws.sm.replicate_secret_to_regions(SecretId=secret, AddReplicaRegions=[{"Region": OTHER}])
    eventually(lambda: _in_sync(aws, secret))
    replica = aws.client("secretsmanager", OTHER)
    assert refused(replica.get_secret_value, SecretId=secret)[0] == "AccessDeniedException"
    aws.sm.delete_resource_policy(SecretId=secret)
    eventually(lambda: replica.get_resource_policy(SecretId=secret).get("ResourcePolicy") is None)
    assert replica.get_secret_value(SecretId=secret)["SecretString"] == "first"
    aws.sm.remove_regions_from_replication(SecretId=secret, RemoveReplicaRegions=[OTHER])


@pytest.mark.diverges
def test_a_promoted_replica_stands_alone(aws: ContractAws) -> None:
    """Source: API_StopReplicationToReplica.html."""
    secret = aws.secret(AddReplicaRegions=[{"Region": OTHER}])
    eventually(lambda: _in_sync(aws, secret))
    other = aws.client("secretsmanager", OTHER)
    other.stop_replication_to_replica(SecretId=secret)
    other.put_secret_value(SecretId=secret, SecretString="own")
    assert aws.sm.get_secret_value(SecretId=secret)["SecretString"] == "first"
    other.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def test_a_replicated_primary_cannot_be_deleted(aws: ContractAws) -> None:
    """Source: API_DeleteSecret.html: "You can't delete a primary secret that is replicated to other Regions"."""
    secret = aws.secret(AddReplicaRegions=[{"Region": OTHER}])
    eventually(lambda: _in_sync(aws, secret))
    with pytest.raises(ClientError):
        aws.sm.delete_secret(SecretId=secret)
    aws.sm.remove_regions_from_replication(SecretId=secret, RemoveReplicaRegions=[OTHER])
