"""Reads the catalogue and the environments from their files: the only input and output of this package."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from catalog.consumer import Consumer
from catalog.derived import Derived
from catalog.environment import Environment
from catalog.model import Catalog, Rotation, Secret, Tier

ROOT = Path(__file__).resolve().parent.parent
CATALOG_FILE = ROOT / "catalog" / "secrets.yaml"
CONFIG_KEY = "llm-observatory-secrets:environment"
REGION_KEY = "aws:region"
ACCOUNTS_KEY = "aws:allowedAccountIds"

_Model = TypeVar("_Model", bound=BaseModel)
_Location = tuple[int | str, ...]
_ENTRIES: Mapping[str, tuple[str, type[BaseModel]]] = {
    "tiers": ("tier", Tier),
    "consumers": ("consumer", Consumer),
    "secrets": ("secret", Secret),
    "derived": ("derived", Derived),
}


class CatalogError(ValueError):
    """The catalogue or an environment breaks one of its rules; the text names file, entry and field."""


def catalog(path: Path = CATALOG_FILE) -> Catalog:
    """The catalogue in `path`.

    Raises:
        CatalogError: the file is missing, is no YAML, or breaks a rule of `catalog.model`.
    """
    return _checked(Catalog, _read_yaml(path), _shown(path))


def environment(name: str, path: Path | None = None) -> Environment:
    """The environment `name` from its stack file, `Pulumi.<name>.yaml` unless `path` says otherwise.

    Raises:
        CatalogError: the file is missing, is no YAML, lacks the key, or breaks a rule of `catalog.environment`.
    """
    path = path or ROOT / f"Pulumi.{name}.yaml"
    config = _read_yaml(path).get("config")
    if not isinstance(config, dict) or CONFIG_KEY not in config:
        raise CatalogError(f"{_shown(path)}: no key 'config.{CONFIG_KEY}'; copy it from Pulumi.staging.yaml")
    found = environment_from(name, config[CONFIG_KEY], where=f"{_shown(path)}: {CONFIG_KEY}")
    check_provider(found, config.get(REGION_KEY), config.get(ACCOUNTS_KEY), where=_shown(path))
    return found


def environment_from(name: str, settings: object, where: str = CONFIG_KEY) -> Environment:
    """The environment `name` from settings that are in memory already, such as Pulumi's own configuration."""
    if not isinstance(settings, Mapping):
        raise CatalogError(f"{where}: must be a mapping, not {type(settings).__name__}")
    return _checked(Environment, {"name": name, **settings}, where)


def check_provider(environment: Environment, region: object, accounts: object, where: str = "config") -> None:
    """Refuses an AWS provider that would work elsewhere than the environment says.

    `region` and `accounts` are what the stack file gives for aws:region and aws:allowedAccountIds; without the second
    the provider would deploy into whatever account the caller's credentials belong to.

    Raises:
        CatalogError: either is missing or another one.
    """
    if region != environment.region:
        raise CatalogError(f"{where}: {REGION_KEY} is {region!r}; make it {environment.region!r}, the environment's")
    if accounts != [environment.account]:
        raise CatalogError(f"{where}: {ACCOUNTS_KEY} is {accounts!r}; make it ['{environment.account}'] and no other")


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def _read_yaml(path: Path) -> dict[str, object]:
    try:
        node = yaml.compose(text := path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        _refuse_keys_given_twice(node, _shown(path))
        data = yaml.safe_load(text)
    except OSError as exc:
        raise CatalogError(f"{_shown(path)}: cannot be read: {exc.strerror}") from exc
    except yaml.YAMLError as exc:
        raise CatalogError(f"{_shown(path)}: not valid YAML: {' '.join(str(exc).split())}") from exc
    if not isinstance(data, dict):
        raise CatalogError(f"{_shown(path)}: must be a mapping at the top, not {type(data).__name__}")
    return data


def _refuse_keys_given_twice(node: yaml.Node | None, where: str) -> None:
    # YAML's own loader keeps the last one silently.
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_keys_given_twice(item, where)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise CatalogError(f"{where}: line {key.start_mark.line + 1}: {key.value!r} is given twice; keep one")
            seen.add(key.value)
            _refuse_keys_given_twice(value, where)


def _checked(model: type[_Model], data: Mapping[str, object], where: str) -> _Model:
    try:
        return model.model_validate(data)
    except ValidationError as exc:
        lines = [f"{where}: {_explained(error, model, data)}" for error in exc.errors(include_url=False)]
        raise CatalogError("\n".join(lines)) from exc


def _explained(error: ErrorDetails, model: type[BaseModel], data: Mapping[str, object]) -> str:
    location = error["loc"]
    subject, fields, known = _subject(location, model, data)
    field = ".".join(str(part) for part in fields)
    prefix = (
        f"{subject}, field '{field}': " if subject and field else f"{subject}: " if subject else f"field '{field}': "
    )
    if error["type"] == "extra_forbidden":
        meant = difflib.get_close_matches(str(location[-1]), known, n=1)
        hint = f"did you mean '{meant[0]}'?" if meant else f"choose one of {sorted(known)}" if known else "remove it"
        return f"{prefix}unknown field; {hint}"
    if error["type"] == "missing":
        return f"{prefix}is missing; add it"
    if error["type"] == "value_error":  # ours: says already what was given and what to do
        return f"{prefix if location else ''}{error['ctx']['error']}"
    return f"{prefix}{error['input']!r} is not allowed: {error['msg']}"


def _subject(
    location: _Location, model: type[BaseModel], data: Mapping[str, object]
) -> tuple[str, _Location, list[str]]:
    """The entry that an error is about, the path of the field in it, and the names that would be known there."""
    match location:
        case (str(group), int(index), *rest) if group in _ENTRIES and model is Catalog:
            noun, model = _ENTRIES[group]
            entries = data[group]
            entry = entries[index] if isinstance(entries, list) else None
            name = (
                entry.get("name", entry.get("number", f"#{index + 1}")) if isinstance(entry, dict) else f"#{index + 1}"
            )
            known = Rotation if rest[:1] == ["rotation"] and len(rest) > 1 else model
            return f"{noun} '{name}'", tuple(rest), list(known.model_fields)
        case _:
            for part in location[:-1]:
                inner = model.model_fields[str(part)].annotation if str(part) in model.model_fields else None
                model = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else model
            return "", location, list(model.model_fields)
