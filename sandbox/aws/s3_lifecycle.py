"""moto's S3 keeps how many noncurrent versions a lifecycle rule leaves, which it would take and forget.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_NoncurrentVersionExpiration.html.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

_KEPT = "NewerNoncurrentVersions"


def install_lifecycle_patches() -> None:
    """Change moto for the life of the process."""
    take, show = FakeBucket.set_lifecycle, S3Response.get_bucket_lifecycle

    def set_lifecycle(bucket: FakeBucket, rules: list[dict[str, Any]]) -> None:
        take(bucket, rules)
        for rule, given in zip(bucket.rules, rules, strict=True):
            rule.sandbox_kept = (given.get("NoncurrentVersionExpiration") or {}).get(_KEPT)  # type: ignore[attr-defined]

    def get_bucket_lifecycle(response: S3Response) -> Any:
        serialize = response.serialized

        def serialized(answer: ActionResult) -> Any:
            shown: Any = answer.result
            for rule, described in zip(_rules(response), shown["Rules"], strict=True):
                if kept := getattr(rule, "sandbox_kept", None):
                    described["NoncurrentVersionExpiration"][_KEPT] = int(kept)
            return serialize(answer)

        response.serialized = serialized  # type: ignore[method-assign, assignment]
        return show(response)

    FakeBucket.set_lifecycle = set_lifecycle  # type: ignore[method-assign, assignment]
    S3Response.get_bucket_lifecycle = get_bucket_lifecycle  # type: ignore[method-assign, assignment]


def _rules(response: S3Response) -> Any:
    return response.backend.get_bucket_lifecycle(response.bucket_name)
