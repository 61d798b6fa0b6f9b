"""Each alert on the whole stack: somebody does it, and within half a minute a queue and a web hook have the message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog import load
from catalog.alerts.alert import Alert
from catalog.alerts.alerts import alerts
from sandbox.aws.process import LocalAws
from sandbox.place import Place
from tests.alerts.acts import ACTS
from tests.alerts.hearing import Hearing, hearing
from tests.alerts.provoking import provoked
from tests.alerts.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

CATALOG = load.catalog()
ALERTS = alerts(load.environment("staging"), CATALOG)


@pytest.fixture(scope="module")
def scene(place: Place, cloud: LocalAws) -> Iterator[Scene]:
    """The deployed staging stack."""
    made = Scene.on(cloud, load.environment(place.name, place.stack_file), CATALOG)
    yield made
    made.clean_up()


@pytest.fixture(scope="module")
def heard(scene: Scene) -> Iterator[Hearing]:
    with hearing(scene.aws, scene.environment) as made:
        yield made


@pytest.mark.parametrize("alert", ALERTS, ids=[alert.name for alert in ALERTS])
def test_what_is_done_to_the_deployed_stack_is_told(alert: Alert, scene: Scene, heard: Hearing) -> None:
    deployed = {one.name: one for one in alerts(scene.environment, CATALOG)}
    assert provoked(deployed[alert.name], scene, heard)


def test_there_is_an_act_for_every_alert() -> None:
    assert ACTS.keys() == {alert.name for alert in ALERTS}
