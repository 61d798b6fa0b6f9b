"""What the deployed function is told by its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from retire.errors import RetireError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's whole configuration: whose secrets, and the topic that hears of stragglers."""

    environment: str
    topic_arn: str

    @property
    def prefix(self) -> str:
        """The start of the name of every secret of the environment."""
        return f"llm-observatory/{self.environment}/"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Settings":
        """Read and check the variables; RetireError names the one that is missing."""
        return cls(environment=_required(variables, "ENVIRONMENT"), topic_arn=_required(variables, "TOPIC_ARN"))


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise RetireError(f"variable {name} is missing or empty; set it on the function")
    return variables[name]
