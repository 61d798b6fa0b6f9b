"""The short form of `python -m proofs logins`: the same clients, servers and functions, fewer logins and rotations."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from proofs import logins
from proofs.login_place import Place, place
from proofs.login_run import Shape

pytestmark = pytest.mark.servers
SHORT = Shape(logins=300, rotations=4, clients=4, secrets=2, longest_gap=1.0)
NAIVE = Shape(logins=60, rotations=2, clients=2, longest_gap=0.5)


@pytest.fixture(scope="module")
def there() -> Iterator[Place]:
    with place() as made:
        yield made


def test_no_login_with_a_cached_value_fails_while_credentials_rotate_and_retire(there: Place) -> None:
    secrets, ran = logins.rotations(there, SHORT)
    assert logins.tell(secrets, ran, SHORT)
    assert not ran.failures
    # A value was used in the second half of its time too, and never after it by more than the machine's hesitation.
    assert SHORT.longest_cache / 2 < ran.ages[1] < SHORT.overlap


def test_the_way_without_an_overlap_fails_logins_and_clients_and_servers_count_the_same(there: Place) -> None:
    secrets, ran = logins.contrast(there, NAIVE)
    assert logins.tell_contrast(secrets, ran)
    assert set(ran.failed(secrets)) == {"postgres", "redis"}
