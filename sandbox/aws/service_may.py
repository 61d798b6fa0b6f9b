"""The question that every service which acts by itself asks first."""

from typing import Protocol


class ServiceMay(Protocol):
    """Whether a service's principal may act on a resource by itself; `Access.service_may` answers."""

    def __call__(self, service: str, action: str, resource_arn: str, *, source_arn: str | None = None) -> bool:
        """Judged by the resource's policy, with `source_arn` as aws:SourceArn."""
