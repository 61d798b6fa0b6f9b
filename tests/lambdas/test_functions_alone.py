"""A function is deployed with its own folder and nothing else, so it may import no other function's code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LAMBDAS = Path(__file__).resolve().parents[2] / "lambdas"
FOLDERS = sorted(path.name for path in LAMBDAS.iterdir() if (path / "__init__.py").exists())


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_function_imports_no_other_functions_code(folder: str) -> None:
    others = set(FOLDERS) - {folder}
    for path in (LAMBDAS / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [module for module in modules if module.split(".")[0] in others], path


def test_every_folder_has_the_entry_that_it_is_deployed_with() -> None:
    assert {"backup", "rotation", "watch"} <= set(FOLDERS)
    assert all((LAMBDAS / folder / "handler.py").exists() for folder in FOLDERS)
