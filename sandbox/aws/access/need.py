"""What a call needs permission for: actions on resources, as the Service Authorization Reference names them.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from iam.context import ContextValue

ANY = "*"


@dataclass(frozen=True, kw_only=True)
class Need:
    """One action on one resource; `given` are the condition keys that the service knows of it."""

    action: str
    resource: str = ANY
    given: Mapping[str, ContextValue] = field(default_factory=dict)


class Lookup(Protocol):
    """The ARNs of resources that calls name otherwise; of one that does not exist, what its ARN would be."""

    def secret(self, region: str, secret_id: str) -> str:
        """A secret by name, ARN or partial ARN."""

    def kms_key(self, region: str, key_id: str) -> str:
        """A KMS key by id, ARN, alias or alias ARN."""

    def sealing_key(self, region: str, ciphertext: bytes) -> str:
        """The KMS key that made a ciphertext."""

    def rotation_function(self, region: str, secret_id: str) -> str:
        """The function that rotates a secret, empty when there is none."""

    def identity(self, kind: str, name: str) -> str:
        """An IAM user, role, group or instance-profile by name."""

    def workgroup(self, region: str, query_id: str) -> str:
        """The Athena workgroup of a saved query or of one that ran."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One operation's parameters, and where it is asked."""

    service: str
    operation: str
    account: str
    region: str
    parameters: Mapping[str, Any]
    look: Lookup

    def get(self, *names: str) -> Any:
        """The first of these parameters that is given, or None."""
        return next((self.parameters[name] for name in names if self.parameters.get(name) is not None), None)

    def text(self, *names: str) -> str:
        """The first of these parameters that is a text, or an empty one."""
        value = self.get(*names)
        return value if isinstance(value, str) else ""

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """The ARN of a resource of this account in this region."""
        return f"arn:aws:{service}:{self.region if regional else ''}:{self.account}:{resource}"


Rule = Callable[[Asked], Iterable[Need]]
Resource = Callable[[Asked], str]
Given = Callable[[Asked], Mapping[str, ContextValue]]


def nothing(_asked: Asked) -> Iterable[Need]:
    """An operation that needs no permission."""
    return ()


def anything(_asked: Asked) -> str:
    """An action without resource types."""
    return ANY


def on(action: str, resource: Resource = anything, *given: Given) -> Rule:
    """The usual rule: one action on one resource, with request tags and whatever else is `given`."""

    def rule(asked: Asked) -> Iterator[Need]:
        context: dict[str, ContextValue] = dict(request_tags(asked))
        for add in given:
            context.update(add(asked))
        yield Need(action=action, resource=resource(asked), given=context)

    return rule


def both(*rules: Rule) -> Rule:
    """An operation that needs what each of the rules needs."""

    def rule(asked: Asked) -> Iterator[Need]:
        for one in rules:
            yield from one(asked)

    return rule


def each(prefix: str, resource: Resource, operations: str, *given: Given) -> dict[str, Rule]:
    """Operations, named in a text with spaces, whose action has the operation's own name."""
    return {name: on(f"{prefix}:{name}", resource, *given) for name in operations.split()}


def passing(service: str, *path: str) -> Rule:
    """iam:PassRole for the role whose ARN is found along `path`, handed to a service; nothing where none is given."""

    def rule(asked: Asked) -> Iterator[Need]:
        for arn in _along(asked.parameters, path):
            if isinstance(arn, str) and arn.startswith("arn:"):
                yield Need(action="iam:PassRole", resource=arn, given={"iam:PassedToService": service})

    return rule


def request_tags(asked: Asked) -> Mapping[str, ContextValue]:
    """aws:RequestTag/* and aws:TagKeys, in whichever shape the service takes tags."""
    given = asked.get("Tags", "tags", "Tagging", "TagList")
    pairs: dict[str, str] = {}
    if isinstance(given, Mapping):
        given = given.get("TagSet", given)
    if isinstance(given, Mapping):
        pairs = {str(key): str(value) for key, value in given.items()}
    elif isinstance(given, list):
        for tag in given:
            if isinstance(tag, Mapping):
                key = tag.get("Key", tag.get("TagKey", tag.get("key")))
                pairs[str(key)] = str(tag.get("Value", tag.get("TagValue", tag.get("value", ""))))
    keys = asked.get("TagKeys", "tagKeys", "TagKeyList") if not pairs else list(pairs)
    context: dict[str, ContextValue] = {f"aws:RequestTag/{key}": value for key, value in pairs.items()}
    if isinstance(keys, list) and keys:
        context["aws:TagKeys"] = [str(key) for key in keys]
    return context


def with_given(need: Need, more: Mapping[str, ContextValue]) -> Need:
    """The need with more condition keys."""
    return replace(need, given={**need.given, **more})


def _along(value: Any, path: tuple[str, ...]) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _along(one, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping) and path[0] in value:
        yield from _along(value[path[0]], path[1:])
