"""What a person reads: results on stdout, talk and progress on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

PIPED_WIDTH = 200
"""Columns of a table that goes into a pipe, where nobody knows the width of a terminal."""


def say(text: str) -> None:
    """One line to the person at the terminal."""
    Console(stderr=True, emoji=False).print(text, markup=False, highlight=False, soft_wrap=True)


def show(text: str) -> None:
    """One line of the result."""
    sys.stdout.write(text + "\n")


def show_json(result: object) -> None:
    """The result for a program."""
    show(json.dumps(result, indent=2, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The result as a table."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    # Cells are rendered by the console's own settings: an ARN's ":secret:" would become a picture.
    plain = Console(markup=False, emoji=False, highlight=False)
    if not plain.is_terminal:
        plain = Console(markup=False, emoji=False, highlight=False, width=PIPED_WIDTH)
    plain.print(table)


def progress() -> Progress:
    """A bar on stderr, gone when it is done; nothing at all where stderr is no terminal."""
    console = Console(stderr=True)
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
