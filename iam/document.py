"""A policy document, parsed and checked the way that AWS checks it when it is saved.

IAM: reference_policies_grammar.html and the pages of its elements. Where AWS's own validation is not written down,
this is the stricter reading.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, unique

from iam.condition import Comparison, parse_condition
from iam.error import PolicyError
from iam.principals import Principals
from iam.variables import without

_VARIABLES_SINCE = "2012-10-17"
_VERSIONS = ("2008-10-17", _VARIABLES_SINCE)
_ACTION = re.compile(r"^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?_-]+)$")
_IAM_SID = re.compile(r"^[A-Za-z0-9]*$")
_ARN_PARTS = 6


@unique
class PolicyKind(Enum):
    """What a document is attached to, which decides the elements that it may have."""

    IDENTITY = "identity-based policy"  # and permissions boundaries, session policies, service control policies
    RESOURCE = "resource-based policy"  # and key policies
    TRUST = "role trust policy"


@unique
class Effect(Enum):
    """What a statement does to the requests that it covers."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement. `except_*` says that the element was its Not form; `variables` that `${…}` is one."""

    sid: str | None
    index: int
    effect: Effect
    principals: Principals | None
    except_principals: bool
    actions: tuple[str, ...]
    except_actions: bool
    resources: tuple[str, ...]
    except_resources: bool
    comparisons: tuple[Comparison, ...]
    variables: bool


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A checked document; `name` is how messages call it."""

    name: str
    kind: PolicyKind
    version: str
    statements: tuple[Statement, ...]


def parse(document: str | Mapping[str, object], kind: PolicyKind, *, name: str = "policy") -> Policy:
    """Reads a document from JSON text or an object; raises PolicyError where AWS would refuse to save it."""
    top = _object(_loaded(document, name) if isinstance(document, str) else document, name)
    # "The id_block is allowed in resource-based policies, but not in identity-based policies."
    allowed = {"Version", "Statement"} | (set() if kind is PolicyKind.IDENTITY else {"Id"})
    _refuse_unknown(top, allowed, name)
    version = top.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        raise PolicyError(f"{name}.Version is {version!r}; write {_VARIABLES_SINCE!r}")
    listed = top.get("Statement")
    raw = listed if isinstance(listed, list | tuple) else [listed]
    if not raw or raw == [None]:
        raise PolicyError(f"{name} has no Statement; give at least one")
    statements = tuple(
        _statement(_object(one, f"{name}.Statement[{index}]"), kind, index, version == _VARIABLES_SINCE, name)
        for index, one in enumerate(raw)
    )
    sids = [statement.sid for statement in statements if statement.sid]
    if twice := sorted({sid for sid in sids if sids.count(sid) > 1}):
        raise PolicyError(f"{name} has the Sid {twice[0]!r} twice; make each unique")
    return Policy(name=name, kind=kind, version=str(version), statements=statements)


def _statement(raw: Mapping[str, object], kind: PolicyKind, index: int, variables: bool, name: str) -> Statement:
    where = f"{name}.Statement[{index}]"
    elements = ("Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")
    _refuse_unknown(raw, {"Sid", "Effect", "Condition", *elements}, where)
    effect = raw.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise PolicyError(f'{where}.Effect is {effect!r}; write "Allow" or "Deny"')
    principal_key = _one_of(raw, "Principal", where, required=kind is not PolicyKind.IDENTITY)
    if principal_key and kind is PolicyKind.IDENTITY:
        raise PolicyError(f"{where} has {principal_key}, which an identity-based policy can not; remove it")
    action_key = _one_of(raw, "Action", where, required=True)
    resource_key = _one_of(raw, "Resource", where, required=kind is not PolicyKind.TRUST)
    if resource_key and kind is PolicyKind.TRUST:
        raise PolicyError(f"{where} has {resource_key}, but a trust policy is about its own role; remove it")
    return Statement(
        sid=_sid(raw.get("Sid"), kind, where),
        index=index,
        effect=Effect(effect),
        principals=Principals.parse(raw[principal_key], f"{where}.{principal_key}") if principal_key else None,
        except_principals=principal_key == "NotPrincipal",
        actions=_actions(raw[action_key], f"{where}.{action_key}"),
        except_actions=action_key == "NotAction",
        resources=_resources(raw[resource_key], f"{where}.{resource_key}", variables) if resource_key else ("*",),
        except_resources=resource_key == "NotResource",
        comparisons=parse_condition(raw["Condition"], f"{where}.Condition") if "Condition" in raw else (),
        variables=variables,
    )


def _loaded(text: str, name: str) -> object:
    def unique_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
        # "Individual elements must not contain multiple instances of the same key."
        keys = [key for key, _ in pairs]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise PolicyError(f"{name} has the key {twice[0]!r} twice in one object; keep one")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique_pairs)
    except json.JSONDecodeError as exc:
        raise PolicyError(
            f"{name} is not JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}; correct it"
        ) from exc


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise PolicyError(f"{where} is a {type(value).__name__}; write an object")
    return value


def _refuse_unknown(raw: Mapping[str, object], allowed: set[str], where: str) -> None:
    if unknown := sorted(str(key) for key in raw if key not in allowed):
        raise PolicyError(f"{where} has the unknown element {unknown[0]!r}; use {', '.join(sorted(allowed))}")


def _one_of(raw: Mapping[str, object], element: str, where: str, *, required: bool) -> str:
    found = [key for key in (element, f"Not{element}") if key in raw]
    if len(found) > 1:
        raise PolicyError(f"{where} has both {element} and Not{element}; keep one")
    if required and not found:
        raise PolicyError(f"{where} has neither {element} nor Not{element}; give one")
    return found[0] if found else ""


def _sid(sid: object, kind: PolicyKind, where: str) -> str | None:
    if sid is not None and not isinstance(sid, str):
        raise PolicyError(f"{where}.Sid is {sid!r}; write a text")
    if sid and kind is not PolicyKind.RESOURCE and not _IAM_SID.match(sid):
        raise PolicyError(f"{where}.Sid is {sid!r}; IAM takes only A-Z, a-z and 0-9")
    return sid or None


def _texts(value: object, where: str) -> tuple[str, ...]:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple) or not listed or not all(isinstance(one, str) for one in listed):
        raise PolicyError(f"{where} must be a text or a list of texts; give at least one")
    return tuple(listed)


def _actions(value: object, where: str) -> tuple[str, ...]:
    actions = _texts(value, where)
    if bad := [action for action in actions if not _ACTION.match(action)]:
        raise PolicyError(f'{where} {bad[0]!r} is no action; write "*" or service:Name, wildcards in the name only')
    return actions


def _resources(value: object, where: str, variables: bool) -> tuple[str, ...]:
    resources = _texts(value, where)
    for resource in resources:
        parts = (without(resource) if variables else resource).split(":", _ARN_PARTS - 1)
        whole = len(parts) == _ARN_PARTS or resource.endswith("*")
        if resource != "*" and not (parts[0] == "arn" and len(parts) > len(("arn", "aws")) and whole):
            raise PolicyError(f'{where} {resource!r} is no ARN; write "*" or arn:aws:service:region:account:resource')
        if resource != "*" and ("*" in parts[2] or "?" in parts[2]):
            # "You can't use a wildcard to match a service": reference_policies_elements_resource.html
            raise PolicyError(f"{where} {resource!r} has a wildcard for the service; name the service")
        if variables and "${" in resource and resource.split("${")[0].count(":") < _ARN_PARTS - 1:
            raise PolicyError(f"{where} {resource!r} has a variable too early; use it after the fifth colon")
    return resources
