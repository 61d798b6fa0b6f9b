"""Amazon S3: what the types that set one thing of a bucket have in common.

Each has the bucket's name as its id, with `,<account>` behind it where `expectedBucketOwner` is given.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.provider.resource import Call, Property, ResourceType, text
from sandbox.provider.values import Props


def place(call: Call) -> Props:
    """The bucket, and who has to own it, as every call takes them."""
    bucket, _, owner = call.id.partition(",")
    owner = call.new.get("expectedBucketOwner") or owner
    named = {"Bucket": bucket or call.new["bucket"]}
    return {**named, "ExpectedBucketOwner": owner} if owner else named


def setting(
    name: str,
    inputs: Mapping[str, Property],
    *,
    put: Callable[[Call, Any], object],
    get: Callable[[Call, Any], Props | None],
    remove: Callable[[Call, Any], object],
    owned: bool = True,
) -> ResourceType:
    """The type `name`, which `put` writes as a whole, at its creation and at each change, and `get` reads.

    All three are given the call and an S3 client. `owned`: it takes `expectedBucketOwner`.
    """

    def create(call: Call) -> str:
        put(call, call.client("s3"))
        owner = call.new.get("expectedBucketOwner")
        return f"{call.new['bucket']},{owner}" if owner else str(call.new["bucket"])

    def read(call: Call) -> Props | None:
        found = place(call)
        live = get(call, call.client("s3"))
        if live is None:
            return None
        return {"bucket": found["Bucket"], "expectedBucketOwner": found.get("ExpectedBucketOwner"), **live}

    def update(call: Call) -> None:
        put(call, call.client("s3"))

    def delete(call: Call) -> None:
        remove(call, call.client("s3"))

    return ResourceType(
        type_name=f"aws:s3/{name[:1].lower()}{name[1:]}:{name}",
        inputs={
            "bucket": text(required=True, replaces=True),
            **({"expectedBucketOwner": text(replaces=True)} if owned else {}),
            **inputs,
        },
        outputs=(),
        create=create,
        read=read,
        update=update,
        delete=delete,
        identity=("bucket",),
        verified=True,
    )
