"""The checks of other tools, and why the programme does not meet some of them: data for reports and for tests."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = Path(__file__).resolve().parent / "controls.yaml"

ControlId = Annotated[
    str, Field(pattern=r"^(CKV2?_(AWS|GCP|AZURE)_\d+|(PRW|SH|AG|CP|PB):[A-Za-z0-9._-]+|CIS-\d\.\d:\d+(\.\d+)+)$")
]
Sentence = Annotated[str, Field(min_length=10)]


class ControlsError(ValueError):
    """The file of controls is missing or malformed; the text names entry and field."""


class Why(StrEnum):
    """Why no rule, or not the whole of one, stands for a check."""

    RUNTIME = "runtime"
    DELIBERATE = "deliberate"
    PARTLY = "partly"
    ABSENT = "absent"
    ELSEWHERE = "elsewhere"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Control(_Model):
    """What several tools ask, in one line, with their ids for it."""

    id: str = Field(pattern=r"^[A-Z]\d+$")
    what: Sentence
    ids: tuple[ControlId, ...] = Field(min_length=1)


class Unmet(_Model):
    """Checks that the programme does not meet, or not wholly."""

    ids: tuple[ControlId, ...] = Field(min_length=1)
    why: Why
    reason: Sentence


class Controls(_Model):
    """`beyond` names, for each rule without a check of another tool, what made it necessary."""

    controls: tuple[Control, ...]
    unmet: tuple[Unmet, ...]
    beyond: Mapping[str, Sentence]

    @property
    def asked(self) -> frozenset[str]:
        """Every check of another tool."""
        return frozenset(each for control in self.controls for each in control.ids)

    def unmet_by(self, *reasons: Why) -> frozenset[str]:
        """The checks that are not met for one of these reasons."""
        return frozenset(each for unmet in self.unmet if unmet.why in reasons for each in unmet.ids)


def load(path: Path = FILE) -> Controls:
    """The controls in `path`.

    Raises:
        ControlsError: the file is missing, is no YAML, or an entry lacks a field or has one too many.
    """
    try:
        return Controls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise ControlsError(f"{path.name}: cannot be read: {exc.strerror}; restore it from the repository") from exc
    except yaml.YAMLError as exc:
        raise ControlsError(f"{path.name}: not valid YAML: {' '.join(str(exc).split())}") from exc
    except ValidationError as exc:
        lines = [f"{path.name}: {'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()]
        raise ControlsError("\n".join(lines)) from exc
