"""Amazon S3: buckets; what else a bucket can have is a resource type of its own."""

from sandbox.provider import faults
from sandbox.provider.naming import tag_list, tag_map
from sandbox.provider.resource import TAGS, AutoName, Call, ResourceType, flag, text
from sandbox.provider.values import Props

# The zone is a constant of each region (general/latest/gr/s3.html); only the one of the default region is known here.
_HOSTED_ZONES = {"us-east-1": "Z3AQBSTGFYJSTF", "us-west-2": "Z3BJ6K6RIION7M"}


def _create(call: Call) -> str:
    s3, new, region = call.client("s3"), call.new, call.aws.region
    # us-east-1 is the one region that may not be named (API_CreateBucket).
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=new["bucket"], ObjectLockEnabledForBucket=new["objectLockEnabled"], **place)
    bucket = call.created(new["bucket"])
    if new.get("tags"):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list(new["tags"])})
    return bucket


def _read(call: Call) -> Props | None:
    s3, bucket, region = call.client("s3"), call.id, call.aws.region
    s3.head_bucket(Bucket=bucket)
    return {
        "arn": f"arn:{call.aws.partition}:s3:::{bucket}",
        "bucket": bucket,
        "bucketDomainName": f"{bucket}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{bucket}.s3.{region}.amazonaws.com",
        "hostedZoneId": _HOSTED_ZONES.get(region, ""),
        "objectLockEnabled": _locked(call),
        "tags": _tags(call),
    }


def _locked(call: Call) -> bool:
    try:
        answer = call.client("s3").get_object_lock_configuration(Bucket=call.id)
    except Exception as exc:
        if faults.code(exc) == "ObjectLockConfigurationNotFoundError":
            return False
        raise
    return bool(answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled")


def _tags(call: Call) -> Props:
    try:
        return tag_map(call.client("s3").get_bucket_tagging(Bucket=call.id)["TagSet"])
    except Exception as exc:
        if faults.code(exc) == "NoSuchTagSet":
            return {}
        raise


def _update(call: Call) -> None:
    if call.changed("tags"):
        if call.new.get("tags"):
            call.client("s3").put_bucket_tagging(Bucket=call.id, Tagging={"TagSet": tag_list(call.new["tags"])})
        else:
            call.client("s3").delete_bucket_tagging(Bucket=call.id)


def _delete(call: Call) -> None:
    s3 = call.client("s3")
    if call.state.get("forceDestroy"):
        # Governance can be overridden by who asks for it; compliance cannot, and the bucket then stays.
        bypass = {"BypassGovernanceRetention": True} if call.state.get("objectLockEnabled") else {}
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=call.id):
            for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                s3.delete_object(Bucket=call.id, Key=item["Key"], VersionId=item["VersionId"], **bypass)
    s3.delete_bucket(Bucket=call.id)


BUCKET = ResourceType(
    type_name="aws:s3/bucket:Bucket",
    inputs={
        "bucket": text(replaces=True, computed=True),
        "bucketPrefix": text(replaces=True, unreadable=True),
        "forceDestroy": flag(default=False, unreadable=True),
        "objectLockEnabled": flag(default=False, replaces=True),
        "tags": TAGS,
    },
    outputs=("arn", "bucketDomainName", "bucketRegion", "bucketRegionalDomainName", "hostedZoneId"),
    create=_create,
    read=_read,
    update=_update,
    delete=_delete,
    identity=("bucket",),
    autoname=AutoName(name="bucket", prefix="bucketPrefix", max_length=63, lower=True),
)

TYPES = (BUCKET,)
