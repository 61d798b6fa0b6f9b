"""Every command that a message or a document tells a person to run exists."""

from __future__ import annotations

import re
from pathlib import Path

import typer.main

from sandbox.__main__ import app as sandbox
from secretsctl.app import app as secretsctl

ROOT = Path(__file__).resolve().parent.parent
NOT_OURS = frozenset({".git", ".venv", ".sandbox", "node_modules", "tests"})
TARGETS = frozenset(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
KNOWN = {
    "make": TARGETS,
    "secretsctl": frozenset(typer.main.get_command(secretsctl).commands),  # type: ignore[attr-defined]
    "python -m sandbox": frozenset(typer.main.get_command(sandbox).commands),  # type: ignore[attr-defined]
}
NAMED = re.compile(r"`(?:[\w./$()]*bin/)?(make|secretsctl|python -m sandbox) ([a-z][a-z-]*)")


def _named(text: str) -> set[tuple[str, str]]:
    return {(program, command) for program, command in NAMED.findall(text) if command not in KNOWN[program]}


def _sources() -> list[Path]:
    found = (path for pattern in ("*.py", "*.md", "*.sh") for path in ROOT.rglob(pattern))
    return [path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts)]


def test_messages_and_documents_name_only_commands_that_exist() -> None:
    named = {str(path.relative_to(ROOT)): _named(path.read_text(encoding="utf-8")) for path in _sources()}
    assert len(named) > 100
    assert {path: commands for path, commands in named.items() if commands} == {}


def test_a_command_that_does_not_exist_is_found() -> None:
    assert _named("run `make everything`, then `secretsctl frobnicate` and `make up`") == {
        ("make", "everything"),
        ("secretsctl", "frobnicate"),
    }
