"""Who may import whom: the table of docs/ARCHITECTURE.md, enforced."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STDLIB = frozenset(sys.stdlib_module_names)


@dataclass(frozen=True)
class Layer:
    """The top-level packages that a layer may import besides the standard library and itself; `*` is everything."""

    allowed: frozenset[str]
    folders: tuple[str, ...]

    def permits(self, module: str) -> bool:
        return "*" in self.allowed or any(
            module == name or module.startswith(f"{name}.") for name in (*self.allowed, *self.folders)
        )


def _layer(*allowed: str, folders: tuple[str, ...]) -> Layer:
    return Layer(frozenset(allowed), folders)


CLOUD_SDKS = ("boto3", "botocore")
LAYERS = (
    _layer("pydantic", "pydantic_core", "yaml", folders=("catalog",)),
    _layer(
        "catalog", "pulumi", "pulumi_aws", "pulumi_vault", "pulumi_gcp", "pulumi_azure_native", folders=("components",)
    ),
    _layer("catalog", "components", "pulumi", folders=("__main__.py",)),
    _layer(folders=("iam",)),
    _layer("catalog", "iam", "pulumi_policy", "pydantic", "yaml", folders=("policies",)),
    _layer(
        *CLOUD_SDKS,
        "alert",
        "backup",
        "retire",
        "rotation",
        "watch",
        "cryptography",
        "pg8000",
        "scramp",
        "redis",
        folders=("lambdas",),
    ),
    _layer("cryptography", folders=("delivery",)),
    _layer("catalog", *CLOUD_SDKS, folders=("stores",)),
    _layer("stores", *CLOUD_SDKS, folders=("client",)),
    _layer("catalog", "stores", "typer", "click", "rich", "yaml", *CLOUD_SDKS, folders=("secretsctl",)),
    _layer("*", folders=("sandbox",)),
)


def sources(folder: str) -> Iterator[Path]:
    path = ROOT / folder
    yield from [path] if path.is_file() else sorted(path.rglob("*.py"))


def imports(source: str) -> Iterator[str]:
    """Every module that `source` imports, at any depth, with its dotted name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def offences(layer: Layer, source: str) -> list[str]:
    # The type stubs of boto3 count as boto3.
    named = ("boto3" if module.startswith("mypy_boto3_") else module for module in imports(source))
    return [module for module in named if module.split(".")[0] not in STDLIB and not layer.permits(module)]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.folders[0])
def test_a_layer_imports_only_what_the_table_allows(layer: Layer) -> None:
    found = {
        str(path.relative_to(ROOT)): bad
        for folder in layer.folders
        for path in sources(folder)
        if (bad := offences(layer, path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("folder", "planted"),
    [
        ("catalog", "import pulumi"),
        ("catalog", "from boto3 import client"),
        ("components", "import boto3"),
        ("components", "def f():\n    from sandbox import engine"),
        ("__main__.py", "import policies"),
        ("iam", "from catalog import derive"),
        ("policies", "from components.aws import key"),
        ("lambdas", "from catalog import derive"),
        ("stores", "import pulumi"),
        ("secretsctl", "from components.aws import secret"),
        ("secretsctl", "import sandbox"),
        ("catalog", "from . import model"),
    ],
)
def test_a_planted_import_is_caught(folder: str, planted: str) -> None:
    layer = next(layer for layer in LAYERS if folder in layer.folders)
    assert offences(layer, planted)


def test_nothing_but_tests_and_bench_imports_the_sandbox() -> None:
    outside = [path for layer in LAYERS if layer.folders != ("sandbox",) for f in layer.folders for path in sources(f)]
    assert not [p for p in outside if any(m.split(".")[0] == "sandbox" for m in imports(p.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("forbidden", ["Config", "get_stack", "export"])
def test_a_component_reads_no_configuration_and_exports_nothing(forbidden: str) -> None:
    for path in sources("components"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "pulumi":
                assert node.attr != forbidden, f"{path.relative_to(ROOT)}:{node.lineno} uses pulumi.{forbidden}"


def test_every_test_is_collected() -> None:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        assert path.name != "__init__.py", f"{path.relative_to(ROOT)} would shadow a package of ours"
        if not path.name.startswith("test_"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            stray = [n.name for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("test_")]
            assert not stray, f"{path.relative_to(ROOT)} holds tests that pytest does not collect: {stray}"


def test_every_package_of_ours_is_in_the_table() -> None:
    covered = {folder for layer in LAYERS for folder in layer.folders}
    present = {p.name for p in ROOT.iterdir() if p.is_dir() and any(p.rglob("*.py")) and not p.name.startswith(".")}
    assert present - {"tests", "bench", "build", "proofs"} <= covered
