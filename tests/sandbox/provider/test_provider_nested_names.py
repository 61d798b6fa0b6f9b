"""The blocks of the table against the SDK: every field, at every depth, has the name that it has there."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import pytest

from sandbox.provider.registry import REGISTRY
from sandbox.provider.resource import Kind
from tests.sandbox.provider.test_provider_names import SDK, sdk_text

_GETTER = re.compile(r"@pulumi\.getter(?:\(name=\"(\w+)\"\))?\n(?:    @.*\n)*    def (\w+)\(self\) -> ([^\n]*):\n")
NESTING = sorted(name for name, kind in REGISTRY.items() if any(prop.fields for prop in kind.inputs.values()))


@lru_cache
def blocks_of(folder: str) -> Mapping[str, str]:
    text = (SDK / folder / "_inputs.py").read_text()
    classes = re.finditer(r"^class (\w+Args)\b.*?(?=^@pulumi\.input_type|\Z)", text, re.DOTALL | re.MULTILINE)
    return {found[1]: found[0] for found in classes}


def getters(body: str) -> dict[str, str]:
    """The properties of a class of the SDK, each with the annotation of its value."""
    return {camel or plain: annotation for camel, plain, annotation in _GETTER.findall(body)}


def misnamed(folder: str, fields: Mapping[str, Any], body: str, path: str) -> Iterator[str]:
    there = getters(body)
    for name, prop in fields.items():
        if name not in there:
            yield f"{path}{name}"
        elif prop.kind in {Kind.BLOCK, Kind.BLOCKS}:
            block = re.search(r"'(\w+Args)'", there[name])
            if block is None or (prop.kind is Kind.BLOCKS) != ("Sequence[" in there[name]):
                yield f"{path}{name} (shape)"
            else:
                yield from misnamed(folder, prop.fields, blocks_of(folder)[block[1]], f"{path}{name}.")


@pytest.mark.parametrize("type_name", NESTING)
def test_every_field_of_a_block_has_the_name_and_shape_it_has_in_the_sdk(type_name: str) -> None:
    text, name = sdk_text(type_name), type_name.rpartition(":")[2]
    folder = {"lambda": "lambda_"}.get(type_name[4:].partition("/")[0], type_name[4:].partition("/")[0])
    arguments = f"class {name}Args" if f"class {name}Args" in text else f"class {name}InitArgs"
    body = text.split(arguments, 1)[1].split("\nclass ", 1)[0]
    assert list(misnamed(folder, REGISTRY[type_name].inputs, body, "")) == []
