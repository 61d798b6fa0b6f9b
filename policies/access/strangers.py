"""Principals that the stack does not declare and that may ask all the same: of the account, and from outside."""

from __future__ import annotations

import re
from collections.abc import Iterator

from iam.error import PolicyError
from iam.principal import Principal, is_account_id
from policies.access.paper import EVERYTHING
from policies.access.subject import Party, Relation, Target, callers_of_role, named_by, policies_of

_PRINCIPAL_ARN = "aws:principalarn"
_ROOT = re.compile(r"^arn:[a-z-]+:iam::\d{12}:root$")
_ENTITY = re.compile(r"^arn:[a-z-]+:(iam|sts)::(\d{12}):(role|user|assumed-role|federated-user)/")


def strangers(targets: tuple[Target, ...], declared: frozenset[str]) -> tuple[Party, ...]:
    """One for each way in which documents of secrets and keys tell such principals apart; ARNs in `declared` are none.

    Their own policies are not in the stack, so each holds everything that IAM can grant. There is a role of the account
    and one of another account that nothing names, nobody (a request without a signature), and all that some document
    names: principals, accounts, services, identity providers, and ARNs in conditions on aws:PrincipalArn, there with
    one value for a pattern.
    """
    accounts = {target.account for target in targets}
    texts = {text for element in named_by(targets) for text in element.aws} | set(_in_conditions(targets))
    other = _unnamed_account(texts | accounts)
    found: dict[str, Party] = {}
    for account in sorted(accounts):
        role = f"arn:aws:iam::{account}:role/administrator-of-the-account"
        found[role] = _party("an administrator of the account", role, Relation.ACCOUNT)
    outside = f"arn:aws:iam::{other}:role/administrator"
    found[outside] = _party("an administrator of another account", outside, Relation.OUTSIDE)
    found["*"] = Party(name="nobody", relation=Relation.OUTSIDE, callers=(Principal.anonymous(),))
    for text in sorted(texts):
        arn = _arn(text)
        if arn and arn not in declared and _role_of(arn) not in declared:
            account = arn.split(":")[4]
            relation = Relation.ACCOUNT if account in accounts else Relation.OUTSIDE
            found.setdefault(arn, _party(arn, arn, relation))
    for element in named_by(targets):
        for service in element.services:
            found[service] = Party(name=service, relation=Relation.OUTSIDE, callers=(Principal.service(service),))
        for provider in element.federated:
            found[provider] = Party(name=provider, relation=Relation.OUTSIDE, callers=(Principal.federated(provider),))
    return tuple(found.values())


def _party(name: str, arn: str, relation: Relation) -> Party:
    callers = callers_of_role(arn) if ":role/" in arn else (Principal.parse(arn),)
    return Party(name=name, relation=relation, callers=callers, identity=(EVERYTHING,))


def _in_conditions(targets: tuple[Target, ...]) -> Iterator[str]:
    for policy in policies_of(targets):
        for statement in policy.statements:
            for one in statement.comparisons:
                if one.key.lower() == _PRINCIPAL_ARN:
                    yield from one.values


def _arn(text: str) -> str | None:
    """A principal that `text` names or, with wildcards filled in, describes; None if it is none."""
    if is_account_id(text):
        text = f"arn:aws:iam::{text}:root"
    if _ROOT.match(text):
        return text.replace(":root", ":role/administrator")  # whom the account lets in is for its administrator to say
    filled = text.replace("*", "any").replace("?", "x")
    if not _ENTITY.match(filled):
        return None
    try:
        Principal.parse(filled)
    except PolicyError:
        return None
    return filled


def _role_of(arn: str) -> str | None:
    """The role of a session, without the path that a session's ARN lacks."""
    found = re.match(r"^arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/", arn)
    return f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}" if found else None


def _unnamed_account(texts: set[str]) -> str:
    joined = " ".join(texts)
    return next(number for number in (f"{n:012d}" for n in range(1000)) if number not in joined)
