"""One sandbox for all tests of the deployed staging stack, brought up once by what `make up` runs."""

from collections.abc import Iterator

import pytest

from sandbox import up
from sandbox.aws import process as aws
from sandbox.place import Place
from sandbox.stack import Stack
from tests.servers import reachable_folder


@pytest.fixture(scope="session")
def place() -> Iterator[Place]:
    """A sandbox that `make up` has just brought up."""
    with reachable_folder() as folder:
        place = Place(name="staging", base=folder)
        try:
            up.up(place)
            yield place
        finally:
            up.stop(place)


@pytest.fixture(scope="session")
def cloud(place: Place) -> aws.LocalAws:
    """Its local AWS."""
    found = aws.find(place.root / "aws")
    assert found is not None
    return found


@pytest.fixture
def stack(place: Place, cloud: aws.LocalAws) -> Stack:
    """Its stack."""
    return up.stack(place, cloud, up.engine())
