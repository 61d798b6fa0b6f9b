"""Who reads secrets."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from catalog.base import Model, SecretName


class Platform(StrEnum):
    """What a consumer runs on, and so how it becomes its role."""

    EC2 = "ec2"
    ECS = "ecs"
    EKS_SERVICE_ACCOUNT = "eks-service-account"
    EKS_POD_IDENTITY = "eks-pod-identity"
    LAMBDA = "lambda"
    GITHUB = "github"


class Consumer(Model):
    """A process that reads secrets."""

    name: SecretName
    description: str
    runs_on: Platform
    cache_seconds: int = Field(ge=0, description="longest time that it keeps a value without asking again")
