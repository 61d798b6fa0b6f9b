"""Which of a user's two access keys goes, is made inactive or stays: each condition by the case that needs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from rotation.errors import RotationError, ServerBusyError
from rotation.targets.iam_keys import Keys
from rotation.targets.iam_two_keys import CLOSE, IN_FLIGHT, TwoKeys
from rotation.targets.target import Fallbacks
from tests.lambdas.fake_iam import FakeIam, FakeKey

NOW = datetime(2030, 1, 1, tzinfo=UTC)
MINE, OTHER = "AKIA-MINE", "AKIA-OTHER"
BORN = NOW - timedelta(days=1)  # AWSCURRENT's key
QUIET = NOW - timedelta(hours=1)
CURRENT = {"user_name": "u", "id": MINE}
PREVIOUS = {"user_name": "u", "id": OTHER}
ELSEWHERE = {"user_name": "u", "id": "AKIA-DELETED"}
SOON, LONG = timedelta(minutes=1), timedelta(days=9)


@dataclass
class Place:
    """A user with AWSCURRENT's key and maybe another, and what versions hold."""

    iam: FakeIam = field(default_factory=lambda: FakeIam(lambda: NOW))
    slept: list[float] = field(default_factory=list)
    reads: int = 0
    looks: int = 0
    moved: bool = False
    held: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.two = TwoKeys(Keys(cast("Any", self.iam)), "id", lambda: NOW, sleep=self.slept.append)
        self.has(MINE, BORN)

    def has(self, id_: str, created: datetime, *, active: bool = True, used: datetime | None = None) -> FakeKey:
        use = (used, "s3", "N/A") if used else None
        key = self.iam.user("u")[id_] = FakeKey(id=id_, secret="s", created=created, active=active, used=use)
        return key

    @property
    def state(self) -> str:
        key = self.iam.users["u"].get(OTHER)
        return "deleted" if key is None else "active" if key.active else "inactive"

    def fallbacks(self) -> Fallbacks:
        def own() -> Iterable[dict[str, str]]:
            self.reads += 1
            return iter([{"user_name": "u", "id": id_} for id_ in self.held])

        def unchanged() -> None:
            self.looks += 1
            if self.moved:
                raise RotationError("a rotation was started meanwhile")

        return Fallbacks(own=cast("Any", own), admin=lambda: iter([]), supplied=lambda: None, unchanged=unchanged)

    def issue(self, current: dict[str, str] = CURRENT, *, urgent: bool = False) -> None:
        self.two.issue(current, self.fallbacks(), urgent=urgent)

    def retire(self, previous: dict[str, str] = ELSEWHERE, *, urgent: bool = False) -> list[str]:
        return list(self.two.retire(CURRENT, previous, self.fallbacks(), None if urgent else QUIET))


def test_where_there_is_room_no_version_is_read_and_nothing_looked_at() -> None:
    place = Place(moved=True)
    place.issue()
    assert (place.reads, place.looks, len(place.iam.users["u"])) == (0, 0, 2)


def test_an_unknown_key_stays_where_somebody_deleted_the_current_one_and_there_is_room() -> None:
    place = Place()
    del place.iam.users["u"][MINE]
    place.has(OTHER, NOW - LONG)
    place.issue()
    assert place.state == "active"


def test_from_the_marker_no_version_is_read_while_there_is_no_key() -> None:
    place = Place()
    place.iam.users["u"].clear()
    place.issue({"user_name": "u"})
    assert (place.reads, len(place.iam.users["u"])) == (0, 1)


@pytest.mark.parametrize("held", [True, False], ids=["held, so named", "orphans, so deleted"])
def test_two_keys_besides_a_current_one_that_somebody_deleted(held: bool) -> None:
    place = Place(held=(OTHER, "AKIA-THIRD") if held else ())
    del place.iam.users["u"][MINE]
    for id_ in (OTHER, "AKIA-THIRD"):
        place.has(id_, NOW - LONG)
    if held:
        with pytest.raises(RotationError, match=f"{OTHER} and AKIA-THIRD may be in use"):
            place.issue()
    else:
        place.issue()
    assert place.state == ("active" if held else "deleted")


@pytest.mark.parametrize("active", [True, False])
def test_no_key_is_deleted_once_another_rotation_has_begun(active: bool) -> None:
    place = Place(moved=True, held=(OTHER,))
    place.has(OTHER, BORN + SOON, active=active)
    with pytest.raises(RotationError, match="meanwhile"):
        place.issue()
    assert place.state != "deleted"


@pytest.mark.parametrize(
    ("created", "held", "used", "urgent"),
    [
        pytest.param(BORN, True, False, False, id="as old as the current, and held: given up"),
        pytest.param(BORN + SOON, True, True, False, id="younger and held: given up"),
        pytest.param(BORN - SOON, True, True, True, id="older and held, in an emergency"),
        pytest.param(BORN - CLOSE, False, False, False, id="an orphan, at the edge of its age"),
        pytest.param(BORN - LONG, False, True, True, id="anybody's, in an emergency"),
    ],
)
def test_a_key_that_makes_room(created: datetime, held: bool, used: bool, urgent: bool) -> None:
    place = Place(held=(OTHER,) if held else ())
    place.has(OTHER, created, used=NOW - SOON if used else None)
    place.issue(urgent=urgent)
    assert (place.state, place.looks) == ("deleted", 1)


