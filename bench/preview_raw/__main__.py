"""The floor: what our program declares, as literal arguments of pulumi_aws's classes in a bare loop.

BENCH_RESOURCES names a JSON list of [type token, name, inputs], which bench/preview.py takes from a preview of ours.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
SIGNATURE = "4dabf18193072939515e22adb298388d"


def literal(value: Any) -> Any:
    """An input without the engine's envelopes: a secret as a constant, an archive as one."""
    if isinstance(value, list):
        return [literal(item) for item in value]
    if not isinstance(value, dict):
        return value
    if SIGNATURE in value:
        return pulumi.FileArchive(value["path"]) if value[SIGNATURE] == ARCHIVE else "{}"
    return {key: literal(item) for key, item in value.items()}


def declared(token: str) -> type[pulumi.CustomResource]:
    """The class of a type, such as pulumi_aws.lambda_.Function of aws:lambda/function:Function."""
    _, module, name = token.split(":")
    space = module.partition("/")[0]
    made: type[pulumi.CustomResource] = getattr(getattr(aws, {"lambda": "lambda_"}.get(space, space)), name)
    return made


for token, name, inputs in json.loads(Path(os.environ["BENCH_RESOURCES"]).read_text(encoding="utf-8")):
    declared(token)(name, **{CAPITAL.sub(r"_\1", key).lower(): literal(value) for key, value in inputs.items()})
