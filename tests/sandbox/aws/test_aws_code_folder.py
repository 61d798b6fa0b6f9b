"""Deployed zips are unpacked whole, however many invocations start at once."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.aws.errors import AwsError
from sandbox.aws.functions.code import CodeFolder

FILES = {f"package/module_{number}.py": f"NUMBER = {number}\n" * 200 for number in range(200)}


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in FILES.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def test_eight_threads_that_unpack_the_same_zip_each_find_it_whole(tmp_path: Path) -> None:
    code = zipped()
    folder = CodeFolder(tmp_path / "code")

    def found() -> int:
        return sum(1 for path in folder.unpack(code).rglob("*.py") if path.is_file())

    with ThreadPoolExecutor(8) as pool:
        assert [future.result() for future in [pool.submit(found) for _ in range(8)]] == [len(FILES)] * 8
    assert len(list((tmp_path / "code").iterdir())) == 1


def test_what_is_no_zip_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = CodeFolder(tmp_path / "code")
    with pytest.raises(AwsError, match="Could not unzip"):
        folder.unpack(b"not a zip")
    assert list((tmp_path / "code").iterdir()) == []
