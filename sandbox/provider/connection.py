"""The provider's configuration, and the clients that follow from it.

Nothing here can reach a real account: without an endpoint on this machine there is no connection at all.
"""

import ipaddress
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from sandbox.provider.resource import ProviderError
from sandbox.provider.values import UNKNOWN, Props

# Keys of the real provider that change nothing on a local AWS.
_WITHOUT_EFFECT = frozenset(
    {
        *("skipCredentialsValidation", "skipMetadataApiCheck", "skipRegionValidation", "skipRequestingAccountId"),
        *("s3UsePathStyle", "maxRetries", "retryMode", "insecure", "stsRegion", "s3UsEast1RegionalEndpoint"),
        *("version", "pluginDownloadURL", "userAgents"),
    }
)
_KNOWN = frozenset(
    {
        *("region", "allowedAccountIds", "forbiddenAccountIds", "defaultTags", "endpoints", "assumeRoles"),
        *("accessKey", "secretKey", "token"),
    }
)
_WORKERS = 32


def local_endpoint(url: str | None) -> str:
    """`url` when it points at this machine; raises ProviderError for anything else."""
    host = urlsplit(url).hostname if url else None
    if host is None:
        raise ProviderError(
            "the sandbox's AWS provider needs AWS_ENDPOINT_URL, which is not set; start it through `make up`"
        )
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise ProviderError(
            f"the sandbox's AWS provider refuses the endpoint '{url}', which is not on this machine; "
            "set AWS_ENDPOINT_URL to the local AWS, http://127.0.0.1:<port>"
        )
    return str(url)


def unknown_keys(settings: Mapping[str, Any]) -> list[str]:
    """The configuration keys that this provider does not honour."""
    return sorted(key for key in settings if key not in _KNOWN | _WITHOUT_EFFECT and not key.startswith("__"))


def structured(settings: Mapping[str, Any]) -> Props:
    """`settings` with the JSON that the SDK makes of lists, objects and booleans turned back into them."""
    plain: Props = {}
    for key, value in settings.items():
        if isinstance(value, str) and value[:1] in {"[", "{"}:
            try:
                value = json.loads(value)
            except ValueError as exc:
                raise ProviderError(f"aws:{key} is not the JSON it has to be: {exc}") from exc
        if value is not UNKNOWN:
            plain[key] = value
    return plain


@dataclass(kw_only=True)
class Connection:
    """AWS as the provider's configuration gives it; clients are made once for each service and region."""

    settings: Props = field(repr=False)
    endpoint: str
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def configured(cls, settings: Props) -> "Connection":
        """A connection to the local AWS; refuses an account that `allowedAccountIds` does not name, as the real one."""
        connection = cls(settings=settings, endpoint=local_endpoint(os.environ.get("AWS_ENDPOINT_URL")))
        for urls in settings.get("endpoints") or []:
            for url in urls.values():
                local_endpoint(url)
        allowed, forbidden = settings.get("allowedAccountIds"), settings.get("forbiddenAccountIds")
        if allowed and connection.account not in allowed:
            raise ProviderError(
                f"AWS account ID not allowed: {connection.account}; aws:allowedAccountIds names {', '.join(allowed)}. "
                "Use credentials of an allowed account, or the stack that belongs to this one"
            )
        if forbidden and connection.account in forbidden:
            raise ProviderError(f"AWS account ID not allowed: {connection.account} is one of aws:forbiddenAccountIds")
        return connection

    @property
    def region(self) -> str:
        """The region of the configuration, or of the environment."""
        region = self.settings.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if not region:
            raise ProviderError("no AWS region is known; set aws:region in the stack's configuration")
        return str(region)

    @property
    def default_tags(self) -> Props:
        """Tags that every resource which can have tags gets."""
        tags: Props = (self.settings.get("defaultTags") or {}).get("tags") or {}
        return tags

    @cached_property
    def account(self) -> str:
        """The account of the credentials in use."""
        return str(self.client("sts", self.region).get_caller_identity()["Account"])

    def in_region(self, region: str | None) -> "Region":
        """The same AWS, seen from `region` (default: the configured one)."""
        return Region(connection=self, region=region or self.region)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client; making one reads JSON models for a tenth of a second, so they are kept."""
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._make(service, region, self._credentials)
            return self._clients[key]

    @cached_property
    def _credentials(self) -> Props:
        own = {
            "aws_access_key_id": self.settings.get("accessKey"),
            "aws_secret_access_key": self.settings.get("secretKey"),
            "aws_session_token": self.settings.get("token"),
        }
        for role in self.settings.get("assumeRoles") or []:
            optional = {"ExternalId": role.get("externalId"), "Policy": role.get("policy")}
            answer = self._make("sts", self.region, own).assume_role(
                RoleArn=role["roleArn"],
                RoleSessionName=role.get("sessionName") or "pulumi",
                **{name: value for name, value in optional.items() if value},
            )["Credentials"]
            own = {
                "aws_access_key_id": answer["AccessKeyId"],
                "aws_secret_access_key": answer["SecretAccessKey"],
                "aws_session_token": answer["SessionToken"],
            }
        return own

    def _make(self, service: str, region: str, credentials: Props) -> Any:
        import boto3
        from botocore.config import Config

        url = self.endpoint
        for urls in self.settings.get("endpoints") or []:
            url = urls.get(service.replace("-", ""), url)
        make: Any = boto3.session.Session().client
        return make(
            service,
            region_name=region,
            endpoint_url=url,
            config=Config(max_pool_connections=_WORKERS, retries={"max_attempts": 3}, s3={"addressing_style": "path"}),
            **credentials,
        )


@dataclass(frozen=True, kw_only=True)
class Region:
    """A connection bound to one region; what a resource's calls see."""

    connection: Connection
    region: str

    @property
    def partition(self) -> str:
        """`aws`, or the partition that the region belongs to."""
        return {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(self.region.rsplit("-", 2)[0], "aws")

    @property
    def account(self) -> str:
        """The account of the credentials in use."""
        return self.connection.account

    def client(self, service: str) -> Any:
        """A boto3 client of `service` in this region."""
        return self.connection.client(service, self.region)

    def elsewhere(self, region: str) -> "Region":
        """The same AWS, seen from another region."""
        return self.connection.in_region(region)
