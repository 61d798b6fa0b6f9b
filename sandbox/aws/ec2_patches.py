"""moto's security groups, changed where a rule forgets what it was told.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html.
"""

from __future__ import annotations

from typing import Any

from moto.ec2.models.security_groups import SecurityGroupRule


def install_ec2_patches() -> None:
    """A rule about another group keeps its description, as one about a range does; for the life of the process."""

    def description(rule: Any) -> str | None:
        said: str | None = rule.ip_range.get("Description") or rule.source_group.get("Description")
        return said

    SecurityGroupRule.description = property(description)  # type: ignore[method-assign, assignment]
