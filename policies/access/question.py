"""Whether some request is allowed: a search over what is open about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from iam.context import Context
from iam.decision import Decision
from iam.document import Effect
from iam.evaluate import Policies, decide
from policies.access.choices import Test, Values, choices
from policies.access.circumstances import Fixed, of_session
from policies.access.reduction import reduced, statements, without_conditions
from policies.access.words import BeyondError

MOST_CIRCUMSTANCES = 20_000
_SHARED = -1
Key = tuple[int, str]  # the number of the request, or _SHARED, and the key in lower case


@dataclass(frozen=True, kw_only=True)
class Question:
    """A request with the policies that apply to it."""

    fixed: Fixed
    policies: Policies


@dataclass(frozen=True, kw_only=True)
class Found:
    """One decision for each question, all of them allowed, or those up to the first that is refused.

    `assumptions` are what the allowance rests on besides the documents.
    """

    decisions: tuple[Decision, ...]
    assumptions: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether every request is allowed."""
        return all(one.allowed for one in self.decisions)


def possible(questions: Sequence[Question]) -> Found:
    """Requests that answer all questions at once with yes, if there are such; the keys of the session are the same."""
    found = _search(questions, generous=False)
    if found.allowed or not found.assumptions:
        return replace(found, assumptions=())
    generous = _search(questions, generous=True)
    return generous if generous.allowed else replace(generous, assumptions=())


def _search(questions: Sequence[Question], *, generous: bool) -> Found:
    beyond: frozenset[str] = frozenset()
    said: list[str] = []
    while True:
        notes = list(said)
        policies: list[Policies] = []
        bound: list[Decision] = []
        for one in questions:
            form = reduced(one.policies, one.fixed, generous=generous, beyond=beyond)
            notes += form.assumptions
            policies.append(form.policies)
            bound.append(decide(one.fixed.request, without_conditions(form.policies)))
            if not bound[-1].allowed:  # whatever the circumstances: nearly every question ends here
                return Found(decisions=tuple(bound), assumptions=tuple(notes))
        tests = _tests(policies)
        if not tests:
            return Found(decisions=tuple(bound), assumptions=tuple(notes))
        try:
            return Found(decisions=_over(questions, policies, tests), assumptions=tuple(notes))
        except _TooMuchError as exc:
            beyond |= exc.keys
            said.append(str(exc))


class _TooMuchError(ValueError):
    def __init__(self, keys: frozenset[str], why: str) -> None:
        super().__init__(why)
        self.keys = keys


def _over(
    questions: Sequence[Question], policies: Sequence[Policies], tests: Mapping[Key, list[Test]]
) -> tuple[Decision, ...]:
    options: dict[Key, tuple[Values, ...]] = {}
    for (number, name), asked in tests.items():
        known = dict(questions[max(number, 0)].fixed.request.context.items())
        try:
            options[number, name] = choices(name, asked, known)
        except BeyondError as exc:
            raise _TooMuchError(frozenset((name,)), str(exc)) from exc
    if prod(len(one) for one in options.values()) > MOST_CIRCUMSTANCES:
        widest = max(options, key=lambda key: len(options[key]))
        raise _TooMuchError(frozenset((widest[1],)), f"more than {MOST_CIRCUMSTANCES} circumstances matter")
    refused: tuple[Decision, ...] = ()
    for chosen in product(*options.values()):
        given: list[dict[str, Values]] = [{} for _ in questions]
        for (number, name), values in zip(options, chosen, strict=True):
            for at in range(len(questions)) if number == _SHARED else (number,):
                given[at][name] = values
        decided = _decided(questions, policies, given)
        if decided[-1].allowed:
            return decided
        refused = refused or decided
    return refused


def _decided(
    questions: Sequence[Question], policies: Sequence[Policies], given: Sequence[Mapping[str, Values]]
) -> tuple[Decision, ...]:
    """A decision for each question, up to the first that is refused."""
    decided: list[Decision] = []
    for question, its, more in zip(questions, policies, given, strict=True):
        request = question.fixed.request
        if present := {key: values for key, values in more.items() if values}:
            request = replace(request, given=Context({**dict(request.given.items()), **present}))
        decided.append(decide(request, its))
        if not decided[-1].allowed:
            break
    return tuple(decided)


def _tests(policies: Sequence[Policies]) -> dict[Key, list[Test]]:
    found: dict[Key, list[Test]] = {}
    for number, its in enumerate(policies):
        for statement in statements(its):
            for one in statement.comparisons:
                name = one.key.lower()
                key = (_SHARED if of_session(name) else number, name)
                wanted = statement.effect is Effect.ALLOW
                found.setdefault(key, []).append(Test(comparison=one, wanted=wanted, variables=statement.variables))
    return found
