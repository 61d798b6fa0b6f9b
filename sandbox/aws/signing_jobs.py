"""AWS Signer's jobs: a package in a bucket becomes a signed one in a bucket. Profiles are moto's.

Source: https://docs.aws.amazon.com/signer/latest/api/API_StartSigningJob.html. A job has succeeded when it is answered
(on AWS it is InProgress for some seconds), and the caller's own permissions on the buckets are not asked for.
"""

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends
from moto.signer.models import signer_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.functions.code_signing import signing_key
from sandbox.aws.functions.signature import Signature, signed
from sandbox.aws.memory.memory import Memory
from sandbox.aws.wire import answered, refused

_DAY = 24 * 3600.0
_SECONDS = {"DAYS": _DAY, "MONTHS": 30 * _DAY, "YEARS": 365 * _DAY}
_LAMBDA = "AWSLambda-SHA384-ECDSA"


class SigningJobs:
    """Signing jobs of one account, kept with moto's signer."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Reads and writes moto's buckets."""
        self._account = account
        self._memory = memory
        self._operations: dict[str, Callable[[Call], Mapping[str, Any]]] = {
            "StartSigningJob": self._start,
            "DescribeSigningJob": self._describe,
            "ListSigningJobs": lambda call: {"jobs": list(self._jobs(call.region).values())},
        }

    def answer(self, call: Call) -> Answer | None:
        """Answer what is about jobs; None for every other call, which moto answers."""
        operation = self._operations.get(call.operation)
        if operation is None:
            return None
        try:
            with self._memory.work(changes=call.changes_state):
                return answered(call, operation(call))
        except AwsError as error:
            return refused(call, error)

    def _jobs(self, region: str) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = signer_backends[self._account][region].__dict__.setdefault("sandbox_jobs", {})
        return kept

    def _start(self, call: Call) -> Mapping[str, Any]:
        given = call.parameters
        profile = signer_backends[self._account][call.region].signing_profiles.get(given["profileName"])
        if profile is None:
            raise AwsError(
                "ResourceNotFoundException", f"Signing profile {given['profileName']} not found.", status=404
            )
        if profile.status != "Active" or profile.platform_id != _LAMBDA:
            raise AwsError(
                "ValidationException",
                f"Profile {profile.name} is {profile.status}, for {profile.platform_id}; it cannot sign for {_LAMBDA}.",
            )
        job, source, target = str(uuid.uuid4()), given["source"]["s3"], given["destination"]["s3"]
        period, now = profile.signature_validity_period, time.time()
        expires = now + period["value"] * _SECONDS[period["type"]]
        owner = f"arn:aws:signer:{call.region}:{self._account}"
        signature = Signature(
            profile_version_arn=profile.profile_version_arn, job_arn=f"{owner}:/signing-jobs/{job}", expires=expires
        )
        key = f"{target.get('prefix') or ''}{job}.zip"
        package = signed(self._read(source), signature, signing_key(self._account, call.region))
        self._bucket(target["bucketName"]).put_object(target["bucketName"], key, package)
        self._jobs(call.region)[job] = {
            "jobId": job,
            "source": {"s3": dict(source)},
            "signedObject": {"s3": {"bucketName": target["bucketName"], "key": key}},
            "profileName": profile.name,
            "profileVersion": profile.profile_version,
            "platformId": profile.platform_id,
            "platformDisplayName": profile.to_dict()["platformDisplayName"],
            "createdAt": now,
            "completedAt": now,
            "signatureExpiresAt": expires,
            "requestedBy": call.caller.principal.arn if call.caller is not None else owner,
            "status": "Succeeded",
            "jobOwner": self._account,
            "jobInvoker": self._account,
        }
        return {"jobId": job, "jobOwner": self._account}

    def _describe(self, call: Call) -> Mapping[str, Any]:
        job = str(call.parameters.get("jobId", ""))
        if (found := self._jobs(call.region).get(job)) is None:
            raise AwsError("ResourceNotFoundException", f"Signing job {job} not found.", status=404)
        return found

    def _bucket(self, name: str) -> Any:
        backend = s3_backends[self._account]["aws"]
        if name not in backend.buckets:
            raise AwsError("ValidationException", f"Bucket {name} does not exist.")
        return backend

    def _read(self, source: Mapping[str, Any]) -> bytes:
        name, backend = source["bucketName"], self._bucket(source["bucketName"])
        if not backend.buckets[name].is_versioned:
            raise AwsError("ValidationException", f"Source bucket {name} must have versioning enabled.")
        try:
            found = backend.get_object(name, source["key"], version_id=source["version"])
        except S3ClientError as exc:
            raise AwsError("ValidationException", f"Version of {source['key']} in {name} cannot be read.") from exc
        if found is None:
            raise AwsError("ValidationException", f"There is no such version of {source['key']} in {name}.")
        return bytes(found.value)
