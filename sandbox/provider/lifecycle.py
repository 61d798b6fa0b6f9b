"""The life of one resource: preview, create, read, update and delete, for any type of the table."""

import re
from dataclasses import dataclass
from typing import Any

from sandbox.provider import faults
from sandbox.provider.check import DEFAULTS
from sandbox.provider.connection import Connection
from sandbox.provider.difference import changes, refreshed
from sandbox.provider.resource import Call, ProviderError, ResourceType
from sandbox.provider.values import UNKNOWN, Props

# An import may name the region behind the id (https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration).
_ELSEWHERE = re.compile(r"(?P<id>.+)@(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)")


class PartlyCreatedError(ProviderError):
    """A resource exists, but a later step of its creation failed: the engine has to keep it in the state."""

    def __init__(self, reason: str, *, physical_id: str, outputs: Props) -> None:
        super().__init__(reason)
        self.physical_id = physical_id
        self.outputs = outputs


@dataclass(frozen=True, kw_only=True)
class Created:
    """A resource that now exists."""

    id: str
    outputs: Props


@dataclass(frozen=True, kw_only=True)
class Found:
    """A resource as AWS holds it: what the program would have to say (`inputs`), and all there is (`outputs`)."""

    id: str
    inputs: Props
    outputs: Props


def preview_create(kind: ResourceType, new: Props) -> Props:
    """The outputs that a creation would have; what only AWS can tell is unknown."""
    outputs = _echo(kind, new)
    for name, prop in kind.properties.items():
        if prop.computed and name not in outputs:
            outputs[name] = UNKNOWN
    outputs |= dict.fromkeys(kind.outputs, UNKNOWN)
    return _with_tags(kind, outputs)


def preview_update(kind: ResourceType, new: Props, state: Props) -> Props:
    """The outputs that an update would have: as before, but for what changes."""
    kept = {name: state[name] for name in (*kind.outputs, *kind.properties) if name in state}
    optional = {name for name, prop in kind.properties.items() if not prop.computed}
    kept = {name: value for name, value in kept.items() if name not in optional}
    return _with_tags(kind, {**kept, **dict.fromkeys(kind.volatile, UNKNOWN), **_echo(kind, new)})


def create(kind: ResourceType, connection: Connection, new: Props) -> Created:
    """Create and read back; raises PartlyCreatedError when it exists but is not what was asked for."""
    call = Call(aws=connection.in_region(new.get("region")), new=new)
    try:
        physical_id = call.created(kind.create(call))
        outputs = _outputs(kind, connection, physical_id, new, {})
        return Created(id=physical_id, outputs={**outputs, **call.told})
    except Exception as exc:
        if not call.physical:
            raise
        reason = faults.sentence(exc, secret=bool(kind.secrets))
        raise PartlyCreatedError(reason, physical_id=call.physical[0], outputs=_echo(kind, new)) from exc


def read(kind: ResourceType, connection: Connection, physical_id: str, inputs: Props, state: Props) -> Found | None:
    """The resource as it is, or None when it is gone. Without `inputs` and `state` it is being imported."""
    if kind.regional and not inputs and not state and (elsewhere := _ELSEWHERE.fullmatch(physical_id)):
        physical_id, state = elsewhere["id"], {"region": elsewhere["region"]}
    live = _live(kind, connection, physical_id, inputs, state)
    if live is None:
        return None
    found = refreshed(kind, inputs, live)
    kept = {name: state[name] for name in state if name in kind.properties and kind.properties[name].unreadable}
    return Found(id=physical_id, inputs=found, outputs=_with_tags(kind, {**kept, **_echo(kind, found), **live}))


def update(
    kind: ResourceType, connection: Connection, physical_id: str, *, new: Props, old: Props, state: Props
) -> Props:
    """Change what differs, and read back."""
    if kind.update is None:
        raise ProviderError(f"{kind.type_name} cannot be updated in place; every change replaces it")
    region = connection.in_region(state.get("region"))
    kind.update(Call(aws=region, id=physical_id, new=new, old=old, state=state))
    return _outputs(kind, connection, physical_id, new, state)


def delete(kind: ResourceType, connection: Connection, physical_id: str, *, old: Props, state: Props) -> None:
    """Delete; what is gone already is no error."""
    try:
        kind.delete(Call(aws=connection.in_region(state.get("region")), id=physical_id, old=old, state=state))
    except Exception as exc:
        if not faults.deleted(exc):
            raise


def _outputs(kind: ResourceType, connection: Connection, physical_id: str, new: Props, state: Props) -> Props:
    live = _live(kind, connection, physical_id, new, state)
    if live is None:
        raise ProviderError(f"{kind.type_name} '{physical_id}' is not there right after it was written")
    if kind.verified and (dropped := changes(kind, refreshed(kind, new, live), new)):
        names = ", ".join(f"'{change.path}'" for change in dropped)
        raise ProviderError(
            f"the local AWS took {names} of {kind.type_name} '{physical_id}' and did not keep it; "
            "leave it out in this environment, or teach it to sandbox/aws"
        )
    # Within the outputs an input keeps the program's spelling (a JSON document, an id for an ARN).
    return _with_tags(kind, {**live, **_echo(kind, new)})


def _live(kind: ResourceType, connection: Connection, physical_id: str, new: Props, state: Props) -> Props | None:
    region = connection.in_region(new.get("region") or state.get("region"))
    try:
        live = kind.read(Call(aws=region, id=physical_id, new=new, state=state))
    except Exception as exc:
        if faults.gone(exc):
            return None
        raise
    if live is None:
        return None
    plain: dict[str, Any] = {name: value for name, value in live.items() if value is not None}
    return {**plain, "region": region.region} if kind.regional else plain


def _echo(kind: ResourceType, inputs: Props) -> Props:
    """The inputs as outputs: without the write-only ones, and without the provider's own bookkeeping."""
    hidden = {name for name, prop in kind.properties.items() if prop.write_only} | {DEFAULTS}
    return {name: value for name, value in inputs.items() if name not in hidden}


def _with_tags(kind: ResourceType, outputs: Props) -> Props:
    return {**outputs, "tagsAll": outputs.get("tags", {})} if "tags" in kind.properties else outputs
