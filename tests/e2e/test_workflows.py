"""A pull request previews and main deploys, each as its own role: their policies suffice, and go no further."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog import load, names
from catalog.access.github import Workflow
from sandbox import up
from sandbox.aws.process import LocalAws
from sandbox.identity import ADMINISTRATOR_IDENTITY, acting_as
from sandbox.place import Place
from sandbox.stack import Stack, StackError

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

NEW_SECRET = """
  - name: pager-token
    description: Token of the pager
    tier: 3
    kind: keyring
    owner: platform
    constants:
      retention_days: 30
    names:
      PAGER_TOKEN: key
    consumers: [api-server]
    rotation:
      overlap_seconds: 900

derived:
"""


def stack_as(place: Place, cloud: LocalAws, workflow: Workflow, program: Path = load.ROOT) -> Stack:
    identity = acting_as(cloud, load.environment(place.name, place.stack_file), workflow)
    variables = up.variables(place, cloud, identity)
    return Stack(place=place, engine=up.engine(), variables=variables, program=program)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The program with one more secret in its catalogue."""
    program = tmp_path / "program"
    ignored = shutil.ignore_patterns(".git", ".venv", ".sandbox", "build", "secrets", "__pycache__", ".*_cache")
    shutil.copytree(load.ROOT, program, ignore=ignored)
    (program / ".venv").symlink_to(load.ROOT / ".venv")
    catalogue = program / "catalog" / "secrets.yaml"
    text = catalogue.read_text(encoding="utf-8")
    assert text.count("\nderived:\n") == 1
    catalogue.write_text(text.replace("\nderived:\n", NEW_SECRET), encoding="utf-8")
    return program


def test_a_pull_request_previews_a_change_and_cannot_deploy_it(place: Place, cloud: LocalAws, changed: Path) -> None:
    stack = stack_as(place, cloud, Workflow.PREVIEW, changed)
    stack.preview()
    with pytest.raises(StackError):
        stack.up()
    listed = ADMINISTRATOR_IDENTITY.client(cloud, "secretsmanager").list_secrets(
        Filters=[{"Key": "name", "Values": [f"{names.SERVICE}/{place.name}/pager-token"]}]
    )
    assert listed["SecretList"] == []


def test_main_deploys_a_new_secret_with_all_that_belongs_to_it(
    place: Place, cloud: LocalAws, stack: Stack, changed: Path
) -> None:
    outcome = stack_as(place, cloud, Workflow.DEPLOY, changed).up()
    assert outcome.changed > 0
    made = ADMINISTRATOR_IDENTITY.client(cloud, "secretsmanager").describe_secret(
        SecretId=f"{names.SERVICE}/{place.name}/pager-token"
    )
    assert made["RotationEnabled"]
    assert stack_as(place, cloud, Workflow.DEPLOY, changed).up().changed == 0
    # To take a secret away is for a person: main may not delete one.
    with pytest.raises(StackError):
        stack_as(place, cloud, Workflow.DEPLOY).up()
    stack.up()
