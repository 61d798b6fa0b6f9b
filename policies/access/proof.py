"""The catalogue's meaning against what the documents allow: every disagreement, with the request that shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, unique

from catalog import names
from catalog.model import Secret
from policies.access.decision import ACTIONS, Answer, Verdict, answer
from policies.access.meaning import Meaning
from policies.access.subject import Documents, Party, Target
from policies.intent import Intent


@unique
class Kind(Enum):
    """How documents and catalogue disagree."""

    MAY = "may although it must not"
    MAY_NOT = "may not although it must"
    UNDECIDED = "may or may not"


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """One pair and action; `secret` is the catalogue's entry for `target`."""

    kind: Kind
    party: Party
    action: str
    target: Target
    secret: Secret
    answer: Answer


@dataclass(frozen=True, kw_only=True)
class Report:
    """`asked` counts the questions, `answered` their answers.

    `missing` are roles of the catalogue that the stack does not have; `unnamed` are roles whose name is not known yet.
    """

    asked: int
    answered: Counter[Verdict]
    disagreements: tuple[Disagreement, ...]
    missing: tuple[str, ...]
    unnamed: tuple[str, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether documents and catalogue agree on everything."""
        return not self.disagreements and not self.missing


def of(documents: Documents, intent: Intent) -> Report:
    """Every principal, action and secret that the catalogue has; a secret that it has not is for another rule."""
    meaning = Meaning(intent=intent)
    answered: Counter[Verdict] = Counter()
    found = tuple(_disagreements(documents, intent, meaning, answered))
    present = {meaning.what(party) for party in documents.parties}
    return Report(
        asked=answered.total(),
        answered=answered,
        disagreements=found,
        missing=tuple(
            names.named(intent.environment, what)
            for what in meaning.roles
            if what not in present and any(meaning.actions(what, one, is_copy=False) for one in intent.catalog.secrets)
        ),
        unnamed=documents.unnamed,
    )


def _disagreements(
    documents: Documents, intent: Intent, meaning: Meaning, answered: Counter[Verdict]
) -> Iterator[Disagreement]:
    targets = [(target, secret) for target in documents.targets if (secret := intent.entry(target.name))]
    for party in documents.parties:
        meant = [(target, secret, meaning.of(party, target, secret)) for target, secret in targets]
        for action in ACTIONS:
            for target, secret, its in meant:
                if action not in its.must and action not in its.must_not:
                    continue
                given = answer(party, action, target)
                answered[given.verdict] += 1
                if kind := _kind(given.verdict, must=action in its.must):
                    yield Disagreement(
                        kind=kind, party=party, action=action, target=target, secret=secret, answer=given
                    )


def _kind(verdict: Verdict, *, must: bool) -> Kind | None:
    if verdict is Verdict.UNDECIDED:
        return Kind.UNDECIDED
    if must:
        return None if verdict is Verdict.ALLOWED else Kind.MAY_NOT
    return None if verdict is Verdict.REFUSED else Kind.MAY
