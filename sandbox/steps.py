"""Tells a person what `make up` is doing: a line when a step begins and one with its time when it ends."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape

TALK = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


@dataclass
class Steps:
    """The steps that were taken and the seconds that each took."""

    taken: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, promise: str) -> Iterator[None]:
        """One step: `name` is a word, `promise` says what is true after it."""
        TALK.print(f"[bold]{name:<10}[/] {promise}")
        began = time.monotonic()
        yield
        self.taken[name] = time.monotonic() - began
        TALK.print(f"{'':<10} [green]done[/] in {self.taken[name]:.1f} s")

    def summary(self) -> str:
        """All steps with their seconds, on a line."""
        total = sum(self.taken.values())
        return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.taken.items()) + f"; total {total:.1f} s"


def say(line: str) -> None:
    """One line below the step that is under way."""
    TALK.print(f"{'':<10} [dim]{escape(line)}[/]")
