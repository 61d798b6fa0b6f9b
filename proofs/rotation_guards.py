"""The guards of the protocol: each has an exploration in which its absence is found out, by name of its scope."""

from __future__ import annotations

from collections.abc import Mapping

from proofs.rotation_actions import STAYS, Scope
from proofs.rotation_rules import DUAL, ROLE

SCOPES: Mapping[str, Scope] = {
    scope.name: scope
    for scope in (
        Scope(name="roles", shape=ROLE),
        Scope(name="roles, two consumers", shape=ROLE, retirers=0, consumers=2),
        Scope(name="roles, two rotators", shape=ROLE, rotators=2, retirers=0, consumers=0),
        Scope(name="roles, emergency", shape=ROLE, emergency=True),
        Scope(name="roles, hostile", shape=ROLE, retirers=0, hostile=True),
        Scope(name="roles, rotation off", shape=ROLE, retirers=0, enabled=False),
        Scope(name="roles, not ours", shape=ROLE, retirers=0, ours=False),
        Scope(name="roles, restored", shape=ROLE, retirers=0, restore=True),
        Scope(name="passwords", shape=DUAL),
        Scope(name="passwords, two consumers", shape=DUAL, retirers=0, consumers=2),
        Scope(name="passwords, two rotators", shape=DUAL, rotators=2, retirers=0, consumers=0),
        Scope(name="passwords, two rotators, a consumer", shape=DUAL, rotators=2, retirers=0),
        Scope(name="passwords, emergency", shape=DUAL, emergency=True),
        Scope(name="passwords, after an emergency", shape=DUAL, emergency=True, later=True),
        Scope(name="passwords, a late retirement", shape=DUAL, later=True, late=True),
        Scope(name="passwords, restored", shape=DUAL, retirers=0, restore=True),
    )
}

# Some traces of these, too.
SAMPLED = ("roles, two rotators", "passwords, two rotators", "roles, emergency", "passwords, emergency")

# Explored in the short form too, within nearer bounds.
SMALL = ("passwords, two consumers", "roles, two consumers", "roles, hostile", "roles, rotation off", "roles, not ours")

# Every state of these, within a bound, is made once on the real code.
REPLAYED = ("roles", "passwords", "roles, two consumers", "passwords, two consumers")

_ROLES, _PASSWORDS = ("roles",), ("passwords",)
_TWO = ("roles, two rotators",)
_LATER = ("passwords, after an emergency",)
_CONSUMER = ("passwords, two rotators, a consumer",)

# Not here: "no rival". A createSecret that stalls between that look and its put does all that one without the look can
# do, and the scopes of two rotators have it; the look only says early, and in words, what setSecret refuses anyway.
# Each guard with the scopes in which to look for what its absence does.
GUARDS: Mapping[str, tuple[str, ...]] = {
    "rotation enabled": ("roles, rotation off",),
    "ours": ("roles, not ours",),
    "known token": ("roles, hostile",),
    "same server": ("roles, hostile",),
    "overlap before the next": _ROLES,
    "the plan is a record": _ROLES,
    "retire before the next": _ROLES,
    "put keeps the first value": _TWO,
    "server's lock": _ROLES,
    "role in use": _TWO,
    "compare-and-swap": _TWO,
    "verify": ("roles, restored",),
    "log in with any version": ("passwords, restored",),
    "AWSPENDING under the lock": _TWO,
    "value before publishing": ("roles, hostile",),
    "plan before publishing": _PASSWORDS,
    "superseded": ("passwords, a late retirement",),
    "no rotation under way": _PASSWORDS,
    "overlap before retirement": _PASSWORDS,
    "straggler check": _ROLES,
    "unchanged": _PASSWORDS,
    "take away what was seen": _PASSWORDS,
    "label of what was retired": _PASSWORDS,
    "margin": _PASSWORDS,
    "set takes nothing away": _CONSUMER,
    "busy is planned again": _PASSWORDS,
    "superseded is planned again": _LATER,
    "a plan made again is no record": _PASSWORDS,
    "a plan that is there stays": ("passwords, emergency",),
    "retirement looks at the plan": _PASSWORDS,
    "AWSCURRENT is added again": ("passwords, restored",),
    "already current is a no-op": _PASSWORDS,
    "set brings nothing back": _LATER,
    STAYS: _TWO,
}

# Guards that stand behind each other: only without all of them something goes wrong, and without all but one nothing.
BEHIND: Mapping[frozenset[str], tuple[str, ...]] = {
    frozenset({"known token", "AWSPENDING required", "finish reads AWSPENDING"}): _TWO,
}

# Their absence shows within a few thousand states: the short form tries these.
QUICK = (
    "rotation enabled",
    "ours",
    "known token",
    "same server",
    "overlap before the next",
    "put keeps the first value",
    "role in use",
    "AWSPENDING under the lock",
    "verify",
    "value before publishing",
    "plan before publishing",
    "already current is a no-op",
    "no rotation under way",
)
