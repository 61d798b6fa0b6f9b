"""State machine definitions as moto's parser reads them: what its grammar lacks is taken out and put back.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html and
state-map-distributed.html. moto's grammar takes no whole number as a percentage of tolerated failures, and no
ItemBatcher. Whatever else it does not know it refuses by name at CreateStateMachine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import AWSError
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser, ASLParserException

_BATCHER = "ItemBatcher"
_PERCENTAGE = "ToleratedFailurePercentage"
_KNOWN = frozenset({"MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput"})
_ATTRIBUTE = "sandbox_batching"
_WHOLE = 10**9


@dataclass(frozen=True, kw_only=True)
class Batching:
    """How a distributed map groups its items: at most `items` and `size` bytes of JSON in one child execution."""

    items: int
    size: int
    given: Mapping[str, Any] | None

    def grouped(self, items: list[Any]) -> list[Any]:
        """The inputs of the child executions."""
        groups: list[list[Any]] = []
        size = 0
        for item in items:
            length = len(json.dumps(item).encode())
            if not groups or len(groups[-1]) >= self.items or size + length > self.size:
                groups.append([])
                size = 0
            groups[-1].append(item)
            size += length
        extra = {} if self.given is None else {"BatchInput": self.given}
        return [{**extra, "Items": group} for group in groups]


def install_definitions() -> None:
    """Change how moto parses definitions, for the life of the process."""
    original = AmazonStateLanguageParser.parse
    for error in vars(api).values():
        # moto's interpreter names its errors where moto's answers do not look.
        if isinstance(error, type) and issubclass(error, AWSError) and "code" in vars(error):
            error.TYPE = vars(error)["code"]

    def parse(definition: str) -> Any:
        try:
            told = json.loads(definition)
        except ValueError:
            return original(definition)
        if not isinstance(told, dict):
            return original(definition)
        try:
            parsed: Any = original(json.dumps(_readable(told)))
        except ASLParserException as exc:
            # moto adds the two hundred words that it would have taken instead.
            raise ASLParserException([error.split(" expecting {")[0] for error in exc.errors]) from exc
        program, tree = parsed
        for state, component in _maps(told.get("States") or {}, program.states.states):
            setattr(component.iteration_component, _ATTRIBUTE, _batching(state))
        return program, tree

    AmazonStateLanguageParser.parse = staticmethod(parse)  # type: ignore[method-assign]


def batching_of(component: Any) -> Batching | None:
    """How the items of a map's component are grouped; None: each has an execution of its own."""
    found: Batching | None = getattr(component, _ATTRIBUTE, None)
    return found


def _readable(value: Any) -> Any:
    if isinstance(value, list):
        return [_readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    is_map = value.get("Type") == "Map"
    kept = {name: _readable(item) for name, item in value.items() if not (is_map and name == _BATCHER)}
    if is_map and isinstance(value.get(_PERCENTAGE), int):
        kept[_PERCENTAGE] = float(value[_PERCENTAGE])
    return kept


def _maps(states: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Any]]:
    for name, state in states.items():
        component = components.get(name)
        if state.get("Type") == "Map":
            yield state, component
            inner = state.get("ItemProcessor") or state.get("Iterator") or {}
            yield from _maps(inner.get("States") or {}, component.iteration_component._states.states)  # type: ignore[union-attr]
        if state.get("Type") == "Parallel":
            for told, branch in zip(state["Branches"], component.branches.programs, strict=True):  # type: ignore[union-attr]
                yield from _maps(told.get("States") or {}, branch.states.states)


def _batching(state: Mapping[str, Any]) -> Batching | None:
    asked = state.get(_BATCHER)
    if asked is None:
        return None
    unknown = sorted(asked.keys() - _KNOWN) or [name for name in asked.get("BatchInput") or {} if name.endswith(".$")]
    if unknown:
        raise ASLParserException([f"the local AWS has no {_BATCHER} with {', '.join(unknown)}; use fixed values"])
    if not asked.keys() & {"MaxItemsPerBatch", "MaxInputBytesPerBatch"}:
        raise ASLParserException([f"{_BATCHER} needs MaxItemsPerBatch or MaxInputBytesPerBatch"])
    return Batching(
        items=asked.get("MaxItemsPerBatch", _WHOLE),
        size=asked.get("MaxInputBytesPerBatch", _WHOLE),
        given=asked.get("BatchInput"),
    )
