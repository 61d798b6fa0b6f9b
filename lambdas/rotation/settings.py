"""What one deployed rotation function is told by its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from rotation.errors import RotationError
from rotation.targets import TARGETS


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's whole configuration, read once at cold start.

    ca_pem is public PEM text; without it the system's trust store decides. There is no switch that turns TLS off.
    """

    environment: str
    target: str
    kinds: frozenset[str]
    admin_secret_id: str | None = None
    ca_pem: str | None = None

    @property
    def prefix(self) -> str:
        """The start of every secret name that this function may touch."""
        return f"llm-observatory/{self.environment}/"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Settings":
        """Read and check the variables; RotationError names the one that is wrong and what it may be."""
        target = _required(variables, "TARGET")
        if target not in TARGETS:
            raise RotationError(f"variable TARGET is '{target}'; set one of {', '.join(sorted(TARGETS))}")
        kinds = frozenset(filter(None, (kind.strip() for kind in _required(variables, "KINDS").split(","))))
        if foreign := kinds - TARGETS[target].keys():
            raise RotationError(
                f"variable KINDS names {', '.join(sorted(foreign))}, which target '{target}' cannot rotate; "
                f"use {', '.join(sorted(TARGETS[target]))}"
            )
        return cls(
            environment=_required(variables, "ENVIRONMENT"),
            target=target,
            kinds=kinds,
            admin_secret_id=variables.get("ADMIN_SECRET_ID") or None,
            ca_pem=variables.get("CA_PEM") or None,
        )


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise RotationError(f"variable {name} is missing or empty; set it on the function")
    return variables[name]
