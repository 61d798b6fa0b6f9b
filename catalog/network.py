"""Where functions run, and from where values are read: part of an environment."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from catalog.base import Model

Subnet = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
# A metric filter compares addresses as text with a wildcard, so a range ends at a dot:
# docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
_WHOLE_OCTETS = (8, 16, 24)


class Endpoints(StrEnum):
    """Whose interface endpoints the functions reach AWS through."""

    CREATED = "created"  # the program's own, in the given subnets
    EXISTING = "existing"  # the VPC has them, or another way out


class Network(Model):
    """The private network of an environment."""

    vpc_id: str = Field(pattern=r"^vpc-[0-9a-f]{8,17}$", description="the VPC that the database is in")
    subnet_ids: list[Subnet] = Field(min_length=2, description="private subnets of it, in two zones at least")
    cidrs: list[str] = Field(min_length=1, description="IPv4 ranges that values are read from, of /8, /16 or /24")
    endpoints: Endpoints = Endpoints.CREATED

    @model_validator(mode="after")
    def _subnets_are_different(self) -> Self:
        if len(set(self.subnet_ids)) != len(self.subnet_ids):
            raise ValueError("subnet_ids names a subnet twice; name two of different zones")
        return self

    @model_validator(mode="after")
    def _ranges_are_whole_octets(self) -> Self:
        for cidr in self.cidrs:
            try:
                network = ipaddress.IPv4Network(cidr)
            except ValueError as exc:
                raise ValueError(f"cidrs: {cidr!r} is no IPv4 range: {exc}; write it as 10.20.0.0/16") from exc
            if network.prefixlen not in _WHOLE_OCTETS:
                raise ValueError(f"cidrs: {cidr!r} must be a /8, /16 or /24")
        return self

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The ranges as a metric filter matches them, such as `10.20.*`."""
        return tuple(".".join([*cidr.split(".")[: int(cidr.rpartition("/")[2]) // 8], "*"]) for cidr in self.cidrs)
