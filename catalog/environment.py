"""An environment: the numbers and hosts that `Pulumi.<env>.yaml` gives, each checked."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from catalog.base import Model
from catalog.network import Network
from catalog.operations import Alerts, Audit, Backup
from catalog.services import Services

Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", max_length=253)]
Port = Annotated[int, Field(ge=1, le=65535)]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
# The retentions that CloudWatch Logs takes, from a year up (PCI DSS 4.0.1 clause 10.5.1 asks for twelve months):
# docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LogRetention = Literal[365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]


class Database(Model):
    """Where PostgreSQL listens, and whom its certificate must be signed by."""

    host: Host
    port: Port = 5432
    name: str = Field(pattern=r"^[a-z_][a-z0-9_]*$", max_length=63)
    ca_path: str = Field(description="file on a consumer's machine that holds the CA of the server's certificate")
    ca_pem: str | None = Field(default=None, description="that CA in PEM, for rotation; absent: the public ones")


class Cache(Model):
    """Where Redis listens, and whom its certificate must be signed by."""

    host: Host
    port: Port = 6379
    index: int = Field(default=0, ge=0)
    ca_pem: str | None = Field(default=None, description="CA of its certificate in PEM; absent: the public ones")


class Provider(StrEnum):
    """Who declares an OpenID Connect provider; an account has one for an issuer."""

    CREATED = "created"  # this program
    EXISTING = "existing"  # the owner of the cluster, or somebody who needed it before


class Cluster(Model):
    """The EKS cluster that consumers on Kubernetes run in."""

    name: str = Field(pattern=r"^[0-9A-Za-z][\w-]{0,99}$")
    oidc_issuer: str = Field(
        pattern=r"^oidc\.eks\.[a-z0-9-]+\.amazonaws\.com/id/[0-9A-F]+$", description="its OIDC issuer, without https://"
    )
    oidc_provider: Provider = Field(default=Provider.EXISTING, description="IAM's provider of that issuer")
    namespace: str = Field(default="llm-observatory", pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")


class Environment(Model):
    """One deployment of the programme."""

    name: Literal["staging", "prod"]
    account: str = Field(pattern=r"^\d{12}$", description="AWS account, 12 digits")
    region: Region = Field(description="AWS region")
    replica_region: Region | None = Field(default=None, description="second region that keeps a copy of every secret")
    database: Database
    cache: Cache
    services: Services
    cluster: Cluster
    network: Network
    alerts: Alerts
    audit: Audit = Audit()
    backup: Backup = Backup()
    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", description="GitHub repository whose workflows are trusted")
    repository_provider: Provider = Field(default=Provider.CREATED, description="IAM's provider of GitHub's issuer")
    people: list[Annotated[str, Field(pattern=r"^arn:aws:iam::\d{12}:(role|user)/[\w+=,.@/-]+$")]] = Field(
        default_factory=list, description="principals who may take on a duty, with a second factor; absent: the account"
    )
    log_retention_days: LogRetention
    recovery_window_days: int = Field(ge=7, le=30, description="days in which a deleted secret or key can come back")
    protect: bool = Field(description="refuse to delete secrets and keys")

    @model_validator(mode="after")
    def _prod_is_recoverable(self) -> Self:
        if self.name == "prod" and not (self.protect and self.recovery_window_days == 30):
            raise ValueError("prod needs protect: true and recovery_window_days: 30")
        return self

    @model_validator(mode="after")
    def _prod_has_a_copy_elsewhere(self) -> Self:
        if self.name == "prod" and self.replica_region is None:
            raise ValueError("prod needs replica_region, such as us-west-2")
        if self.replica_region == self.region:
            raise ValueError(f"replica_region {self.replica_region!r} is the region itself; choose another one")
        return self

    @model_validator(mode="after")
    def _prod_wakes_somebody(self) -> Self:
        if self.name == "prod" and self.alerts.webhook is None:
            raise ValueError("prod needs alerts.webhook, the HTTPS address of the pager")
        return self
