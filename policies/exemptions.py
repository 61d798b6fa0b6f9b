"""Findings that a person has accepted for a while, from `policies/exemptions.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = Path(__file__).resolve().parent / "exemptions.yaml"
LONGEST = timedelta(days=90)


class ExemptionError(ValueError):
    """The file of exemptions is missing or malformed; the text names entry and field."""


class Exemption(BaseModel):
    """One finding that does not block until the end of the day `expires`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: str = Field(pattern=r"^[a-z]+/[a-z-]+$", description="id of the rule")
    urn: str = Field(pattern=r"^urn:pulumi:[^:]+::", description="URN of the resource")
    owner: str = Field(min_length=1, description="who answers for it")
    reason: str = Field(min_length=10, description="why it is acceptable until then")
    expires: date

    def covers(self, rule: str, urn: str, today: date) -> bool:
        """Whether it is in force and about this finding."""
        return self.rule == rule and self.urn == urn and self.fault(today) is None

    def fault(self, today: date) -> str | None:
        """Why it is not in force, if so."""
        if self.expires < today:
            return f"expired on {self.expires}"
        if self.expires - today > LONGEST:
            return f"expires on {self.expires}, more than {LONGEST.days} days away"
        return None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    exemptions: list[Exemption]


def load(path: Path = FILE) -> Sequence[Exemption]:
    """The exemptions in `path`, in force or not.

    Raises:
        ExemptionError: the file is missing, is no YAML, or an entry lacks a field or has one too many.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple(_File.model_validate(data).exemptions)
    except OSError as exc:
        raise ExemptionError(f"{path.name}: cannot be read: {exc.strerror}; write `exemptions: []`") from exc
    except yaml.YAMLError as exc:
        raise ExemptionError(f"{path.name}: not valid YAML: {' '.join(str(exc).split())}") from exc
    except ValidationError as exc:
        lines = [f"{path.name}: {'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()]
        raise ExemptionError("\n".join(lines)) from exc
