"""Names as a person reads them: without what every ARN of one account has in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable

_LIKE_SECRET = ("secret:", "function:", "log-group:")


def resource(arn: str) -> str:
    """The name in an ARN; anything else as it is."""
    if not arn.startswith("arn:") or arn.count(":") < 5:
        return arn
    name = arn.split(":", 5)[5]
    for kind in _LIKE_SECRET:
        name = name.removeprefix(kind)
    return name


def resources(arns: Iterable[str]) -> str:
    """Each resource once: one that is named as well as given by its ARN, which is longer, is one."""
    names = list(dict.fromkeys(resource(arn) for arn in arns))
    return ", ".join(name for name in names if not any(other.startswith(f"{name}-") for other in names))


def principal(arn: str) -> str:
    """Who calls: `user/name`, `role` or `role/session`, or the service's name."""
    name = resource(arn)
    if not name.startswith("assumed-role/"):
        return name
    role, _, session = name.removeprefix("assumed-role/").partition("/")
    return role if session == role else f"{role}/{session}"