@pytest.mark.parametrize(
    ("created", "held", "used"),
    [
        pytest.param(BORN - SOON, True, False, id="older and held: it was published"),
        pytest.param(BORN - CLOSE - SOON, False, False, id="much older and held by nothing: somebody's"),
        pytest.param(BORN + SOON, False, True, id="young, but used"),
    ],
)
def test_a_key_that_may_be_in_use_is_named_and_stays(created: datetime, held: bool, used: bool) -> None:
    place = Place(held=(OTHER,) if held else ())
    place.has(OTHER, created, used=NOW - SOON if used else None)
    with pytest.raises(RotationError, match=f"has two keys, and {OTHER} may be in use"):
        place.issue()
    assert place.state == "active"


@pytest.mark.parametrize("urgent", [True, False])
def test_a_key_that_was_just_made_is_waited_for_to_the_end_of_its_flight(urgent: bool) -> None:
    place = Place()
    place.has(OTHER, NOW - timedelta(seconds=20))
    with pytest.raises(ServerBusyError, match="another run may have stored it"):
        place.issue(urgent=urgent)
    assert place.slept == [IN_FLIGHT.total_seconds() - 20]
    assert place.state == "active"


def test_a_young_key_that_is_in_use_is_named_and_not_waited_for() -> None:
    place = Place()
    place.has(OTHER, NOW - SOON / 2, used=NOW)
    with pytest.raises(RotationError, match=f"{OTHER} may be in use"):
        place.issue()
    assert place.slept == []


def test_a_young_key_is_not_waited_for_while_there_is_room() -> None:
    place = Place()
    del place.iam.users["u"][MINE]
    place.has(OTHER, NOW - SOON / 2)
    place.issue({"user_name": "u"})
    assert (place.slept, place.state, len(place.iam.users["u"])) == ([], "active", 2)


def test_from_the_marker_a_stored_key_is_given_up_though_there_is_room() -> None:
    place = Place(held=(OTHER,))
    del place.iam.users["u"][MINE]
    place.has(OTHER, NOW - LONG)
    place.issue({"user_name": "u"})
    assert place.state == "deleted"


@pytest.mark.parametrize(
    ("previous", "created", "held", "used", "then"),
    [
        pytest.param(PREVIOUS, BORN + SOON, False, None, "inactive", id="AWSPREVIOUS's, though younger and never used"),
        pytest.param(ELSEWHERE, BORN - LONG, True, None, "inactive", id="older and held: published before"),
        pytest.param(ELSEWHERE, BORN, True, None, "active", id="as old as the current, and held"),
        pytest.param(ELSEWHERE, BORN - LONG, False, None, "active", id="older, held by nothing: somebody's"),
        pytest.param(ELSEWHERE, BORN - SOON, False, None, "deleted", id="an orphan"),
        pytest.param(ELSEWHERE, BORN - SOON, False, NOW, "active", id="an orphan's age, but used"),
        pytest.param(ELSEWHERE, BORN + SOON, True, None, "active", id="held, of a rotation under way"),
        pytest.param(ELSEWHERE, NOW - SOON / 2, False, None, "active", id="just made, maybe about to be stored"),
        pytest.param(PREVIOUS, BORN - LONG, True, QUIET, "inactive", id="used for the last time when caches ended"),
    ],
)
def test_a_retirement_ends_what_was_published_and_deletes_orphans(
    previous: dict[str, str], created: datetime, held: bool, used: datetime | None, then: str
) -> None:
    place = Place(held=(OTHER,) if held else ())
    place.has(OTHER, created, used=used)
    assert place.retire(previous) == []
    assert place.state == then
    assert place.looks == (then != "active")


@pytest.mark.parametrize(
    ("previous", "created", "held", "then"),
    [
        pytest.param(PREVIOUS, BORN + SOON, True, "inactive", id="AWSPREVIOUS's, though younger"),
        pytest.param(ELSEWHERE, BORN - SOON, True, "inactive", id="older and held"),
        pytest.param(ELSEWHERE, BORN + SOON, False, "inactive", id="held by nothing"),
        pytest.param(ELSEWHERE, BORN + SOON, True, "active", id="held, of a rotation under way"),
        pytest.param(ELSEWHERE, NOW - SOON / 2, False, "active", id="just made, maybe about to be stored"),
    ],
)
def test_an_emergency_ends_all_but_what_a_rotation_under_way_has_made(
    previous: dict[str, str], created: datetime, held: bool, then: str
) -> None:
    place = Place(held=(OTHER,) if held else ())
    place.has(OTHER, created, used=NOW)
    assert place.retire(previous, urgent=True) == []
    assert place.state == then
    assert place.looks == (then != "active")


def test_only_an_emergency_ends_the_last_key_when_somebody_deleted_the_current_one() -> None:
    place = Place()
    del place.iam.users["u"][MINE]
    place.has(OTHER, BORN - LONG)
    assert (place.retire(PREVIOUS), place.state) == ([], "active")
    place.held = (OTHER,)
    assert (place.retire(urgent=True), place.state) == ([], "active")
    assert (place.retire(PREVIOUS, urgent=True), place.state) == ([], "inactive")


@pytest.mark.parametrize("created", [BORN - LONG, BORN - SOON], ids=["an old key", "an orphan"])
def test_no_key_is_ended_once_another_rotation_has_begun(created: datetime) -> None:
    place = Place(moved=True)
    place.has(OTHER, created)
    with pytest.raises(RotationError, match="meanwhile"):
        place.retire(PREVIOUS if created == BORN - LONG else ELSEWHERE)
    assert place.state == "active"


def test_a_heal_of_an_active_key_changes_nothing() -> None:
    place = Place()
    place.two.heal(CURRENT)
    assert "UpdateAccessKey" not in place.iam.calls
