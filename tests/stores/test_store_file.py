"""What only the file store does: modes, damage, and values that stay out of sight."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from catalog import load
from stores.document import Document
from stores.file import FileStore
from stores.store import StoreError

CANARY = "C4n4ry+9s8d7f6g5h4j3k2l1q0w9e8r7t6y5u4i3o2p1aZ="
TOKEN = "0" * 32


def test_the_folder_and_the_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    FileStore(folder, load.catalog()).put("jwt-secret", Document({"key": CANARY}), TOKEN)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.name for path in folder.iterdir()] == ["jwt-secret.json"]
    assert stat.S_IMODE((folder / "jwt-secret.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [f'{{"{CANARY}', f'["{CANARY}"]', f'[{{"id": "{CANARY}"}}]', "3", "null"])
def test_a_damaged_file_is_told_without_what_is_in_it(tmp_path: Path, text: str) -> None:
    store = FileStore(tmp_path / "secrets", load.catalog())
    store.put("jwt-secret", Document({"key": CANARY}), TOKEN)
    (tmp_path / "secrets" / "jwt-secret.json").write_text(text)
    with pytest.raises(StoreError, match="is not what this store writes") as caught:
        store.get("jwt-secret")
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_an_open_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets").chmod(0o755)
    with pytest.raises(StoreError, match=r"cannot read secret 'jwt-secret': folder .* lets others in"):
        FileStore(tmp_path / "secrets", load.catalog()).get("jwt-secret")


def test_a_document_hides_its_values() -> None:
    document = Document({"password": CANARY, "host": "h"})
    assert f"{document} {document!r} {[document]}" == " ".join(
        ["Document(host, password: values hidden)"] * 2 + ["[Document(host, password: values hidden)]"]
    )
    assert Document.parsed(document.text()) == document
    assert Document.parsed("[1]") is None
    assert Document.parsed("{") is None
