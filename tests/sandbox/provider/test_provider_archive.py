"""The zip that a function is deployed from."""

import io
import zipfile
from pathlib import Path

import pytest

from sandbox.provider.archive import zip_bytes
from sandbox.provider.resource import ProviderError
from sandbox.provider.values import Asset


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "package" / "inner").mkdir(parents=True)
    (tmp_path / "package" / "a.py").write_text("A = 1\n")
    (tmp_path / "package" / "inner" / "b.py").write_text("B = 2\n")
    return tmp_path / "package"


def archive(**fields: object) -> Asset:
    return Asset(archive=True, fields=fields)


def names(content: bytes) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(content)).namelist()


def test_a_folder_is_packed_with_its_files_at_the_root(folder: Path) -> None:
    assert names(zip_bytes(archive(path=str(folder)))) == ["a.py", "inner/b.py"]


def test_the_same_files_give_the_same_bytes(folder: Path) -> None:
    first = zip_bytes(archive(path=str(folder)))
    (folder / "a.py").touch()
    assert zip_bytes(archive(path=str(folder))) == first


def test_a_map_places_folders_zips_and_texts(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "driver.zip"
    packed.write_bytes(zip_bytes(archive(path=str(folder))))
    content = zip_bytes(
        archive(
            assets={
                "rotation": archive(path=str(folder)),
                ".": archive(path=str(packed)),
                "note.txt": Asset(archive=False, fields={"text": "hello"}),
                "c.py": Asset(archive=False, fields={"path": str(folder / "a.py")}),
            }
        )
    )
    assert names(content) == ["a.py", "c.py", "inner/b.py", "note.txt", "rotation/a.py", "rotation/inner/b.py"]


def test_a_zip_goes_as_it_is(folder: Path, tmp_path: Path) -> None:
    packed = tmp_path / "ready.zip"
    packed.write_bytes(zip_bytes(archive(path=str(folder))))
    assert zip_bytes(archive(path=str(packed))) == packed.read_bytes()


@pytest.mark.parametrize("missing", ["no-such-folder", "no-such.zip"])
def test_what_is_not_there_is_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ProviderError, match=f"{missing}.* does not exist"):
        zip_bytes(archive(path=str(tmp_path / missing)))
