"""How far the rules of the packs answer the clauses of the standards: data of `policies/clauses.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from policies.rule import Rule, Standard

FILE = Path(__file__).resolve().parent / "clauses.yaml"


class ClausesError(ValueError):
    """The file of clauses is missing, malformed, or says otherwise than the rules; the text names the clause."""


class Status(StrEnum):
    """How far a preview answers a clause."""

    COVERED = "covered"
    PARTLY = "partly"
    RUNTIME = "runtime"


class Clause(BaseModel):
    """What a clause asks, in our words, and what no rule sees of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: Annotated[str, Field(min_length=10)]
    status: Status
    rest: str = ""

    @model_validator(mode="after")
    def _tells_the_rest(self) -> Clause:
        if bool(self.rest) is (self.status is Status.COVERED):
            raise ValueError("`rest` says what no rule sees: needed unless the status is covered, and then nothing")
        return self


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A clause with the ids of the rules that carry it."""

    standard: Standard
    name: str
    clause: Clause
    rules: Sequence[str]


_FILE = TypeAdapter(dict[Standard, dict[str, Clause]])


def load(path: Path = FILE) -> Mapping[Standard, Mapping[str, Clause]]:
    """The clauses in `path`, by standard and name.

    Raises:
        ClausesError: the file is missing, is no YAML, or an entry lacks a field or has one too many.
    """
    try:
        return _FILE.validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as exc:
        raise ClausesError(f"{path.name}: cannot be read: {exc.strerror}") from exc
    except yaml.YAMLError as exc:
        raise ClausesError(f"{path.name}: not valid YAML: {' '.join(str(exc).split())}") from exc
    except ValidationError as exc:
        lines = [f"{path.name}: {'.'.join(map(str, error['loc']))}: {error['msg']}" for error in exc.errors()]
        raise ClausesError("\n".join(lines)) from exc


def answers(rules: Iterable[Rule], clauses: Mapping[Standard, Mapping[str, Clause]]) -> Sequence[Answer]:
    """Each clause with its rules, in the order of the file.

    Raises:
        ClausesError: a rule carries a clause that the file has not, or has as one that no preview answers, or a clause
            is said to be answered and no rule carries it.
    """
    carried: dict[tuple[Standard, str], list[str]] = {}
    for rule in rules:
        for standard, names in rule.clauses.items():
            for name in names:
                carried.setdefault((standard, name), []).append(rule.id)
    found = [
        Answer(standard=standard, name=name, clause=clause, rules=tuple(carried.pop((standard, name), ())))
        for standard, named in clauses.items()
        for name, clause in named.items()
    ]
    for (standard, name), ids in carried.items():
        raise ClausesError(f"{standard} {name} is carried by {ids[0]} and not in clauses.yaml; add what it asks")
    for each in found:
        if bool(each.rules) is (each.clause.status is Status.RUNTIME):
            has = f"carried by {', '.join(each.rules)}" if each.rules else "carried by no rule"
            raise ClausesError(f"{each.standard} {each.name} is '{each.clause.status}' and {has}; mend clauses.yaml")
    return found
