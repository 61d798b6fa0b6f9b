"""A function's zip is the same bytes everywhere, and holds what the function needs and nothing more."""

import hashlib
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
from components.aws import package

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
    assert {"rotation/handler.py", "pg8000/native.py", "scramp/core.py"} <= set(members)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "DISTRIBUTIONS", {"rotate-postgres": ("no-such-driver",)})
    with pytest.raises(package.PackageError, match="no-such-driver is not installed; run `make setup`"):
        package.build("rotate-postgres")


def test_a_compiled_driver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "DISTRIBUTIONS", {"rotate-postgres": ("psycopg-binary",)})
    with pytest.raises(package.PackageError, match="has the compiled module"):
        package.build("rotate-postgres")


def test_another_function_is_its_own_folder_and_nothing_of_the_rotation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lambdas" / "alert").mkdir(parents=True)
    (tmp_path / "lambdas" / "alert" / "handler.py").write_text("A = 1\n")
    (tmp_path / "lambdas" / "other.py").write_text("A = 1\n")
    monkeypatch.setattr(package, "SOURCES", tmp_path / "lambdas")
    path = package.build("alert")
    assert path.name == "alert.zip"
    assert zipfile.ZipFile(path).namelist() == ["alert/handler.py"]


def test_a_rotators_zip_has_its_own_target_and_no_other() -> None:
    members = zipfile.ZipFile(package.build("rotate-redis")).namelist()
    targets = {name for name in members if name.startswith("rotation/targets/")}
    assert {Path(name).stem.partition("_")[0] for name in targets} == {"", "redis", "target"}


def test_a_function_without_code_is_named() -> None:
    with pytest.raises(package.PackageError, match="has no code; write lambdas/"):
        package.build("no-such-function")


def test_the_digest_is_that_of_the_bytes() -> None:
    path = package.build("rotate-keyring")
    assert package.digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()
