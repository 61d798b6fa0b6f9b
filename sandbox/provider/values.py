"""Property bags as they travel between engine and provider.

The engine marks what JSON cannot say by a signature key or by a magic string (sdk/go/common/resource/plugin/rpc.go and
sig/sig.go of github.com/pulumi/pulumi/sdk/v3). Secrecy is kept per top-level property: a secret anywhere inside one
makes the whole of it secret, which is stricter than the engine asks and never looser.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from google.protobuf.struct_pb2 import Struct, Value

Props = dict[str, Any]

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the wire format
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
_RESOURCE = "5cf8f73096256a8f31e491e813e4eb8e"
_UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
# One magic string for each kind of value that is not known yet: text, flag, number, array, asset, archive, object.
_UNKNOWNS = frozenset(
    {
        _UNKNOWN_TEXT,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


class Unknown(Enum):
    """The type of `UNKNOWN`: a value that only exists once something else has been created."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Asset:
    """A file or an archive of files; `fields` holds what the engine sent: hash, and text, path, uri or assets."""

    archive: bool
    fields: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """The engine's own digest of the content; the contents may have been left out, this never is."""
        return str(self.fields.get("hash", ""))


@dataclass(frozen=True, kw_only=True)
class Bag:
    """Properties in plain form, with the names of those that are secret."""

    values: Props = field(repr=False)
    secrets: frozenset[str] = frozenset()


def decode(struct: Struct) -> Bag:
    """Plain values of `struct`; nulls are dropped, as an absent property and a null one mean the same."""
    values: Props = {}
    secrets: set[str] = set()
    for name, wire in struct.fields.items():
        marks: list[str] = []
        value = _decode(wire, marks)
        if value is not None:
            values[name] = value
            if marks:
                secrets.add(name)
    return Bag(values=values, secrets=frozenset(secrets))


def encode(values: Mapping[str, Any], secrets: Collection[str] = ()) -> Struct:
    """The wire form of `values`, with the properties named in `secrets` marked as secret."""
    struct = Struct()
    for name, value in values.items():
        if value is None:
            continue
        wire = _encode(value)
        if name in secrets:
            wrapped = Value()
            wrapped.struct_value.fields[_SIGNATURE].string_value = _SECRET
            wrapped.struct_value.fields["value"].CopyFrom(wire)
            wire = wrapped
        struct.fields[name].CopyFrom(wire)
    return struct


def known(value: object) -> bool:
    """Whether nothing inside `value` is still unknown."""
    if value is UNKNOWN:
        return False
    if isinstance(value, Mapping):
        return all(known(item) for item in value.values())
    if isinstance(value, list):
        return all(known(item) for item in value)
    return True


def _decode(wire: Value, marks: list[str]) -> Any:
    match wire.WhichOneof("kind"):
        case "string_value":
            return UNKNOWN if wire.string_value in _UNKNOWNS else wire.string_value
        case "number_value":
            number = wire.number_value
            return int(number) if number.is_integer() else number
        case "bool_value":
            return wire.bool_value
        case "list_value":
            return [_decode(item, marks) for item in wire.list_value.values]
        case "struct_value":
            return _decode_struct(wire.struct_value, marks)
        case _:
            return None


def _decode_struct(struct: Struct, marks: list[str]) -> Any:
    fields = struct.fields
    signature = fields[_SIGNATURE].string_value if _SIGNATURE in fields else ""
    if signature == _SECRET:
        marks.append(signature)
        return _decode(fields["value"], marks)
    if signature == _OUTPUT:
        if "secret" in fields and fields["secret"].bool_value:
            marks.append(signature)
        return _decode(fields["value"], marks) if "value" in fields else UNKNOWN
    if signature == _RESOURCE:
        return _decode(fields["id" if "id" in fields else "urn"], marks)
    plain = {name: _decode(item, marks) for name, item in fields.items() if name != _SIGNATURE}
    plain = {name: item for name, item in plain.items() if item is not None}
    if signature in {_ASSET, _ARCHIVE}:
        return Asset(archive=signature == _ARCHIVE, fields=plain)
    return plain


def _encode(value: Any) -> Value:
    wire = Value()
    if value is UNKNOWN:
        wire.string_value = _UNKNOWN_TEXT
    elif isinstance(value, bool):
        wire.bool_value = value
    elif isinstance(value, int | float):
        wire.number_value = value
    elif isinstance(value, str):
        wire.string_value = value
    elif isinstance(value, Asset):
        wire.struct_value.CopyFrom(encode(value.fields))
        wire.struct_value.fields[_SIGNATURE].string_value = _ARCHIVE if value.archive else _ASSET
    elif isinstance(value, Mapping):
        wire.struct_value.CopyFrom(encode(value))
    elif isinstance(value, list | tuple):
        wire.list_value.SetInParent()
        wire.list_value.values.extend(_encode(item) for item in value)
    else:
        raise TypeError(f"a property cannot hold a {type(value).__name__}; convert it in the resource type's read")
    return wire
