"""What one deployed rotation function is told by its environment variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rotation.errors import RotationError
from rotation.targets import TARGETS


@dataclass(frozen=True, kw_only=True)
class RetirementSettings:
    """ARNs: the function that retires, the role that a schedule invokes it as, the queue of what it could not."""

    function: str
    role: str
    dead_letters: str


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The function's whole configuration, read once at cold start.

    admin_secret_ids maps a kind to the secret through which its credential is changed. ca_pem is public PEM text; for
    the kinds of ca_kinds (all, if it is empty) it is all that is trusted, for others the system's trust store decides.
    There is no switch that turns TLS off.
    """

    environment: str
    target: str
    kinds: frozenset[str]
    retirement: RetirementSettings
    admin_secret_ids: Mapping[str, str] = field(default_factory=dict)
    ca_pem: str | None = None
    ca_kinds: frozenset[str] = frozenset()

    def ca_of(self, kind: str) -> str | None:
        """The CA that servers of a kind are trusted by; None is the system's trust store."""
        return self.ca_pem if not self.ca_kinds or kind in self.ca_kinds else None

    @property
    def prefix(self) -> str:
        """The start of every secret name that this function may touch."""
        return f"llm-observatory/{self.environment}/"

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Settings":
        """Read and check the variables; RotationError names the one that is wrong and what it may be."""
        target = _required(variables, "TARGET")
        if target not in TARGETS:
            raise RotationError(f"variable TARGET is '{target}'; set one of {', '.join(sorted(TARGETS))}")
        kinds = frozenset(_listed(_required(variables, "KINDS")))
        admins = _admins(variables.get("ADMIN_SECRET_IDS", ""))
        for variable, given in {"KINDS": kinds, "ADMIN_SECRET_IDS": admins.keys()}.items():
            if foreign := given - TARGETS[target].keys():
                raise RotationError(
                    f"variable {variable} names {', '.join(sorted(foreign))}, which target '{target}' cannot rotate; "
                    f"use {', '.join(sorted(TARGETS[target]))}"
                )
        return cls(
            environment=_required(variables, "ENVIRONMENT"),
            target=target,
            kinds=kinds,
            admin_secret_ids=admins,
            ca_pem=variables.get("CA_PEM") or None,
            ca_kinds=frozenset(_listed(variables.get("CA_PEM_KINDS", ""))),
            retirement=RetirementSettings(
                function=_required(variables, "RETIRE_FUNCTION_ARN"),
                role=_required(variables, "RETIRE_ROLE_ARN"),
                dead_letters=_required(variables, "RETIRE_DEAD_LETTERS_ARN"),
            ),
        )


def _listed(text: str) -> list[str]:
    return [item for item in (item.strip() for item in text.split(",")) if item]


def _admins(text: str) -> Mapping[str, str]:
    admins = {}
    for item in _listed(text):
        kind, equals, secret = item.partition("=")
        if not (kind and equals and secret):
            raise RotationError(f"variable ADMIN_SECRET_IDS has '{item}'; write kind=secret-name, with commas between")
        admins[kind] = secret
    return admins


def _required(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise RotationError(f"variable {name} is missing or empty; set it on the function")
    return variables[name]
