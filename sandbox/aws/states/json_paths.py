"""What a path finds: one value when it can find only one, else a list, which may be empty.

A path with a wildcard, a slice or a filter is indefinite and always comes to a list, any other one to a value or an
error: https://github.com/json-path/JsonPath ("What is Returned When?"), the syntax that
https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html names. moto guesses from the
number of matches: a filter that matches nothing is an error there, and a field of a list's element comes as a list.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from jsonpath_ng.ext.parser import parse
from moto.stepfunctions.parser import models as parser
from moto.stepfunctions.parser.asl.utils import json_path

_INDEFINITE = re.compile(r"\[\*\]|\[\?\(|\[-?\d*:-?\d*\]|\.\.|\.\*")


def install_json_paths() -> None:
    """Change how moto reads paths, for the life of the process."""
    for name, module in list(sys.modules.items()):
        if name.startswith(parser.__name__.rpartition(".")[0]) and hasattr(module, "extract_json"):
            vars(module)["extract_json"] = found


def found(path: str, data: Any) -> Any:
    """What `path` finds in `data`; moto's error when a path that can find only one thing finds none."""
    values = [match.value for match in parse(path).find(data)]
    if _INDEFINITE.search(path):
        return values
    if not values:
        raise json_path.NoSuchJsonPathError(json_path=path, data=data)
    return values[0]
