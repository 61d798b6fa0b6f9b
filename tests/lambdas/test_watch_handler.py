"""The watch from its variables to its line: what it reads, what it publishes, and what a failure costs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.lambdas.watching import FakeListing, FakeManifest, FakeMetrics, refusal
from watch import handler
from watch.errors import WatchError
from watch.handler import Clients
from watch.listed import Listing
from watch.settings import Settings

NOW = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
PREFIX = "llm-observatory/staging/"
VARIABLES = {
    "ENVIRONMENT": "staging",
    "SERVICE": "llm-observatory",
    "DECLARED": json.dumps({"db-password": 90, "jwt-secret": 90, "sentry-dsn": 365}),
    "VALIDITY": json.dumps({"db-password": 135}),
    "BACKUP_BUCKET": "backups",
    "MANIFEST_KEY": "secrets/manifest.json",
}
SETTINGS = Settings.read(VARIABLES)
NO_ANSWER = EndpointConnectionError(endpoint_url="https://nowhere")


class Bench:
    """A watch over fakes: a rotated secret, an overdue one and a marker, backed up two hours ago."""

    def __init__(self) -> None:
        self.listing = FakeListing()
        self.manifest = FakeManifest(NOW - timedelta(hours=2))
        self.metrics = FakeMetrics()
        self.listing.add(PREFIX + "db-password", NOW - timedelta(days=9))
        self.listing.add(PREFIX + "jwt-secret", NOW - timedelta(days=180))
        self.listing.add(PREFIX + "sentry-dsn", NOW - timedelta(days=500), "LLMOBS_BOOTSTRAP")

    def run(self) -> Mapping[str, Any]:
        listing: Any = self.listing
        clients = Clients(secretsmanager=listing, s3=self.manifest, cloudwatch=self.metrics)
        return handler.watch(clients, SETTINGS, NOW)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def line(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    (text,) = capsys.readouterr().out.splitlines()
    found: dict[str, Any] = json.loads(text)
    return found


def test_it_publishes_counts_of_the_environment_and_ages_of_the_secrets_that_have_a_value(bench: Bench) -> None:
    bench.run()
    counts = {
        name: bench.metrics.values(name)[""]
        for name in ("Watched", "Overdue", "ExpiringSoon", "WithoutValue", "Missing", "Foreign")
    }
    assert counts == {"Watched": 3, "Overdue": 1, "ExpiringSoon": 0, "WithoutValue": 1, "Missing": 0, "Foreign": 0}
    assert bench.metrics.values("AgeDays") == {"db-password": 9.0, "jwt-secret": 180.0}
    assert bench.metrics.values("AgeOfLimit") == {"db-password": 0.1, "jwt-secret": 2.0}
    assert bench.metrics.values("BackupAgeHours") == {"": 2.0}


def test_it_writes_one_line_that_names_what_is_wrong(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.listing.add(PREFIX + "stray", NOW)
    answer = bench.run()
    told = line(capsys)
    assert told == answer
    assert (told["level"], told["event"], told["environment"]) == ("WARNING", "watched", "staging")
    assert told["overdue"] == {"jwt-secret": {"age_days": 180.0, "limit_days": 90}}
    assert (told["foreign"], told["without_value"]) == ([PREFIX + "stray"], ["sentry-dsn"])


def test_it_counts_a_certificate_whose_end_is_near_and_names_it_with_that_end(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.listing.born[f"version-of-{PREFIX}jwt-secret"] = NOW
    bench.listing.born[f"version-of-{PREFIX}db-password"] = NOW - timedelta(days=110)
    bench.listing.entries[0] |= {"LastRotatedDate": NOW, "LastChangedDate": NOW}
    bench.run()
    assert bench.metrics.values("ExpiringSoon") == {"": 1.0}
    assert (told := line(capsys))["level"] == "WARNING"
    assert told["expiring"] == {"db-password": "2026-06-26T06:30:00+00:00"}


def test_a_near_end_alone_is_a_warning(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.listing.entries[:] = bench.listing.entries[:1]
    bench.listing.born[f"version-of-{PREFIX}db-password"] = NOW - timedelta(days=80)
    settings = Settings.read(
        {**VARIABLES, "DECLARED": json.dumps({"db-password": 90}), "VALIDITY": json.dumps({"db-password": 100})}
    )
    listing: Any = bench.listing
    handler.watch(Clients(secretsmanager=listing, s3=bench.manifest, cloudwatch=bench.metrics), settings, NOW)
    assert (told := line(capsys))["level"] == "WARNING"
    assert list(told["expiring"]) == ["db-password"]
    assert not any(told[name] for name in ("overdue", "missing", "foreign", "unread"))


def test_it_is_quiet_when_everything_is_in_order(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    bench.listing.born[f"version-of-{PREFIX}jwt-secret"] = NOW
    bench.run()
    assert line(capsys)["level"] == "INFO"


def test_the_age_is_that_of_the_version_in_force_not_of_the_last_rotation_or_change(bench: Bench) -> None:
    """A value set by hand is younger than LastRotatedDate, one that was moved back is older."""
    by_hand, moved_back = bench.listing.entries[:2]
    by_hand |= {"LastRotatedDate": NOW - timedelta(days=400), "LastChangedDate": NOW}
    moved_back |= {"LastRotatedDate": NOW, "LastChangedDate": NOW}
    bench.run()
    assert bench.metrics.values("AgeDays") == {"db-password": 9.0, "jwt-secret": 180.0}


def test_a_version_that_is_not_listed_counts_from_the_last_rotation_else_from_the_creation(bench: Bench) -> None:
    bench.listing.born.clear()
    bench.listing.entries[0] |= {"LastRotatedDate": NOW - timedelta(days=3), "CreatedDate": NOW - timedelta(days=70)}
    bench.listing.entries[1] |= {"CreatedDate": NOW - timedelta(days=7)}
    bench.run()
    assert bench.metrics.values("AgeDays") == {"db-password": 3.0, "jwt-secret": 7.0}


def test_every_page_is_read_and_each_secret_counted_once(bench: Bench) -> None:
    for number in range(5):
        bench.listing.add(f"{PREFIX}stray-{number}", NOW)
    bench.run()
    assert bench.metrics.values("Foreign") == {"": 5.0}


def test_a_secret_with_our_tags_under_another_name_is_foreign_and_one_with_similar_tags_is_not(bench: Bench) -> None:
    bench.listing.add("elsewhere/ours", NOW)
    similar = bench.listing.add("elsewhere/similar", NOW)
    similar["Tags"] = [{"Key": "Environment", "Value": "staging-2"}, {"Key": "Service", "Value": "llm-observatory-2"}]
    answer = bench.run()
    assert answer["foreign"] == ["elsewhere/ours"]


def test_a_secret_without_a_current_version_has_no_value(bench: Bench) -> None:
    bench.listing.entries[0]["SecretVersionsToStages"] = {}
    assert bench.run()["without_value"] == ["db-password", "sentry-dsn"]


@pytest.mark.parametrize("error", [refusal("AccessDeniedException", "ListSecretVersionIds"), NO_ANSWER])
def test_one_secret_that_cannot_be_asked_for_blinds_nobody_and_fails_the_run_at_its_end(
    bench: Bench, error: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.listing.refused[f"arn:{PREFIX}db-password"] = error
    with pytest.raises(WatchError, match="ListSecretVersionIds failed for db-password"):
        bench.run()
    assert bench.metrics.values("Watched") == {"": 3.0}
    assert bench.metrics.values("BackupAgeHours") == {"": 2.0}
    assert line(capsys)["unread"] == ["db-password"]


def test_a_backup_that_cannot_be_looked_at_does_not_hide_an_overdue_secret(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.manifest.found = refusal("403", "HeadObject")
    with pytest.raises(WatchError, match=r"s3://backups/secrets/manifest\.json: HeadObject was refused with 403"):
        bench.run()
    assert bench.metrics.values("Overdue") == {"": 1.0}
    assert bench.metrics.values("BackupAgeHours") == {}
    assert (told := line(capsys))["level"] == "ERROR"
    assert list(told["overdue"]) == ["jwt-secret"]


def test_before_the_first_backup_its_age_counts_from_the_first_value(bench: Bench) -> None:
    bench.manifest.found = refusal("404", "HeadObject")
    bench.run()
    assert bench.metrics.values("BackupAgeHours") == {"": 180 * 24.0}


def test_without_any_value_there_is_nothing_that_a_backup_could_be_late_with(bench: Bench) -> None:
    bench.manifest.found = refusal("404", "HeadObject")
    bench.listing.entries[:] = bench.listing.entries[2:]
    bench.run()
    assert bench.metrics.values("BackupAgeHours") == {"": 0.0}


@pytest.mark.parametrize(
    ("plant", "match"),
    [
        (lambda b: b.listing.refused.update(ListSecrets=refusal("X", "ListSecrets")), "ListSecrets was refused with X"),
        (lambda b: b.listing.refused.update(ListSecrets=NO_ANSWER), "ListSecrets got no answer \\(Endpoint"),
        (lambda b: setattr(b.metrics, "refuses", refusal("X", "P")), "PutMetricData was refused with X"),
        (lambda b: setattr(b.metrics, "refuses", NO_ANSWER), "PutMetricData got no answer \\(Endpoint"),
        (lambda b: setattr(b.manifest, "found", NO_ANSWER), "HeadObject got no answer \\(Endpoint"),
    ],
)
def test_a_failure_says_what_failed_and_not_in_aws_own_words(bench: Bench, plant: Any, match: str) -> None:
    plant(bench)
    with pytest.raises(WatchError, match=match) as caught:
        bench.run()
    assert "a text of AWS" not in str(caught.value)


def test_a_thousand_secrets_are_published_in_portions(bench: Bench) -> None:
    declared = json.dumps({f"s{number}": 90 for number in range(1000)})
    settings = Settings.read({**VARIABLES, "DECLARED": declared, "VALIDITY": "{}"})
    listing: Any = FakeListing()
    for number in range(1000):
        listing.add(f"{PREFIX}s{number}", NOW)
    handler.watch(Clients(secretsmanager=listing, s3=bench.manifest, cloudwatch=bench.metrics), settings, NOW)
    assert len(bench.metrics.values("AgeDays")) == len(bench.metrics.values("AgeOfLimit")) == 1000


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"ENVIRONMENT": ""}, "variable ENVIRONMENT is missing or empty"),
        ({"DECLARED": "{"}, "variable DECLARED is no JSON"),
        ({"DECLARED": "[]"}, "variable DECLARED must map each secret's name to a whole number"),
        ({"DECLARED": "{}", "VALIDITY": "{}"}, "variable DECLARED names no secret"),
        ({"DECLARED": '{"a": 0}'}, "variable DECLARED must map each secret's name to a whole number"),
        ({"DECLARED": '{"a": true}'}, "variable DECLARED must map each secret's name to a whole number"),
        ({"VALIDITY": ""}, "variable VALIDITY is missing or empty"),
        ({"VALIDITY": "[]"}, "variable VALIDITY must map each secret's name to a whole number"),
        ({"VALIDITY": '{"db-password": "135"}'}, "variable VALIDITY must map each secret's name to a whole number"),
        ({"VALIDITY": '{"strange": 90}'}, "variable VALIDITY names strange, which DECLARED does not"),
        ({"BACKUP_BUCKET": ""}, "variable BACKUP_BUCKET is missing"),
        ({"MANIFEST_KEY": ""}, "variable MANIFEST_KEY is missing"),
        ({"SERVICE": ""}, "variable SERVICE is missing"),
    ],
)
def test_a_wrong_variable_is_named(changes: dict[str, str], match: str) -> None:
    with pytest.raises(WatchError, match=match):
        Settings.read({**VARIABLES, **changes})


def test_the_listing_asks_for_the_prefix_and_for_the_tags_and_for_nothing_more(bench: Bench) -> None:
    listing: Any = bench.listing
    Listing(listing).of(SETTINGS)
    assert [[one["Key"] for one in asked] for asked in bench.listing.filters] == [
        ["name"],
        ["tag-key", "tag-value", "tag-value"],
    ]


def test_the_entry_makes_its_clients_and_reads_its_variables(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> None:
    for name, value in {**VARIABLES, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    fakes = {"secretsmanager": bench.listing, "s3": bench.manifest, "cloudwatch": bench.metrics}
    monkeypatch.setattr("boto3.client", lambda service, config: fakes[service])
    assert handler.handle({}, None)["watched"] == 3
