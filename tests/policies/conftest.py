"""The repository's catalogue, environment and pack, as every test of the rules starts from them."""

from __future__ import annotations

import pytest

from catalog import load
from catalog.environment import Environment
from catalog.model import Catalog
from tests.policies import compliant
from tests.policies.analyzer import Analyzer
from tests.policies.program import Program


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load.catalog()


@pytest.fixture(scope="session")
def staging() -> Environment:
    return load.environment("staging")


@pytest.fixture(scope="session")
def analyzer() -> Analyzer:
    return Analyzer()


@pytest.fixture(params=["new_stack", "old_stack"])
def stack(request: pytest.FixtureRequest) -> Program:
    """The compliant stack: before it exists, where no id is known, and after an update."""
    program: Program = request.getfixturevalue(request.param)
    return program


@pytest.fixture(scope="session")
def new_stack(catalog: Catalog, staging: Environment) -> Program:
    return compliant.program(catalog, staging, exists=False)


@pytest.fixture(scope="session")
def old_stack(catalog: Catalog, staging: Environment) -> Program:
    return compliant.program(catalog, staging, exists=True)
