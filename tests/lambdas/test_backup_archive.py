"""The archive's format and its manifest."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backup import archive, manifest
from backup.manifest import Stored
from backup.values import Value

STORED = Stored(version_id="v7", size=12, sha256="ab" * 32)
names = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
documents = st.dictionaries(names, st.text(), min_size=1)


def value(name: str, document: str) -> Value:
    return Value(name=name, version_id=f"version-of-{name}", kind="keyring", document=document)


@given(documents)
def test_what_is_packed_comes_out_again_to_the_character(stored: dict[str, str]) -> None:
    packed = archive.encode([value(name, document) for name, document in stored.items()])
    lines = [json.loads(line) for line in packed.decode().split("\n")[:-1]]
    assert {line["name"]: line["document"] for line in lines} == stored
    assert [line["name"] for line in lines] == sorted(stored)
    assert {tuple(line) for line in lines} == {("name", "version_id", "kind", "document")}


@given(documents, st.randoms())
def test_the_same_values_give_the_same_bytes_in_whatever_order_they_were_read(
    stored: dict[str, str], luck: object
) -> None:
    values = [value(name, document) for name, document in stored.items()]
    shuffled = sorted(values, key=lambda _: luck.random())  # type: ignore[attr-defined]
    assert archive.encode(values) == archive.encode(shuffled)


def test_a_value_does_not_show_itself() -> None:
    assert "canary" not in repr(value("db-password", "canary"))


def test_a_manifest_tells_what_an_archive_holds_and_none_of_its_values() -> None:
    now = datetime(2026, 6, 7, 3, 30, tzinfo=UTC)
    text = manifest.encode("staging", STORED, [value("jwt-secret", "canary")], {"db-password": "AccessDenied"}, now)
    assert b"canary" not in text
    assert json.loads(text) == {
        "format": "json-lines-1",
        "environment": "staging",
        "created": "2026-06-07T03:30:00+00:00",
        "archive": {"version_id": "v7", "bytes": 12, "sha256": "ab" * 32},
        "count": 1,
        "secrets": [{"name": "jwt-secret", "version_id": "version-of-jwt-secret", "kind": "keyring"}],
        "lacking": {"db-password": "AccessDenied"},
    }


def test_a_manifest_remembers_what_was_lacking_so_that_it_stays_lacking() -> None:
    text = manifest.encode("staging", STORED, [value("a", "x")], {"b": "why"}, datetime.now(UTC))
    assert manifest.names_of(text) == {"a", "b"}


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"{}", b'"text"', b'{"secrets": [1], "lacking": {}}', b"\xff"])
def test_what_is_no_manifest_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        manifest.names_of(text)
