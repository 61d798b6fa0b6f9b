"""A second opinion on the proof: every request of a finite world, one by one, decided by a few lines of its own.

It reads the raw JSON objects and shares no code with `policies.access` or `iam`. The order of decision is that of
docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html, for another
account reference_policies_evaluation-logic-cross-account.html there, and for keys
docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain, combinations, product
from typing import Any

from tests.policies.access_universe import HOME, NIGHT, OF_SESSION, ON_KEY, PLAIN, POOL, REGION, ROLE, TAG_KEYS, Secret

Document = Mapping[str, Any]
Given = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """One principal and one secret, with the documents that apply."""

    party: str
    secret: Secret
    identity: tuple[Document, ...]
    boundary: Document | None
    resource: Document | None
    key_policy: Document

    @property
    def documents(self) -> tuple[Document, ...]:
        return tuple(one for one in (*self.identity, self.boundary, self.resource, self.key_policy) if one)

    @property
    def sessions(self) -> tuple[str, ...]:
        return (PLAIN[ROLE], NIGHT) if self.party == ROLE else (PLAIN.get(self.party, self.party),)


def allowed(case: Case, action: str) -> bool:
    """Whether any request of the world is allowed, with the call to KMS that it takes."""
    mentioned = {key.lower() for one in case.documents for key in _keys(one)}
    named = [key for key in POOL if key.lower() in mentioned]
    for session in case.sessions:
        for shared in _assignments([key for key in named if key in OF_SESSION]):
            rest = [key for key in named if key not in OF_SESSION]
            on_secret = any(decide(case, session, action, {**shared, **own}) for own in _assignments(rest))
            if on_secret and (
                action not in ON_KEY
                or any(decide(case, session, ON_KEY[action], {**shared, **own}) for own in _assignments(rest))
            ):
                return True
    return False


def decide(case: Case, session: str, action: str, given: Given) -> bool:
    """One request, on the secret or on its key."""
    on_key = action.startswith("kms:")
    arn, policy = (case.secret.key, case.key_policy) if on_key else (case.secret.arn, case.resource)
    context = {key.lower(): values for key, values in {**given, **settled(case, action)}.items()}

    def covers(statement: Mapping[str, Any]) -> bool:
        return _covers(statement, action, arn, context)

    held = [*case.identity, *([case.boundary] if case.boundary else [])]
    own = [one for document in case.identity for one in document["Statement"] if covers(one)]
    theirs = [one for one in policy["Statement"] if covers(one)] if policy else []
    names = _names(case.party, session)
    bounded = case.boundary is not None
    for document in held:
        if any(one["Effect"] == "Deny" and covers(one) for one in document["Statement"]):
            return False
    if any(one["Effect"] == "Deny" and _level(one, names, bounded=bounded) for one in theirs):
        return False
    within = not case.boundary or any(one["Effect"] == "Allow" and covers(one) for one in case.boundary["Statement"])
    mine = any(one["Effect"] == "Allow" for one in own)
    levels = {_level(one, names, bounded=False) for one in theirs if one["Effect"] == "Allow"} - {None}
    if f":{HOME}:" not in case.party:
        return within and mine and bool(levels)
    if "direct" in levels:
        return True
    return within and ("entity" in levels or (mine and (not on_key or "account" in levels)))


def settled(case: Case, action: str) -> dict[str, tuple[str, ...]]:
    """The context keys that principal, secret and key decide."""
    secret = case.secret
    found = {
        "aws:PrincipalArn": (case.party,),
        "aws:PrincipalAccount": (case.party.split(":")[4],),
        "aws:PrincipalIsAWSService": ("false",),
        "aws:RequestedRegion": (REGION,),
    }
    if not action.startswith("kms:"):
        tier = (secret.tier,)
        return {**found, "aws:ResourceTag/Tier": tier, "secretsmanager:ResourceTag/Tier": tier}
    return {
        **found,
        "aws:ResourceTag/Tier": (secret.key_tier,),
        "kms:ViaService": (f"secretsmanager.{REGION}.amazonaws.com",),
        "kms:EncryptionContext:SecretARN": (secret.arn,),
        "kms:ResourceAliases": (secret.alias,),
        "secretsmanager:VersionStage": (),  # keys of Secrets Manager are in no request to KMS
        "secretsmanager:RecoveryWindowInDays": (),
    }


def _assignments(keys: list[str]) -> Iterator[Given]:
    for chosen in product(*(_values(key) for key in keys)):
        yield dict(zip(keys, chosen, strict=True))


def _values(key: str) -> list[tuple[str, ...]]:
    if key == TAG_KEYS:
        return list(chain.from_iterable(combinations(POOL[key], size) for size in range(len(POOL[key]) + 1)))
    return [(), *((one,) for one in POOL[key])]


def _keys(document: Document) -> Iterator[str]:
    for statement in document["Statement"]:
        for keys in statement.get("Condition", {}).values():
            yield from keys


def _names(party: str, session: str) -> Mapping[str, frozenset[str]]:
    """By what a policy may mean the caller, by how closely."""
    account = party.split(":")[4]
    is_role = ":role/" in party
    return {
        "direct": frozenset({"*", session if is_role else party}),
        "entity": frozenset({party} if is_role else ()),
        "account": frozenset({account, f"arn:aws:iam::{account}:root"}),
    }


def _level(statement: Mapping[str, Any], names: Mapping[str, frozenset[str]], *, bounded: bool) -> str | None:
    if "Principal" in statement:
        named = _listed(statement["Principal"])
        return next((level for level in ("direct", "entity", "account") if names[level] & named), None)
    named = _listed(statement["NotPrincipal"])
    if statement["Effect"] == "Allow":
        return None if named & frozenset().union(*names.values()) else "direct"
    account = next(one for one in names["account"] if one.isdigit())
    chain_of = {f"arn:aws:iam::{account}:root", *names["entity"], *(names["direct"] - {"*"})}
    listed = named | {f"arn:aws:iam::{one}:root" for one in named if one.isdigit()}
    return None if not bounded and ("*" in named or chain_of <= listed) else "direct"


def _listed(value: Any) -> frozenset[str]:
    if isinstance(value, dict):
        return frozenset(one for each in value.values() for one in _listed(each))
    return frozenset(str(one) for one in value) if isinstance(value, list) else frozenset((str(value),))


def _covers(statement: Mapping[str, Any], action: str, arn: str, context: Given) -> bool:
    actions = statement.get("Action", statement.get("NotAction"))
    if any(_like(one.lower(), action.lower(), _free) for one in _listed(actions)) is ("NotAction" in statement):
        return False
    resources = statement.get("Resource", statement.get("NotResource"))
    filled = (
        one.replace(
            "${secretsmanager:ResourceTag/Tier}", "".join(context.get("secretsmanager:resourcetag/tier", ("${",)))
        )
        for one in _listed(resources)
    )
    if any(_like(one, arn, _ends_its_segment) for one in filled) is ("NotResource" in statement):
        return False
    conditions = statement.get("Condition", {})
    return all(
        _holds(name, wanted, context.get(key.lower(), ()))
        for name, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _holds(name: str, wanted: Any, given: tuple[str, ...]) -> bool:
    texts = [
        str(one).lower() if isinstance(one, bool) else str(one)
        for one in (wanted if isinstance(wanted, list) else [wanted])
    ]
    if name == "Null":
        return texts == ["false" if given else "true"]
    quantifier, _, operator = name.rpartition(":")
    bare = operator.removesuffix("IfExists")
    if bare != operator and not given:
        return True
    negated = "Not" in bare
    passes = [any(_equal(bare.replace("Not", ""), text, one) for text in texts) is not negated for one in given]
    if quantifier == "ForAllValues":
        return all(passes)
    if quantifier == "ForAnyValue":
        return any(passes)
    return all(passes) if negated else any(passes)


def _equal(operator: str, wanted: str, given: str) -> bool:
    match operator:
        case "StringEquals":
            return wanted == given
        case "StringEqualsIgnoreCase" | "Bool":
            return wanted.lower() == given.lower()
        case "StringLike":
            return _like(wanted, given, _free)
        case "ArnEquals" | "ArnLike":
            parts, masks = given.split(":", 5), wanted.split(":", 5)
            return len(parts) == len(masks) and all(_like(m, p, _free) for m, p in zip(masks, parts, strict=True))
        case "NumericEquals":
            return float(given) == float(wanted)
        case "NumericLessThan":
            return float(given) < float(wanted)
        case "NumericGreaterThanEquals":
            return float(given) >= float(wanted)
    raise AssertionError(f"the generator made {operator}, which the brute force does not know")


def _free(_pattern: str) -> bool:
    return True


def _ends_its_segment(pattern: str) -> bool:
    return pattern[0] == "*" and pattern[1:2] in ("", ":")


@cache
def _like(pattern: str, text: str, crosses: Callable[[str], bool]) -> bool:
    """Whether the pattern matches; `crosses` says of the pattern's rest whether its wildcard may be a colon."""
    if not pattern:
        return not text
    first = pattern[0]
    may_take = bool(text) and (crosses(pattern) or text[0] != ":")
    if first == "*":
        return _like(pattern[1:], text, crosses) or (may_take and _like(pattern, text[1:], crosses))
    if first == "?":
        return may_take and _like(pattern[1:], text[1:], crosses)
    return text[:1] == first and _like(pattern[1:], text[1:], crosses)
