"""Modules are packaged as bytecode that is the same everywhere and that Lambda's Python runs."""

from __future__ import annotations

import importlib.util
import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from components.aws import bytecode, function

# A name that the process may share, and texts of one character, which marshal writes in two ways.
SOURCE = b"""\
'''What it is.'''


def told(rollback_of_this_test):
    return {"}", "{", "a"}, "{}", __name__
"""
PROBE = """\
import sys
from pathlib import Path
%s
from components.aws import bytecode
print(bytecode.compiled({'told.py': Path(sys.argv[1]).read_bytes()})['told.pyc'].hex())
"""


def made(source: bytes = SOURCE, **more: object) -> bytes:
    return bytecode.compiled({"folder/told.py": source}, **more)["folder/told.pyc"]  # type: ignore[arg-type]


def test_the_bytes_are_the_same_whatever_was_imported_before_and_whatever_the_hash_seed(tmp_path: Path) -> None:
    path = tmp_path / "told.py"
    path.write_bytes(SOURCE)
    root = str(Path(bytecode.__file__).parents[2])
    made_by = {}
    for seed, before in {"1": "", "2": "import boto3, pg8000; kept = [sys.intern(one) for one in '{}a']"}.items():
        ran = subprocess.run(
            [sys.executable, "-c", PROBE % before, str(path)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": root},
            capture_output=True,
            text=True,
            check=True,
        )
        made_by[seed] = ran.stdout
    assert made_by["1"] == made_by["2"] != ""


def test_python_imports_it_without_its_source(tmp_path: Path) -> None:
    (tmp_path / "told.pyc").write_bytes(made())
    probe = "import sys; sys.path[:0] = [sys.argv[1]]; import told; print(told.told(1)[2], told.__doc__)"
    ran = subprocess.run([sys.executable, "-I", "-c", probe, str(tmp_path)], capture_output=True, text=True, check=True)
    assert ran.stdout == "told What it is.\n"


def test_the_head_names_the_runtimes_python_and_the_hash_of_the_source() -> None:
    head = made()[:16]
    assert head == importlib.util.MAGIC_NUMBER + b"\x01\0\0\0" + importlib.util.source_hash(SOURCE)
    assert f"python{sys.version_info.major}.{sys.version_info.minor}" == bytecode.RUNTIME == function.RUNTIME


def test_a_traceback_names_the_place_in_the_package_and_the_line() -> None:
    code = marshal.loads(made()[16:])
    (inner,) = [one for one in code.co_consts if hasattr(one, "co_code")]
    assert (code.co_filename, inner.co_filename, inner.co_firstlineno) == ("folder/told.py", "folder/told.py", 4)


def test_only_the_undocumented_lose_their_docstrings() -> None:
    assert b"What it is." in made()
    assert b"What it is." not in made(undocumented={"folder/told.py"})


def test_another_python_is_refused_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "MAGIC_NUMBER", (3531).to_bytes(2, "little") + b"\r\n")
    with pytest.raises(
        bytecode.BytecodeError, match=r"Lambda's python3\.11, and this is Python \d.*; run with Python 3"
    ):
        made()


def test_a_source_that_does_not_compile_is_an_error_that_says_what_is_wrong() -> None:
    with pytest.raises(bytecode.BytecodeError, match=r"does not compile \(SyntaxError: .*\); correct it"):
        made(b"def told(:\n")
