"""What the table of lifecycles says of one type."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Inputs = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Inputs to create with, what an update changes, and a change that replaces.

    `outlives`: deleting takes away what it added, and what it is part of stays. `layered`: stock moto cannot keep it,
    so it runs on the sandbox's own local AWS. `drift` changes the resource at AWS by hand and names what then differs.
    """

    create: Callable[[Any], Inputs]
    change: Inputs | Callable[[Any], Inputs] | None = None
    replace: Inputs | None = None
    arn_output: bool = True
    adopted: Callable[[Any], str] = lambda deployed: str(deployed.id)
    outlives: bool = False
    layered: bool = False
    drift: Callable[[Any, Any], str] | None = None
