"""`secretsctl fetch` in a git work tree: only what git ignores is written."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.secretsctl.bench import Bench


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_in_a_work_tree_only_what_git_ignores_is_written(bootstrapped: Bench, tree: Path) -> None:
    refused = bootstrapped.run("fetch", "--to", str(tree / "a" / "secrets"), "jwt-secret")
    assert refused.exit_code == 1
    assert "add /a/secrets/ to its .gitignore" in refused.stderr
    assert not (tree / "a").exists()
    (tree / ".gitignore").write_text("*.txt\n")
    assert bootstrapped.run("fetch", "--to", str(tree / "secrets"), "jwt-secret").exit_code == 1  # leftovers would show
    (tree / ".gitignore").write_text("secrets/\n")
    assert bootstrapped.run("fetch", "--to", str(tree / "secrets"), "jwt-secret").exit_code == 0


def test_a_file_that_git_tracks_is_refused_though_it_is_ignored(bootstrapped: Bench, tree: Path) -> None:
    (tree / "secrets").mkdir(mode=0o700)
    (tree / "secrets" / "jwt_secret.txt").write_text("x")
    subprocess.run(["git", "-C", str(tree), "add", "secrets/jwt_secret.txt"], check=True)
    (tree / ".gitignore").write_text("secrets/\n")
    result = bootstrapped.run("fetch", "--to", str(tree / "secrets"), "jwt-secret")
    assert result.exit_code == 1
    assert "does not ignore jwt_secret.txt" in result.stderr


def test_without_git_a_work_tree_is_refused_and_other_places_are_not(bootstrapped: Bench, tree: Path) -> None:
    (tree / ".gitignore").write_text("secrets/\n")
    fetch = ("fetch", "jwt-secret", "--to")
    result = bootstrapped.process(*fetch, str(tree / "secrets"), PATH="/nonexistent")
    assert result.returncode == 1
    assert "git is not installed" in result.stderr
    shutil.rmtree(tree / ".git")
    assert bootstrapped.process(*fetch, str(tree / "secrets"), PATH="/nonexistent").returncode == 0
