"""AWS Signer: signing jobs, each of which makes a signed package of one in a bucket."""

import time
from typing import Any

from sandbox.provider.resource import Call, ProviderError, ResourceType, block, flag, text
from sandbox.provider.values import Props

_ATTEMPTS = 60


def _create(call: Call) -> str:
    signer, new = call.client("signer"), call.new
    source, target = new["source"]["s3"], new["destination"]["s3"]
    job = signer.start_signing_job(
        source={"s3": {"bucketName": source["bucket"], "key": source["key"], "version": source["version"]}},
        destination={
            "s3": {"bucketName": target["bucket"], **({"prefix": target["prefix"]} if target.get("prefix") else {})}
        },
        profileName=new["profileName"],
    )
    identity = call.created(job["jobId"])
    if not new["ignoreSigningJobFailure"]:
        _wait(signer, identity)
    return identity


def _wait(signer: Any, identity: str) -> None:
    for _ in range(_ATTEMPTS):
        job = signer.describe_signing_job(jobId=identity)
        if job["status"] == "Succeeded":
            return
        if job["status"] == "Failed":
            raise ProviderError(f"the signing job '{identity}' failed: {job.get('statusReason', 'no reason given')}")
        time.sleep(1)
    raise ProviderError(f"the signing job '{identity}' is not done after {_ATTEMPTS} seconds; look at it in Signer")


def _read(call: Call) -> Props | None:
    job = call.client("signer").describe_signing_job(jobId=call.id)
    source, done = job["source"]["s3"], (job.get("signedObject") or {}).get("s3") or {}
    prefix = str(done.get("key", "")).removesuffix(f"{call.id}.zip")
    return {
        "completedAt": _when(job.get("completedAt")),
        "createdAt": _when(job.get("createdAt")),
        "destination": {"s3": {"bucket": done.get("bucketName"), **({"prefix": prefix} if prefix else {})}},
        "jobId": call.id,
        "jobInvoker": job.get("jobInvoker") or "",
        "jobOwner": job.get("jobOwner") or "",
        "platformDisplayName": job.get("platformDisplayName") or "",
        "platformId": job.get("platformId") or "",
        "profileName": job["profileName"],
        "profileVersion": job["profileVersion"],
        "requestedBy": job.get("requestedBy") or "",
        "revocationRecords": [],
        "signatureExpiresAt": _when(job.get("signatureExpiresAt")),
        "signedObjects": [{"s3s": [{"bucket": done["bucketName"], "key": done["key"]}]}] if done else [],
        "source": {"s3": {"bucket": source["bucketName"], "key": source["key"], "version": source["version"]}},
        "status": job["status"],
        "statusReason": job.get("statusReason") or "",
    }


def _when(moment: Any) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else ""


def _delete(_call: Call) -> None:
    """A job is history, and the signed package is the bucket's (as with the real provider)."""


SIGNING_JOB = ResourceType(
    type_name="aws:signer/signingJob:SigningJob",
    inputs={
        "destination": block(
            {"s3": block({"bucket": text(required=True), "prefix": text()}, required=True)},
            required=True,
            replaces=True,
        ),
        "ignoreSigningJobFailure": flag(default=False, replaces=True, unreadable=True),
        "profileName": text(required=True, replaces=True),
        "source": block(
            {
                "s3": block(
                    {"bucket": text(required=True), "key": text(required=True), "version": text(required=True)},
                    required=True,
                )
            },
            required=True,
            replaces=True,
        ),
    },
    outputs=(
        *("completedAt", "createdAt", "jobId", "jobInvoker", "jobOwner", "platformDisplayName", "platformId"),
        *("profileVersion", "requestedBy", "revocationRecords", "signatureExpiresAt", "signedObjects", "status"),
        "statusReason",
    ),
    create=_create,
    read=_read,
    delete=_delete,
)

TYPES = (SIGNING_JOB,)
