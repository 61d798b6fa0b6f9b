"""What a resource type is to the provider: its properties, and the four calls that act on AWS.

A type is one `ResourceType` in a service's file, listed in `registry.py`. Everything that is not particular to it
(checking, defaults, names, differences, previews, secrecy, drift) is derived from the declarations of its properties.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from sandbox.provider.values import Props


class ProviderError(Exception):
    """The provider's own refusal: what, the value given (never a secret), what to do."""


class Kind(StrEnum):
    """The shape of a property's value. DOCUMENT is JSON text that is compared by meaning, SET a list without order."""

    TEXT = "a string"
    NUMBER = "a number"
    FLAG = "a boolean"
    DOCUMENT = "a string of JSON"
    LIST = "a list of strings"
    SET = "a set of strings"
    MAP = "a map of strings"
    NUMBERS = "a map of numbers"
    BLOCK = "an object"
    BLOCKS = "a list of objects"
    ARCHIVE = "an archive"
    ASSET = "an asset or an archive"


@dataclass(frozen=True, kw_only=True)
class Property:
    """One input.

    `replaces`: a change makes a new resource. `computed`: AWS chooses a value where none is given, which is no drift.
    `unreadable`: AWS does not return it, so its last input stands. `write_only`: sent to AWS and never part of the
    outputs, and compared with nothing. `ordered`: the order of a list of objects, or within JSON text, means something.
    `aws` is AWS's name for it, where that is not the same words (`wire.py`).
    """

    kind: Kind = Kind.TEXT
    required: bool = False
    default: Any = None
    replaces: bool = False
    computed: bool = False
    unreadable: bool = False
    write_only: bool = False
    ordered: bool = False
    aws: str = ""
    allowed: frozenset[Any] | None = None
    fields: "Mapping[str, Property]" = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class AutoName:
    """How a physical name is made where none is given: the logical name and seven random digits, as Pulumi does.

    `separator` stands before the digits, and for the hyphens of the logical name.
    """

    name: str = "name"
    prefix: str | None = "namePrefix"
    form: str = "{}"
    separator: str = "-"
    suffix_when: tuple[str, str] | None = None
    max_length: int = 64
    lower: bool = False


class Clients(Protocol):
    """AWS as one resource sees it: bound to its region."""

    @property
    def region(self) -> str:
        """The region."""

    @property
    def partition(self) -> str:
        """The partition of the region, for ARNs."""

    def client(self, service: str) -> Any:
        """A boto3 client of `service`."""

    @property
    def account(self) -> str:
        """The account that the credentials belong to."""

    def elsewhere(self, region: str) -> "Clients":
        """The same AWS, seen from another region."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """One operation on one resource. `new` are the checked inputs, `old` those of before, `state` the last outputs.

    `told` takes the outputs that AWS names once, in the answer to the creation, and never again.
    """

    aws: Clients
    id: str = ""
    new: Props = field(default_factory=dict, repr=False)
    old: Props = field(default_factory=dict, repr=False)
    state: Props = field(default_factory=dict, repr=False)
    physical: list[str] = field(default_factory=list)
    told: Props = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client of `service` in the resource's region."""
        return self.aws.client(service)

    def changed(self, *names: str) -> bool:
        """Whether any of the inputs `names` differs from before."""
        return any(self.new.get(name) != self.old.get(name) for name in names)

    def created(self, physical_id: str) -> str:
        """Note that the resource exists from now on, so that a later failure leaves it in the state, not orphaned."""
        self.physical.append(physical_id)
        return physical_id

    def given(self, **parameters: str) -> Props:
        """The AWS parameters among `parameters` (AWS's name = the input's name) whose input has a value."""
        return {aws: self.new[name] for aws, name in parameters.items() if self.new.get(name) is not None}


Failure = tuple[str, str]


def _no_rules(_inputs: Props) -> Iterator[Failure]:
    return iter(())


def _in_place(_old: Props, _new: Props) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One row of the table.

    `create` returns the id; `read` returns inputs and outputs as AWS holds them, or None when the resource is gone;
    `identity` names the inputs that fix the physical identity: where they stay, a replacement has to delete first.
    `rules` yields (property, reason) for what single properties cannot say. `volatile` outputs may change on update.
    `replacing` names the properties that replace for this pair of old and new inputs, though mostly they do not.
    `verified`: what AWS took and did not keep is an error at once, instead of a drift at the next refresh.
    """

    type_name: str
    inputs: Mapping[str, Property]
    outputs: tuple[str, ...] = ("arn",)
    create: Callable[[Call], str]
    read: Callable[[Call], Props | None]
    update: Callable[[Call], None] | None = None
    delete: Callable[[Call], None]
    rules: Callable[[Props], Iterator[Failure]] = _no_rules
    identity: tuple[str, ...] = ()
    autoname: AutoName | None = None
    volatile: tuple[str, ...] = ()
    secrets: frozenset[str] = frozenset()
    regional: bool = True
    replacing: Callable[[Props, Props], frozenset[str]] = _in_place
    verified: bool = False

    @property
    def properties(self) -> Mapping[str, Property]:
        """All inputs: the declared ones, and `region` where the service is regional."""
        return {**self.inputs, "region": REGION} if self.regional else self.inputs


def text(**options: Any) -> Property:
    """A string."""
    return Property(kind=Kind.TEXT, **options)


def number(**options: Any) -> Property:
    """A number."""
    return Property(kind=Kind.NUMBER, **options)


def flag(**options: Any) -> Property:
    """A boolean."""
    return Property(kind=Kind.FLAG, **options)


def document(**options: Any) -> Property:
    """JSON text, compared by meaning."""
    return Property(kind=Kind.DOCUMENT, **options)


def strings(**options: Any) -> Property:
    """A set of strings."""
    return Property(kind=Kind.SET, **options)


def block(fields: Mapping[str, Property], **options: Any) -> Property:
    """An object of known fields."""
    return Property(kind=Kind.BLOCK, fields=fields, **options)


def blocks(fields: Mapping[str, Property], **options: Any) -> Property:
    """A set of objects of known fields."""
    return Property(kind=Kind.BLOCKS, fields=fields, **options)


REGION = text(replaces=True, computed=True)
TAGS = Property(kind=Kind.MAP)
NAMED: Mapping[str, Property] = {
    "name": text(replaces=True, computed=True),
    "namePrefix": text(replaces=True, unreadable=True),
}
