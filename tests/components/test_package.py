"""A function's zip is the same bytes everywhere, and holds what the function needs and nothing more."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import boto3
import pytest

from catalog import load, names
from catalog.kind import KINDS
from components.aws import compiled, package
from sandbox import engine

FOLDERS = {path.parent.name for path in package.SOURCES.glob("*/handler.py")} - {package.ROTATION}
PACKAGES = [*(names.rotator(target) for target in load.catalog().targets), *sorted(FOLDERS)]


@pytest.fixture(autouse=True)
def _build_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "BUILD", tmp_path / "build")


@pytest.mark.parametrize("name", PACKAGES)
def test_the_same_sources_give_the_same_bytes_whatever_their_times(name: str, tmp_path: Path) -> None:
    first = package.build(name).read_bytes()
    for path in package.SOURCES.rglob("*.py"):
        os.utime(path)
    assert hashlib.sha256(package.build(name).read_bytes()).digest() == hashlib.sha256(first).digest()
    assert not list((tmp_path / "build").glob("*.part"))


@pytest.mark.parametrize("name", PACKAGES)
def test_the_handler_imports_from_the_zip_and_what_awss_runtime_brings(name: str, tmp_path: Path) -> None:
    runtime = ["boto3", "botocore", "jmespath", "s3transfer", "urllib3"]
    if "python-dateutil" not in package.DISTRIBUTIONS.get(name, ()):  # botocore's own
        runtime += ["dateutil", "six.py"]
    site = Path(boto3.__file__).parents[1]
    for module in runtime:
        (tmp_path / module).symlink_to(site / module)
    path = package.build(name)
    if name in compiled.PARTS:  # Lambda unpacks a zip, and compiled code is not imported from one that is packed
        zipfile.ZipFile(path).extractall(tmp_path / "task")
        path = tmp_path / "task"
    folder = package.ROTATION if name.startswith("rotate-") else name
    probe = (
        f"import sys; sys.path[:0] = [{str(path)!r}]; sys.path.append({str(tmp_path)!r}); import {folder}.handler as m;"
        f"assert m.__file__.startswith({str(path)!r}), m.__file__; assert callable(m.handle)"
    )
    if folder == package.ROTATION:
        probe += "; s = m.Settings.read(m.os.environ); [m.load_target(s, kind) for kind in s.kinds]"
    environment = {
        "TARGET": name.removeprefix("rotate-"),
        "ENVIRONMENT": "staging",
        "KINDS": ",".join(kind for kind, spec in KINDS.items() if names.rotator(spec.target) == name),
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "ADMIN_SECRET_IDS": "",
        "RETIRE_FUNCTION_ARN": "arn",
        "RETIRE_ROLE_ARN": "arn",
        "RETIRE_DEAD_LETTERS_ARN": "arn",
    }
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", probe], capture_output=True, text=True, env=environment, cwd="/", check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_every_driver_is_pinned_by_the_lock(name: str) -> None:
    lock = (package.ROOT / "requirements.txt").read_text(encoding="utf-8")
    for distribution in package.DISTRIBUTIONS.get(name, ()):
        assert f"\n{distribution}=={metadata.version(distribution)} " in lock


def test_the_zip_for_postgres_stays_under_a_mebibyte_and_brings_no_boto3() -> None:
    path = package.build("rotate-postgres")
    members = zipfile.ZipFile(path).namelist()
    assert path.stat().st_size < 1024 * 1024
    assert not [name for name in members if name.startswith(("boto", "tests/"))]
    assert {"rotation/handler.pyc", "pg8000/native.pyc", "scramp/core.pyc"} <= set(members)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "DISTRIBUTIONS", {"rotate-postgres": ("no-such-driver",)})
    with pytest.raises(package.PackageError, match="no-such-driver is not installed; run `make setup`"):
        package.build("rotate-postgres")


def test_a_compiled_driver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "DISTRIBUTIONS", {"rotate-postgres": ("psycopg-binary",)})
    with pytest.raises(package.PackageError, match="has the compiled module"):
        package.build("rotate-postgres")


def test_a_zip_with_compiled_code_has_it_for_every_machine_under_a_name_of_its_own() -> None:
    members = zipfile.ZipFile(package.build("rotate-certificate")).namelist()
    compiled_code = sorted(name for name in members if name.endswith(".so"))
    assert compiled_code == sorted(
        f"{stem}.cpython-311-{machine}-linux-gnu.so"
        for stem in ("_cffi_backend", "cryptography/hazmat/bindings/_rust")
        for machine in compiled.MACHINES
    )
    assert not [name for name in members if name.startswith(("pycparser", "cffi/"))]


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_compiled_code_is_of_the_machine_that_its_name_says(machine: str) -> None:
    kinds = {"x86_64": 62, "aarch64": 183}  # e_machine of the ELF header, its bytes 18 and 19: elf(5)
    with zipfile.ZipFile(package.build("rotate-certificate")) as archive:
        of_machine = [name for name in archive.namelist() if f"-{machine}-" in name]
        assert of_machine
        for name in of_machine:
            assert int.from_bytes(archive.read(name)[18:20], "little") == kinds[machine]


def test_wheels_that_were_not_fetched_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMOBS_CACHE", str(tmp_path))
    with pytest.raises(package.PackageError, match=r"for aarch64 is not in .*; run `make setup`"):
        package.build("rotate-certificate")
    for machine in compiled.MACHINES:
        (compiled.wheels(machine) / "cryptography").mkdir(parents=True)  # half of them, as a setup that was killed
    with pytest.raises(package.PackageError, match="run `make setup`"):
        package.build("rotate-certificate")


def test_wheels_have_the_versions_that_the_tests_run_with() -> None:
    lock = (package.ROOT / "requirements-lambda.txt").read_text(encoding="utf-8")
    for distribution in ("cryptography", "cffi"):
        assert f"{distribution}=={metadata.version(distribution)} " in lock


def test_wheels_and_the_sandbox_share_a_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert compiled.wheels("aarch64").parent == engine.default_cache()
    monkeypatch.delenv("LLMOBS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert compiled.wheels("aarch64").parent == engine.default_cache() == tmp_path / "llm-observatory-secrets"


def test_another_function_is_its_own_folder_and_nothing_of_the_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lambdas" / "alert").mkdir(parents=True)
    (tmp_path / "lambdas" / "alert" / "handler.py").write_text("A = 1\n")
    (tmp_path / "lambdas" / "other.py").write_text("A = 1\n")
    monkeypatch.setattr(package, "SOURCES", tmp_path / "lambdas")
    path = package.build("alert")
    assert path.name == "alert.zip"
    assert zipfile.ZipFile(path).namelist() == ["alert/handler.pyc"]


def test_a_rotators_zip_has_its_own_target_and_no_other() -> None:
    members = zipfile.ZipFile(package.build("rotate-redis")).namelist()
    targets = {name for name in members if name.startswith("rotation/targets/")}
    assert {Path(name).stem.partition("_")[0] for name in targets} == {"", "redis", "target"}
    assert not [name for name in members if not name.startswith("rotation/")]  # no driver: docs/adr/0014


@pytest.mark.parametrize("name", PACKAGES)
def test_a_zip_has_no_module_that_has_to_be_compiled_at_a_cold_start(name: str) -> None:
    members = zipfile.ZipFile(package.build(name)).namelist()
    assert not [member for member in members if member.endswith(".py")]
    assert [member for member in members if member.endswith("/handler.pyc")]


def test_another_python_is_refused_where_packages_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "MAGIC_NUMBER", b"other")
    with pytest.raises(package.PackageError, match=r"bytecode for Lambda's python3\.11"):
        package.build("rotate-redis")


def test_a_function_without_code_is_named() -> None:
    with pytest.raises(package.PackageError, match="has no code; write lambdas/"):
        package.build("no-such-function")


def test_the_digest_is_that_of_the_bytes() -> None:
    path = package.build("rotate-keyring")
    assert package.digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()
