"""What the deployed backup is told by its environment variables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from backup.errors import BackupError


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`declared` maps the short name of every secret that is backed up to its kind; objects of `bucket` are encrypted
    with `key_arn` and locked for `lock_days` by the bucket's own settings, which are checked after writing."""

    environment: str
    service: str
    declared: Mapping[str, str]
    bucket: str
    archive_key: str
    manifest_key: str
    key_arn: str
    lock_days: int

    @property
    def prefix(self) -> str:
        """The start of the name of every secret of the environment."""
        return f"{self.service}/{self.environment}/"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Settings":
        """Read and check the variables; BackupError names the one that is wrong and what it may be."""
        try:
            declared = json.loads(_required(variables, "DECLARED"))
        except ValueError as exc:
            raise BackupError("variable DECLARED is no JSON; set an object of names and kinds") from exc
        if not isinstance(declared, dict) or not declared or not all(isinstance(k, str) for k in declared.values()):
            raise BackupError("variable DECLARED must map each secret's name to its kind")
        lock_days = _required(variables, "LOCK_DAYS")
        if not lock_days.isascii() or not lock_days.isdecimal():
            raise BackupError(f"variable LOCK_DAYS is '{lock_days}'; set a whole number of days")
        return cls(
            environment=_required(variables, "ENVIRONMENT"),
            service=_required(variables, "SERVICE"),
            declared=declared,
            bucket=_required(variables, "BUCKET"),
            archive_key=_required(variables, "ARCHIVE_KEY"),
            manifest_key=_required(variables, "MANIFEST_KEY"),
            key_arn=_required(variables, "KEY_ARN"),
            lock_days=int(lock_days),
        )


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise BackupError(f"variable {name} is missing or empty; set it on the function")
    return variables[name]
