"""Digests prove every log file, region by region, and show what was changed, deleted or forged."""

import gzip
import itertools
import json
import re
from collections.abc import Iterator

import pytest

from sandbox.aws import process
from tests.sandbox.aws.trail_bench import ACCOUNT, REGION, TrailBench


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrailBench]:
    folder = tmp_path_factory.mktemp("digests")
    yield TrailBench.of(process.start(folder, ACCOUNT, REGION))
    process.stop(folder)


@pytest.fixture
def bucket(bench: TrailBench) -> str:
    name = bench.trail(EnableLogFileValidation=True)
    for _ in range(3):
        bench.aws.secret()
        bench.deliver()
    return name


def test_an_untouched_bucket_has_no_problem_and_a_chain_of_digests(bench: TrailBench, bucket: str) -> None:
    delivered = set(bench.files(bucket))
    bench.deliver()
    digests = sorted(bench.files(bucket, "CloudTrail-Digest").values(), key=lambda digest: str(digest["digestEndTime"]))
    assert len(digests) >= 3
    assert bench.problems(bucket) == []
    assert digests[0]["previousDigestS3Object"] is None
    for earlier, later in itertools.pairwise(digests):
        assert later["previousDigestS3Object"] == earlier["digestS3Object"]
        assert later["digestStartTime"] == earlier["digestEndTime"]
    proven = {file["s3Object"] for digest in digests for file in digest["logFiles"]}
    assert delivered <= proven
    assert bench.aws.client("cloudtrail").get_trail_status(Name=bucket)["LatestDigestDeliveryTime"]


def test_a_changed_and_a_deleted_log_file_are_found(bench: TrailBench, bucket: str) -> None:
    changed, deleted = sorted(bench.files(bucket))[:2]
    s3 = bench.aws.client("s3")
    s3.put_object(Bucket=bucket, Key=changed, Body=gzip.compress(b'{"Records": []}'))
    s3.delete_object(Bucket=bucket, Key=deleted)
    assert sorted(bench.problems(bucket)) == sorted([f"{changed}: hash", f"{deleted}: missing"])


def test_a_rewritten_digest_no_longer_has_its_signature(bench: TrailBench, bucket: str) -> None:
    key, digest = next(iter(bench.files(bucket, "CloudTrail-Digest").items()))
    s3 = bench.aws.client("s3")
    metadata = s3.head_object(Bucket=bucket, Key=key)["Metadata"]
    forged = gzip.compress(json.dumps({**digest, "logFiles": []}).encode())
    s3.put_object(Bucket=bucket, Key=key, Body=forged, Metadata=metadata)
    assert f"{key}: signature" in bench.problems(bucket)


def test_a_digest_is_where_aws_cloudtrail_validate_logs_looks_for_it(bench: TrailBench, bucket: str) -> None:
    """The pattern is that of the AWS CLI (awscli/customizations/cloudtrail/validation.py, _create_digest_key_regex)."""
    pattern = re.compile(
        rf"^AWSLogs/{ACCOUNT}/CloudTrail\-Digest/{REGION}/\d+/\d+/\d+/{ACCOUNT}_CloudTrail\-Digest_{REGION}_"
        rf"{re.escape(bucket)}_{REGION}_\d{{8}}T\d{{6}}Z\.json\.gz$"
    )
    keys = list(bench.files(bucket, "CloudTrail-Digest"))
    assert [key for key in keys if not pattern.match(key)] == []


def test_each_region_has_a_chain_of_its_own(bench: TrailBench) -> None:
    name = bench.trail(EnableLogFileValidation=True)
    bench.aws.secret()
    bench.aws.client("secretsmanager", "eu-west-1").list_secrets()
    bench.deliver()
    assert bench.problems(name, "eu-west-1") == []
    assert bench.problems(name, REGION) == []
    away = next(iter(bench.files(name, "CloudTrail-Digest/eu-west-1").values()))
    assert [file["s3Object"].split("/")[3] for file in away["logFiles"]] == ["eu-west-1"]


def test_a_trail_that_stops_leaves_no_log_file_unproven(bench: TrailBench) -> None:
    name = bench.trail(EnableLogFileValidation=True)
    bench.aws.secret()
    bench.aws.client("cloudtrail").stop_logging(Name=name)
    proven = {
        file["s3Object"] for digest in bench.files(name, "CloudTrail-Digest").values() for file in digest["logFiles"]
    }
    assert proven == set(bench.files(name))


def test_a_new_trail_of_a_deleted_ones_name_begins_a_chain_of_its_own(bench: TrailBench, bucket: str) -> None:
    old = set(bench.files(bucket, "CloudTrail-Digest"))
    bench.aws.client("cloudtrail").delete_trail(Name=bucket)
    # Digests are named by the second, which the deliveries above have used up for some seconds to come.
    bench.local.ask("POST", "clock", {"advance_seconds": 60}, timeout=60.0)
    bench.trail(bucket, EnableLogFileValidation=True)
    bench.aws.secret()
    bench.deliver()
    fresh = [digest for key, digest in bench.files(bucket, "CloudTrail-Digest").items() if key not in old]
    assert [digest["previousDigestS3Object"] for digest in fresh] == [None]
