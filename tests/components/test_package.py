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

from components.aws import package


@pytest.fixture(autouse=True)
def _build_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "BUILD", tmp_path / "build")


@pytest.mark.parametrize("target", package.DISTRIBUTIONS)
def test_the_same_sources_give_the_same_bytes_whatever_their_times(target: str, tmp_path: Path) -> None:
    first = package.build(target).read_bytes()
    for path in (package.SOURCES / "rotation").rglob("*.py"):
        os.utime(path)
    assert hashlib.sha256(package.build(target).read_bytes()).digest() == hashlib.sha256(first).digest()
    assert not list((tmp_path / "build").glob("*.part"))


@pytest.mark.parametrize("target", package.DISTRIBUTIONS)
def test_the_handler_imports_from_the_zip_and_what_awss_runtime_brings(target: str, tmp_path: Path) -> None:
    runtime = ["boto3", "botocore", "jmespath", "s3transfer", "urllib3"]
    if "python-dateutil" not in package.DISTRIBUTIONS[target]:  # botocore's own
        runtime += ["dateutil", "six.py"]
    site = Path(boto3.__file__).parents[1]
    for module in runtime:
        (tmp_path / module).symlink_to(site / module)
    path = package.build(target)
    probe = (
        f"import sys; sys.path[:0] = [{str(path)!r}]; sys.path.append({str(tmp_path)!r}); import rotation.handler as m;"
        f"assert m.__file__.startswith({str(path)!r}), m.__file__; assert callable(m.handle)"
    )
    environment = {
        "TARGET": target,
        "ENVIRONMENT": "staging",
        "KINDS": "x",
        "AWS_REGION": "us-east-1",
        "ADMIN_SECRET_ID": "llm-observatory/staging/db-password",
    }
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", probe], capture_output=True, text=True, env=environment, cwd="/", check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("target", package.DISTRIBUTIONS)
def test_every_driver_is_pinned_by_the_lock(target: str) -> None:
    lock = (package.ROOT / "requirements.txt").read_text(encoding="utf-8")
    for distribution in package.DISTRIBUTIONS[target]:
        assert f"\n{distribution}=={metadata.version(distribution)} " in lock


def test_the_zip_for_postgres_stays_under_a_mebibyte_and_brings_no_boto3() -> None:
    path = package.build("postgres")
    names = zipfile.ZipFile(path).namelist()
    assert path.stat().st_size < 1024 * 1024
    assert not [name for name in names if name.startswith(("boto", "tests/"))]
    assert {"rotation/handler.py", "pg8000/native.py", "scramp/core.py"} <= set(names)


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "DISTRIBUTIONS", {"postgres": ("no-such-driver",)})
    with pytest.raises(package.PackageError, match="no-such-driver is not installed; run `make setup`"):
        package.build("postgres")


def test_a_compiled_driver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "DISTRIBUTIONS", {"postgres": ("psycopg-binary",)})
    with pytest.raises(package.PackageError, match="has the compiled module"):
        package.build("postgres")
