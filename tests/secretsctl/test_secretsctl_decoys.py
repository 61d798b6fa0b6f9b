"""The command line shows decoys and gives them a value, and never reads one: a read is an alert."""

from __future__ import annotations

import json
from pathlib import Path

from catalog import load
from tests.secretsctl.bench import Bench

DECOYS = {decoy.name for decoy in load.catalog().decoys}


def test_fetch_of_everything_reads_no_decoy(bootstrapped: Bench, tmp_path: Path) -> None:
    bootstrapped.aws.denied.add(("BatchGetSecretValue", "*"))  # so that every read shows by its name
    assert bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "--allow-missing").exit_code == 0
    read = {name.rpartition("/")[2] for name in bootstrapped.aws.called("GetSecretValue")}
    assert "jwt-secret" in read
    assert not read & DECOYS


def test_a_decoy_that_is_asked_for_is_refused_before_anything_is_read(bootstrapped: Bench, tmp_path: Path) -> None:
    result = bootstrapped.run("fetch", "--to", str(tmp_path / "s"), "db-admin-password")
    assert result.exit_code == 2
    assert "'db-admin-password' is a decoy" in result.stderr
    assert bootstrapped.aws.called("GetSecretValue") == bootstrapped.aws.called("BatchGetSecretValue") == []


def test_bootstrap_gives_a_decoy_a_value_like_any_other(bootstrapped: Bench) -> None:
    for name in DECOYS:
        assert bootstrapped.secret(name).document()["key"]


def test_list_shows_decoys_among_the_others(bootstrapped: Bench) -> None:
    listed = json.loads(bootstrapped.run("list", "--json").stdout)["secrets"]
    assert {entry["name"] for entry in listed} >= DECOYS
