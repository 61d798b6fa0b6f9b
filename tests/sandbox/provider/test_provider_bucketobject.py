"""An object of a bucket: another content is another version, and nothing else is."""

from pathlib import Path
from typing import Any

import pytest

from sandbox.provider.archive import zip_bytes
from sandbox.provider.values import UNKNOWN, Asset

OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"


def inputs(around: Any, said: str, **more: Any) -> dict[str, Any]:
    source = Asset(archive=False, fields={"text": said, "hash": said})
    return {"bucket": around.versioned_bucket, "key": "code.zip", "source": source, **more}


def content(aws: Any, made: Any) -> bytes:
    answer = aws("s3").get_object(Bucket=made.outputs["bucket"], Key=made.outputs["key"])
    return bytes(answer["Body"].read())


def test_another_content_is_another_version_that_a_preview_does_not_know(driver: Any, around: Any, aws: Any) -> None:
    first = driver.create(OBJECT, inputs(around, "one"))
    changed = inputs(around, "two")
    assert list(driver.diff(first, changed).diffs) == ["source"]
    second = driver.update(first, changed)
    assert content(aws, second) == b"two"
    assert second.outputs["versionId"] != first.outputs["versionId"]


def test_another_tag_is_no_other_version(driver: Any, around: Any, aws: Any) -> None:
    first = driver.create(OBJECT, inputs(around, "one", tags={"a": "1"}))
    second = driver.update(first, inputs(around, "one", tags={"a": "2"}))
    assert second.outputs["versionId"] == first.outputs["versionId"]
    assert second.outputs["tags"] == {"a": "2"}


def test_a_zip_arrives_as_it_is_whether_given_as_a_file_or_as_an_archive(
    driver: Any, around: Any, aws: Any, tmp_path: Path
) -> None:
    path = tmp_path / "code.zip"
    path.write_bytes(zip_bytes(around.code))
    for archive in (False, True):
        source = Asset(archive=archive, fields={"path": str(path), "hash": str(archive)})
        made = driver.create(OBJECT, inputs(around, "") | {"source": source, "key": f"{archive}.zip"})
        assert content(aws, made) == path.read_bytes()


def test_deleting_takes_every_version_and_leaves_what_has_a_longer_name(driver: Any, around: Any, aws: Any) -> None:
    made = driver.update(driver.create(OBJECT, inputs(around, "one")), inputs(around, "two"))
    driver.create(OBJECT, inputs(around, "one", key="code.zip.sig"))
    driver.delete(made)
    kept = aws("s3").list_object_versions(Bucket=around.versioned_bucket)["Versions"]
    assert [item["Key"] for item in kept] == ["code.zip.sig"]


def test_a_file_that_was_not_built_is_named(driver: Any, around: Any, refused: type[Exception]) -> None:
    source = Asset(archive=False, fields={"path": "no-such.zip", "hash": "a"})
    with pytest.raises(refused, match=r"the file 'no-such.zip' of an object does not exist; build it"):
        driver.create(OBJECT, inputs(around, "") | {"source": source})


def test_a_source_and_a_content_exclude_each_other(driver: Any, refused: type[Exception]) -> None:
    source = Asset(archive=False, fields={"text": "a", "hash": "a"})
    with pytest.raises(refused, match="'source' and 'content' exclude each other"):
        driver.check(OBJECT, {"bucket": "b", "key": "k", "source": source, "content": "a"})


def test_a_preview_goes_through_a_bucket_that_is_not_there_yet(driver: Any) -> None:
    source = Asset(archive=False, fields={"text": "a", "hash": "a"})
    planned = driver.preview(OBJECT, {"bucket": UNKNOWN, "key": "k", "source": source})
    assert planned["versionId"] is UNKNOWN
