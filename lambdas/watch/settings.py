"""What the deployed watch is told by its environment variables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from watch.errors import WatchError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`declared` maps the short name of every secret of the catalogue to its limit in days, `validity` that of every
    certificate to the days that it is made for; `manifest_key` is what a finished backup leaves in `backup_bucket`."""

    environment: str
    service: str
    declared: Mapping[str, int]
    validity: Mapping[str, int]
    backup_bucket: str
    manifest_key: str

    @property
    def prefix(self) -> str:
        """The start of the name of every secret of the environment."""
        return f"{self.service}/{self.environment}/"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Settings":
        """Read and check the variables; WatchError names the one that is wrong and what it may be."""
        declared, validity = _days(variables, "DECLARED"), _days(variables, "VALIDITY")
        if not declared:
            raise WatchError("variable DECLARED names no secret; deploy the function from the catalogue")
        if strange := sorted(validity.keys() - declared.keys()):
            raise WatchError(f"variable VALIDITY names {', '.join(strange)}, which DECLARED does not; deploy both anew")
        return cls(
            environment=_required(variables, "ENVIRONMENT"),
            service=_required(variables, "SERVICE"),
            declared=declared,
            validity=validity,
            backup_bucket=_required(variables, "BACKUP_BUCKET"),
            manifest_key=_required(variables, "MANIFEST_KEY"),
        )


def _days(variables: Mapping[str, str], name: str) -> Mapping[str, int]:
    try:
        found = json.loads(_required(variables, name))
    except ValueError as exc:
        raise WatchError(f"variable {name} is no JSON; set an object of names and days") from exc
    if not isinstance(found, dict) or not all(_is_number(days) for days in found.values()):
        raise WatchError(f"variable {name} must map each secret's name to a whole number of days")
    return found


def _is_number(days: object) -> bool:
    return isinstance(days, int) and not isinstance(days, bool) and days > 0


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise WatchError(f"variable {name} is missing or empty; set it on the function")
    return variables[name]
