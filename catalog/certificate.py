"""Certificates of servers: who signs them, which server has one, how long it is good and when it is renewed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from catalog.base import Model

ALARM_DAYS = 30
"""How long before its end a certificate is an alarm: lambdas/watch/report.py."""


class Server(StrEnum):
    """Which server presents a certificate; host and port are those of the environment's database or cache."""

    POSTGRES = "postgres"
    REDIS = "redis"


class CertificateAuthority(Model):
    """The authority of AWS Private CA that signs certificates of servers.

    It may be another account's that shares it, in the region of the environment: an endpoint of a VPC serves its own
    region alone (docs.aws.amazon.com/privateca/latest/userguide/vpc-endpoints.html).
    """

    arn: str = Field(
        pattern=r"^arn:aws:acm-pca:[a-z]{2}(-[a-z]+)+-\d:\d{12}:certificate-authority/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
    )

    @property
    def region(self) -> str:
        """The region that it is in."""
        return self.arn.split(":")[3]


def refusal(constants: Mapping[str, object], renewal_days: int) -> str | None:
    """What is wrong with a certificate of these constants that is renewed after `renewal_days`; None: nothing.

    It is renewed at two thirds of its life at the latest, so that a third is left to mend a rotation that fails, and
    more than `ALARM_DAYS` before its end, else every renewal would be an alarm.
    """
    server, validity_days = constants["server"], constants["validity_days"]
    if server not in list(Server):
        return f"server is {server!r}; choose one of {[str(one) for one in Server]}"
    if not isinstance(validity_days, int) or isinstance(validity_days, bool) or validity_days < 1:
        return f"validity_days is {validity_days!r}; give a whole number of days"
    if 3 * renewal_days > 2 * validity_days:
        return (
            f"validity_days is {validity_days}, and it is renewed after {renewal_days} days, which is later than two "
            f"thirds of its life; make it valid for {-(-3 * renewal_days // 2)} days, or set 'rotation.days'"
        )
    if validity_days - renewal_days <= ALARM_DAYS:
        return (
            f"validity_days is {validity_days}, and it is renewed after {renewal_days} days, when the alarm of "
            f"{ALARM_DAYS} days before its end is on; make it valid for longer"
        )
    return None
