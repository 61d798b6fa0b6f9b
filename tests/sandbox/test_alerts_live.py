"""Each alert, live: somebody does it, and within half a minute a queue and a web hook have the message.

Only the alerts' own resources are here, so that it takes seconds; the same acts run on the whole stack in
tests/e2e/test_alerts_deployed.py.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from catalog import derive, load, names
from catalog.access.secret import BACKUP
from catalog.alerts.alert import Alert
from catalog.alerts.alerts import alerts
from sandbox.aws import process
from sandbox.aws.process import LocalAws
from sandbox.servers import tls
from tests.alerts.acts import ACTS
from tests.alerts.hearing import Hearing, hearing
from tests.alerts.provoking import SECONDS, provoked
from tests.alerts.scene import Scene
from tests.alerts.stage import build
from tests.contract.aws.actors import allow, assumed, make_role, refused

CATALOG, STAGING = load.catalog(), load.environment("staging")
ALERTS = alerts(STAGING, CATALOG)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tls.Authority:
    return tls.authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory, authority: tls.Authority) -> Iterator[LocalAws]:
    state = tmp_path_factory.mktemp("alerts")
    with pytest.MonkeyPatch.context() as patched:
        # Whom the local AWS trusts as a pager: it asks for a valid certificate, as SNS does.
        patched.setenv("SSL_CERT_FILE", str(authority.pair.certificate))
        started = process.start(state, STAGING.account, STAGING.region, retry_delays=(0.2, 0.4))
    yield started
    process.stop(state)


@pytest.fixture(scope="module")
def scene(local: LocalAws) -> Iterator[Scene]:
    made = Scene.on(local, STAGING, CATALOG)
    build(made.aws, STAGING, CATALOG)
    for what in ("api-server", "grafana", names.rotator("keyring"), BACKUP):
        make_role(made.aws, names.named(STAGING, what), (allow("secretsmanager:GetSecretValue"),))
    yield made
    made.clean_up()


@pytest.fixture(scope="module")
def heard(scene: Scene, authority: tls.Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearing]:
    certificate = tls.server_pair(authority, tmp_path_factory.mktemp("hook"), (), None)
    with hearing(scene.aws, STAGING, certificate) as made:
        yield made


@pytest.mark.parametrize("alert", ALERTS, ids=[alert.name for alert in ALERTS])
def test_the_act_reaches_queue_and_web_hook_within_half_a_minute(alert: Alert, scene: Scene, heard: Hearing) -> None:
    assert provoked(alert, scene, heard)


def test_a_reader_reads_by_name_and_arn_and_nobody_is_told_whatever_else_its_session_is_called(
    scene: Scene, heard: Hearing
) -> None:
    secret = CATALOG.by_name["jwt-secret"]
    name = derive.secret_name(STAGING, secret)
    scene.aws.secrets.append(name)
    arn = scene.aws.sm.create_secret(Name=name, SecretString="x")["ARN"]
    before = heard.so_far
    for what in ("api-server", names.rotator(secret.spec.target), BACKUP):
        reader = assumed(scene.aws, scene.aws.client("sts"), names.role_arn(STAGING, what))
        for form in (name, arn, arn[:-7]):
            reader.client("secretsmanager").get_secret_value(SecretId=form)
    # Grafana is no reader of this secret, and calls its session as one that is.
    grafana = names.role_arn(STAGING, "grafana")
    liar = assumed(scene.aws, scene.aws.client("sts"), grafana, RoleSessionName="llm-observatory-staging-api-server")
    liar.client("secretsmanager").get_secret_value(SecretId=name)
    heard.both("(alert read-by-stranger)", grafana, after=before, seconds=SECONDS)
    told = [one["Message"] for one in heard.queued[before[0] :] if "(alert read-by-stranger)" in one["Message"]]
    assert len(told) == 1


def test_the_function_that_rotates_a_decoy_raises_no_alert(scene: Scene, heard: Hearing) -> None:
    before, decoy = heard.so_far, derive.secret_name(STAGING, CATALOG.decoys[0])
    role = names.named(STAGING, names.rotator("keyring"))
    assumed(scene.aws, scene.aws.client("sts"), names.role_arn(STAGING, names.rotator("keyring"))).client(
        "secretsmanager"
    ).get_secret_value(SecretId=decoy)
    scene.aws.sm.get_secret_value(SecretId=decoy)
    heard.both("(alert decoy-read)", "done", after=before, seconds=SECONDS)
    assert [one for one in heard.queued[before[0] :] if role in one["Message"]] == []


def test_nobody_publishes_by_hand_or_subscribes_an_address_that_is_not_declared(scene: Scene) -> None:
    sns, topic = scene.aws.client("sns"), names.topic_arn(STAGING)
    assert refused(sns.publish, TopicArn=topic, Message="all is well")[0] == "AuthorizationError"
    denied = refused(sns.subscribe, TopicArn=topic, Protocol="email", Endpoint="somebody@else.example")
    assert denied[0] == "AuthorizationError"
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=STAGING.alerts.emails[0])


def test_a_decoys_reader_by_another_form_of_its_name_is_told_too(scene: Scene, heard: Hearing) -> None:
    decoy = derive.secret_name(STAGING, CATALOG.decoys[0])
    arn = scene.aws.sm.describe_secret(SecretId=decoy)["ARN"]
    for form in (arn, arn[:-7]):
        before = heard.so_far
        scene.aws.sm.get_secret_value(SecretId=form)
        heard.both("(alert decoy-read)", form, after=before, seconds=SECONDS)


def test_there_is_an_act_for_every_alert() -> None:
    assert ACTS.keys() == {alert.name for alert in ALERTS}
