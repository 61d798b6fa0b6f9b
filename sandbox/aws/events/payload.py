"""What a target of a rule receives: the event, a part of it, a constant, or a filled template.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

_PLACE = re.compile(r"<([^<>\s]+)>")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']+)'\]")
_ABSENT = object()


def payload_of(target: Mapping[str, Any], envelope: Mapping[str, Any], *, rule_arn: str, ingested: str) -> str:
    """The text for a target; `ingested` is when the event was received, ISO 8601."""
    if target.get("Input") is not None:
        return str(target["Input"])
    if target.get("InputPath") is not None:
        found = at_path(envelope, target["InputPath"])
        return "" if found is _ABSENT else json.dumps(found)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(envelope)
    values = {name: at_path(envelope, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": ingested,
        "aws.events.event": {key: value for key, value in envelope.items() if key != "detail"},
        "aws.events.event.json": envelope,
    }
    return _filled(transformer["InputTemplate"], values)


def at_path(document: Any, path: str) -> Any:
    """The value at a JSON path such as $.detail.items[0]; a marker of absence when there is none."""
    if path == "$":
        return document
    found = document
    for step in _STEP.finditer(path.removeprefix("$")):
        key, index, quoted = step.groups()
        try:
            found = found[int(index)] if index is not None else found[key or quoted]
        except (KeyError, IndexError, TypeError):
            return _ABSENT
    return found


def _filled(template: str, values: Mapping[str, Any]) -> str:
    """A template that is JSON keeps its types; text in quotes gets values without quotes of their own."""
    quoted = False
    parts: list[str] = []
    index = 0
    while index < len(template):
        place = _PLACE.match(template, index)
        if place is not None and place.group(1) in values:
            parts.append(_shown(values[place.group(1)], inside=quoted))
            index = place.end()
            continue
        character = template[index]
        if character == "\\" and quoted:
            parts.append(template[index : index + 2])
            index += 2
            continue
        quoted ^= character == '"'
        parts.append(character)
        index += 1
    return "".join(parts)


def _shown(value: Any, *, inside: bool) -> str:
    if value is _ABSENT:
        return "" if inside else '""'  # "null or missing variables are replaced with an empty string"
    if not inside:
        return json.dumps(value)
    # "EventBridge removes quotes" inside a string; what is left must keep the string whole.
    if isinstance(value, str):
        return json.dumps(value)[1:-1]
    text = json.dumps(value) if not isinstance(value, dict | list) else json.dumps(value, separators=(",", ":"))
    return text.replace('"', "") if isinstance(value, dict | list) else text
