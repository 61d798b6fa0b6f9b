"""The Kubernetes cluster of a sandbox's account: only what EKS's API says of it, as no pod runs here."""

from __future__ import annotations

from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY


def make_cluster(cloud: LocalAws, name: str) -> None:
    """Makes the cluster when it is missing: on AWS its owner has it before anybody gives its pods a role."""
    eks = ADMINISTRATOR_IDENTITY.client(cloud, "eks")
    if name not in eks.list_clusters()["clusters"]:
        role = f"arn:aws:iam::{cloud.account}:role/{name}"
        eks.create_cluster(name=name, roleArn=role, resourcesVpcConfig={})
