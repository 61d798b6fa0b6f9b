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

ASSET = "c44067f5952c0a294b673a41bacd8c17"
CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
DEFAULTS = "__defaults"
SIGNATURE = "4dabf18193072939515e22adb298388d"


def literal(value: Any) -> Any:
    """Inputs without the engine's envelopes and the provider's notes: a secret as a constant, a file as one."""
    if isinstance(value, list):
        return [literal(item) for item in value]
    if not isinstance(value, dict):
        return value
    if SIGNATURE in value:
        return pulumi.FileAsset(value["path"]) if value[SIGNATURE] == ASSET else "{}"
    return {key: literal(item) for key, item in value.items() if key != DEFAULTS}


def declared(token: str) -> type[pulumi.CustomResource]:
    """The class of a type, such as pulumi_aws.lambda_.Function of aws:lambda/function:Function."""
    _, module, name = token.split(":")
    space = module.partition("/")[0]
    made: type[pulumi.CustomResource] = getattr(getattr(aws, {"lambda": "lambda_"}.get(space, space)), name)
    return made


for token, name, inputs in json.loads(Path(os.environ["BENCH_RESOURCES"]).read_text(encoding="utf-8")):
    declared(token)(name, **{CAPITAL.sub(r"_\1", key).lower(): value for key, value in literal(inputs).items()})
