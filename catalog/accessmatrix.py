"""Renders ACCESS.md: who may do what to which secret, as an auditor reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalog.access.duty import session_seconds
from catalog.access.rights import may
from catalog.access.roles import Group, Role, roles
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.names import Duty

RIGHTS: Mapping[str, tuple[str, ...]] = {
    "R": ("secretsmanager:GetSecretValue",),
    "W": ("secretsmanager:PutSecretValue",),
    "L": ("secretsmanager:UpdateSecretVersionStage",),
    "M": (
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetResourcePolicy",
        "secretsmanager:ListSecretVersionIds",
    ),
    "T": ("secretsmanager:CancelRotateSecret", "secretsmanager:RotateSecret"),
    "P": ("secretsmanager:DeleteResourcePolicy", "secretsmanager:PutResourcePolicy"),
    "D": ("secretsmanager:DeleteSecret",),
}
"""What the letters of a cell stand for: one of these actions is enough."""
_MEANING = {
    "R": "reads the value",
    "W": "writes a value",
    "L": "moves a label such as AWSCURRENT",
    "M": "sees metadata",
    "T": "starts or stops a rotation",
    "P": "changes the resource policy",
    "D": "deletes",
}
_INTRODUCTION = """# Who may do what to which secret

Made from catalog/secrets.yaml and the policies of catalog/access/ by `make docs`; do not edit.

{meaning}; – nothing.

A cell is the most that the role can do: its policy and its boundary allow it, and neither they nor the secret's own
policy deny it. `tests/iam/test_iam_matrix.py` asks the policy evaluator the same questions, and
`tests/e2e/test_least_privilege.py` the deployed stack. Names of roles begin with `llm-observatory-<environment>-`.
"""
_LIMITS = """
## What no role can do

- Pass its boundary. No boundary lets anybody write IAM but `deploy`, who makes and changes only roles that have the
  boundary `boundary`, and neither changes a boundary, an identity provider, nor who may become a duty or a workflow.
- Touch a secret of another environment.
- Delete a secret. Deleting a secret, a key, the trail or a bucket takes an administrator of the account, and for a
  secret first a change of its policy, which is on record and an alert.
- Use a key directly. The keys of the tiers open through Secrets Manager, and for the secrets of the role alone.

## What stays possible, and how it is noticed

- `deploy` may read any secret by its own policy: the provider reads the marker back right after it has written the
  first version. From then on the secret's policy denies it, as it denies everyone who is not a reader.
- Whoever changes the program decides what code a rotation function runs and what a secret's policy says. Nothing in AWS
  prevents that: review, the protected branch and the protected environment do, and the alerts tell of a changed policy.
- An administrator of the account (or its root) is under no boundary of ours. A secret's policy denies him the value; to
  read it he has to change that policy first, which is an alert.
- `security-admin` may rewrite the policy of a key or of a secret; reading takes another role besides.
- A pull request from a fork gets no token of GitHub unless the repository's settings say so; `preview` reads no value.
  A refresh leaves the versions of secrets out, as who deploys cannot read them (ADR 9).
- When main takes a secret out of the catalogue, the secret's policy goes first and its deletion is refused. Until an
  administrator of the account finishes it, `deploy` could read that value; the removal of the policy is an alert.
"""


def markdown(catalog: Catalog, environments: Sequence[Environment]) -> str:
    """The tables as Markdown. One set where the rules are the same in every environment, else one for each."""
    rendered = {environment.name: list(_tables(environment, catalog)) for environment in environments}
    same = len({tuple(lines) for lines in rendered.values()}) == 1
    meaning = ", ".join(f"**{right}** {said}" for right, said in _MEANING.items())
    lines = [_INTRODUCTION.format(meaning=meaning)]
    for name, tables in list(rendered.items())[:1] if same else rendered.items():
        lines += [f"## {' and '.join(rendered) if same else name}", *tables]
    lines += ["", "## How each role is taken on, and what it never does to a secret", ""]
    lines += ["| role | who | session | never |", "|---|---|---|---|"]
    lines += [_line(environments[0], catalog, role) for role in roles(environments[0], catalog)]
    return "\n".join(lines) + "\n" + _LIMITS


def rights(environment: Environment, catalog: Catalog, role: Role) -> Mapping[str, str]:
    """The letters of `RIGHTS` that the role has on each secret, by the secret's name."""
    return {
        secret.name: "".join(
            right
            for right, actions in RIGHTS.items()
            if any(may(environment, role, action, secret) for action in actions)
        )
        for secret in catalog.secrets
    }


def _tables(environment: Environment, catalog: Catalog) -> Iterator[str]:
    everyone = roles(environment, catalog)
    for group in Group:
        held = {role.what: rights(environment, catalog, role) for role in everyone if role.group is group}
        with_some = {what: found for what, found in held.items() if any(found.values())}
        yield from (
            "",
            f"### {group}",
            "",
            f"| secret | {' | '.join(with_some)} |",
            "|---" * (len(with_some) + 1) + "|",
        )
        for secret in catalog.secrets:
            cells = (found[secret.name] or "–" for found in with_some.values())
            yield f"| `{secret.name}` | {' | '.join(cells)} |"
        if idle := [what for what in held if what not in with_some]:
            yield ""
            yield f"Nothing with any secret: {', '.join(f'`{what}`' for what in idle)}."


def _line(environment: Environment, catalog: Catalog, role: Role) -> str:
    held = set("".join(rights(environment, catalog, role).values()))
    never = ", ".join(said for right, said in _MEANING.items() if right not in held)
    seconds = session_seconds(Duty(role.what)) if role.what in list(Duty) else 3600
    who = "; ".join(_who(statement, environment) for statement in _statements(role))
    return f"| `{role.what}` | {who} | {seconds // 3600} h | {never} |"


def _statements(role: Role) -> list[Mapping[str, Any]]:
    found = role.trust["Statement"]
    assert isinstance(found, list)
    return found


def _who(statement: Mapping[str, Any], environment: Environment) -> str:
    """A statement of a trust policy in words; `environment` is left out of them, as the words are for all."""
    ((kind, principal),) = statement["Principal"].items()
    keys = {key: value for found in statement.get("Condition", {}).values() for key, value in found.items()}
    if kind == "AWS":
        return "a person of the account (or of `people`), with a second factor given within the hour"
    if kind == "Federated":
        claims = ", ".join(f"{key.rpartition(':')[2]} `{value}`" for key, value in sorted(keys.items()))
        return _neutral(f"a token of `{principal.partition('/')[2]}` with {claims}", environment)
    named = ", ".join(f"{key.rpartition('/')[2]} `{value}`" for key, value in keys.items() if "RequestTag" in key)
    source = keys.get("aws:SourceArn")
    suffix = f" with {named}" if named else f" for `{source}`" if source else ""
    return _neutral(f"`{principal}`{suffix}", environment)


def _neutral(text: str, environment: Environment) -> str:
    issuer, cluster = environment.cluster.oidc_issuer, environment.cluster.name
    replaced = {
        issuer: "<issuer of the cluster>",
        f"`{cluster}`": "`<cluster>`",
        environment.account: "<account>",
        environment.region: "<region>",
        f"environment:{environment.name}": "environment:<environment>",
        f"-{environment.name}-": "-<environment>-",
    }
    for given, said in replaced.items():
        text = text.replace(given, said)
    return text
