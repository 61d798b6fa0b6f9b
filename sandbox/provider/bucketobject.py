"""Amazon S3: objects that a program puts into a bucket, from a file, an archive or a text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sandbox.provider import faults
from sandbox.provider.archive import zip_bytes
from sandbox.provider.naming import tag_list, tag_map
from sandbox.provider.resource import (
    TAGS,
    Call,
    Failure,
    Kind,
    Property,
    ProviderError,
    ResourceType,
    flag,
    text,
)
from sandbox.provider.values import Asset, Props

_CONTENT = ("source", "sourceHash", "content", "contentType")
_STORED = ("bucketKeyEnabled", "kmsKeyId", "serverSideEncryption", "storageClass")


def _place(call: Call) -> Props:
    """The object's bucket and key; an import gives them as the id alone."""
    bucket, _, key = call.id.removeprefix("s3://").partition("/")
    return {"Bucket": bucket or call.new["bucket"], "Key": key or call.new["key"]}


def _put(call: Call) -> None:
    tags = call.new.get("tags")
    call.client("s3").put_object(
        **_place(call),
        Body=_body(call.new),
        **call.given(
            BucketKeyEnabled="bucketKeyEnabled",
            ContentType="contentType",
            SSEKMSKeyId="kmsKeyId",
            ServerSideEncryption="serverSideEncryption",
            StorageClass="storageClass",
        ),
        **({"Tagging": urlencode(tags)} if tags else {}),
    )


def _body(new: Props) -> bytes:
    source = new.get("source")
    if not isinstance(source, Asset):
        return str(new.get("content") or "").encode()
    if source.archive:
        return zip_bytes(source)
    if "text" in source.fields:
        return str(source.fields["text"]).encode()
    path = Path(str(source.fields.get("path", "")))
    if not path.is_file():
        raise ProviderError(f"the file '{path}' of an object does not exist; build it before `pulumi up`")
    return path.read_bytes()


def _create(call: Call) -> str:
    _put(call)
    return f"{call.new['bucket']}/{call.new['key']}"


def _read(call: Call) -> Props | None:
    s3, place = call.client("s3"), _place(call)
    head = s3.head_object(**place)
    return {
        "arn": f"arn:{call.aws.partition}:s3:::{place['Bucket']}/{place['Key']}",
        "bucket": place["Bucket"],
        "key": place["Key"],
        "bucketKeyEnabled": head.get("BucketKeyEnabled") or False,
        "contentType": head.get("ContentType"),
        "kmsKeyId": head.get("SSEKMSKeyId"),
        "serverSideEncryption": head.get("ServerSideEncryption"),
        "storageClass": head.get("StorageClass") or "STANDARD",
        "versionId": head.get("VersionId") or "",
        "tags": tag_map(s3.get_object_tagging(**place)["TagSet"]),
    }


def _update(call: Call) -> None:
    """Another content, or another way to store it, is another version; tags are those of the one that is there."""
    if _differs(call):
        _put(call)
    elif call.changed("tags"):
        tags = tag_list(call.new.get("tags"))
        call.client("s3").put_object_tagging(**_place(call), Tagging={"TagSet": tags})


def _differs(call: Call) -> bool:
    before, after = (_digest(side.get("source")) for side in (call.old, call.new))
    return before != after or call.changed(*(name for name in (*_CONTENT, *_STORED) if name != "source"))


def _digest(source: Any) -> str:
    return source.hash if isinstance(source, Asset) else ""


def _delete(call: Call) -> None:
    """Every version goes, as with the real provider; one that is locked stays and is an error."""
    s3, place = call.client("s3"), _place(call)
    try:
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket=place["Bucket"], Prefix=place["Key"]))
    except Exception as exc:
        if faults.gone(exc):
            return
        raise
    for page in pages:
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if item["Key"] == place["Key"]:
                s3.delete_object(**place, VersionId=item["VersionId"])


def _rules(inputs: Props) -> Iterator[Failure]:
    if "source" in inputs and "content" in inputs:
        yield "source", "'source' and 'content' exclude each other; give one of them"


OBJECT = ResourceType(
    type_name="aws:s3/bucketObjectv2:BucketObjectv2",
    inputs={
        "bucket": text(required=True, replaces=True),
        "bucketKeyEnabled": flag(computed=True),
        "content": text(unreadable=True),
        "contentType": text(computed=True),
        "forceDestroy": flag(default=False, unreadable=True),
        "key": text(required=True, replaces=True),
        "kmsKeyId": text(computed=True),
        "serverSideEncryption": text(computed=True),
        "source": Property(kind=Kind.ASSET, unreadable=True),
        "sourceHash": text(unreadable=True),
        "storageClass": text(computed=True),
        "tags": TAGS,
    },
    outputs=("arn", "versionId"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    rules=_rules,
    identity=("bucket", "key"),
    volatile=("versionId",),
    verified=True,
)

TYPES = (OBJECT,)
