"""How a command ends: exit codes, the one error of this layer, and no traceback."""

from __future__ import annotations

import traceback
from enum import IntEnum
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

from catalog.derive import DocumentError
from catalog.load import CatalogError
from secretsctl.talk import say
from stores.folder import FolderError
from stores.store import StoreError


class ExitCode(IntEnum):
    """The verdict of a command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    PARTLY = 3


EPILOG = "Exit codes: 0 done, 1 failed, 2 wrong usage, catalogue or configuration, 3 partly done, 130 interrupted."


class CommandError(RuntimeError):
    """A command cannot go on; the text says what, why and what to do, never a value."""

    def __init__(self, text: str, code: int = ExitCode.FAILED) -> None:
        super().__init__(text)
        self.code = code


class VerdictGroup(TyperGroup):
    """Turns every exception of a command into one clear text on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was named."""
        try:
            return super().invoke(ctx)
        except CommandError as exc:
            text, code = str(exc), exc.code
        except CatalogError as exc:
            text, code = str(exc), ExitCode.USAGE
        except (StoreError, FolderError, DocumentError) as exc:
            text, code = str(exc), ExitCode.FAILED
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise  # typer's own ways to end, among them the closed pipe of `| head`
        except Exception as exc:  # noqa: BLE001 - the last line before a traceback, which could show a value
            text, code = _unexpected(exc), ExitCode.FAILED
        say(f"error: {text}")
        raise typer.Exit(int(code))


def _unexpected(exc: Exception) -> str:
    """Where it happened, and not the exception's text: nobody knows what is in it."""
    frame = traceback.extract_tb(exc.__traceback__)[-1]
    return (
        f"{type(exc).__name__} at {Path(frame.filename).name}:{frame.lineno}, a fault of secretsctl; please report it"
    )
