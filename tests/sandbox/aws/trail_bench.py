"""A trail with its bucket, what it delivered, and the check of digests as AWS documents it."""

import base64
import gzip
import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.aws.process import LocalAws
from tests.contract.aws.harness import ContractAws

ACCOUNT, REGION = "222233334444", "us-east-1"


@dataclass(frozen=True, kw_only=True)
class TrailBench:
    """One local AWS, and trails in it; a trail has the name of its bucket."""

    local: LocalAws
    aws: ContractAws

    @classmethod
    def of(cls, local: LocalAws) -> "TrailBench":
        """The administrator's side of a local AWS."""
        aws = ContractAws(kind="sandbox", endpoint=local.endpoint, account=ACCOUNT, region=REGION)
        return cls(local=local, aws=aws)

    def bucket(self) -> str:
        """A new bucket that the trail of the same name may write to, and no other."""
        s3, name = self.aws.client("s3"), f"audit-{uuid.uuid4()}"
        s3.create_bucket(Bucket=name)
        s3.put_bucket_policy(Bucket=name, Policy=bucket_policy(name))
        return name

    def trail(self, bucket: str | None = None, **arguments: Any) -> str:
        """A new trail that logs; its name."""
        name = bucket or self.bucket()
        client = self.aws.client("cloudtrail")
        client.create_trail(Name=name, S3BucketName=name, **{"IsMultiRegionTrail": True, **arguments})
        client.start_logging(Name=name)
        return name

    def deliver(self) -> None:
        """Deliver everything now, with digests."""
        self.local.ask("POST", "trail")

    def files(self, bucket: str, kind: str = "CloudTrail") -> dict[str, dict[str, Any]]:
        """What is in the bucket by key."""
        s3 = self.aws.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {
            key: json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read()))
            for key in keys
            if f"/{kind}/" in key
        }

    def records(self, bucket: str) -> list[dict[str, Any]]:
        """All delivered events."""
        return [event for file in self.files(bucket).values() for event in file["Records"]]

    def names(self, bucket: str) -> list[str]:
        """The names of all delivered events."""
        return [event["eventName"] for event in self.records(bucket)]

    def lookup(self, key: str, value: str) -> list[dict[str, Any]]:
        """Events by one attribute, newest first."""
        attributes = [{"AttributeKey": key, "AttributeValue": value}]
        found = self.aws.client("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
        return [json.loads(event["CloudTrailEvent"]) for event in found]

    def problems(self, bucket: str, region: str = REGION) -> list[str]:
        """What is wrong with a region's log files: from the newest digest back along the chain.

        https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
        """
        s3 = self.aws.client("s3")
        keys = {
            key["Fingerprint"]: _public(key["Value"])
            for key in self.aws.client("cloudtrail").list_public_keys()["PublicKeyList"]
        }
        found, problems = self.files(bucket, f"CloudTrail-Digest/{region}"), []
        key: str | None = max(found, key=lambda name: str(found[name]["digestEndTime"]))
        while key is not None:
            answer = s3.get_object(Bucket=bucket, Key=key)
            plain = gzip.decompress(answer["Body"].read())
            digest = json.loads(plain)
            assert (digest["digestS3Bucket"], digest["digestS3Object"]) == (bucket, key)
            signed = [digest["digestEndTime"], f"{bucket}/{key}", hashlib.sha256(plain).hexdigest()]
            text = "\n".join([*signed, digest["previousDigestSignature"] or "null"])
            signature = bytes.fromhex(answer["Metadata"]["signature"])
            try:
                public = keys[digest["digestPublicKeyFingerprint"]]
                public.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
            except InvalidSignature:
                problems.append(f"{key}: signature")
            problems += [problem for file in digest["logFiles"] for problem in self._problems_of(file)]
            key = digest["previousDigestS3Object"]
        return problems

    def _problems_of(self, file: dict[str, str]) -> list[str]:
        try:
            answer = self.aws.client("s3").get_object(Bucket=file["s3Bucket"], Key=file["s3Object"])
        except ClientError:
            return [f"{file['s3Object']}: missing"]
        sha256 = hashlib.sha256(gzip.decompress(answer["Body"].read())).hexdigest()
        return [] if sha256 == file["hashValue"] else [f"{file['s3Object']}: hash"]


def bucket_policy(name: str, trail: str | None = None, prefix: str = "") -> str:
    """The policy that AWS documents for a trail's bucket."""
    arn = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{trail or name}"
    source = {"aws:SourceArn": arn}
    owned = {"s3:x-amz-acl": "bucket-owner-full-control", **source}
    objects = f"arn:aws:s3:::{name}/{prefix}AWSLogs/{ACCOUNT}/*"
    return policy(_service("s3:GetBucketAcl", f"arn:aws:s3:::{name}", source), _service("s3:PutObject", objects, owned))


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _service(action: str, resource: str, equals: dict[str, str]) -> dict[str, Any]:
    principal = {"Service": "cloudtrail.amazonaws.com"}
    condition = {"StringEquals": equals}
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource, "Condition": condition}


def _public(value: bytes) -> rsa.RSAPublicKey:
    encoded = base64.b64encode(value).decode()
    pem = f"-----BEGIN RSA PUBLIC KEY-----\n{encoded}\n-----END RSA PUBLIC KEY-----"
    public = serialization.load_pem_public_key(pem.encode())
    assert isinstance(public, rsa.RSAPublicKey)
    return public
