"""What the deployed function is told by its environment variables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from alert.errors import AlertError


@dataclass(frozen=True, kw_only=True)
class Readers:
    """Who may have which value: `of_all` every one, `of` the others by the whole name of a secret; ARNs of roles."""

    of_all: frozenset[str]
    of: Mapping[str, frozenset[str]]

    def may_read(self, secret: str, principal: str) -> bool:
        """Whether a principal's ARN is one of the secret's readers. A secret that is not known has none."""
        return secret in self.of and (principal in self.of_all or principal in self.of[secret])


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's whole configuration, read once at cold start."""

    environment: str
    topic_arn: str
    readers: Readers

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Settings":
        """Read and check the variables; AlertError names the one that is wrong."""
        try:
            table = json.loads(_required(variables, "READERS"))
            prefix = str(table["prefix"])
            readers = Readers(
                of_all=frozenset(f"{prefix}{role}" for role in table["of_all"]),
                of={name: frozenset(f"{prefix}{role}" for role in roles) for name, roles in table["of"].items()},
            )
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise AlertError("variable READERS is not the table of secrets and roles; deploy it anew") from exc
        return cls(
            environment=_required(variables, "ENVIRONMENT"),
            topic_arn=_required(variables, "TOPIC_ARN"),
            readers=readers,
        )


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise AlertError(f"variable {name} is missing or empty; set it on the function")
    return variables[name]
