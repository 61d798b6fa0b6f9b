"""The claims of a web identity's token, and which of them a trust policy's conditions see."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from sandbox.aws.errors import AwsError

_CLAIMS = ("aud", "sub", "amr")
# Conditions see these of GitHub's claims too since January 2026:
# aws.amazon.com/about-aws/whats-new/2026/01/aws-sts-supports-validation-identity-provider-claims
_GITHUB = "token.actions.githubusercontent.com"
_GITHUB_CLAIMS = (
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "workflow",
)


def claims_of(token: str) -> Mapping[str, Any]:
    """What the token claims, whoever signed it: the sandbox reaches no identity provider."""
    parts = token.split(".")
    try:
        payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, binascii.Error, ValueError) as exc:
        raise AwsError("InvalidIdentityToken", "The ID Token provided is not a valid JWT.") from exc
    return payload if isinstance(payload, dict) else {}


def conditions(issuer: str, claims: Mapping[str, Any]) -> Mapping[str, str]:
    """The claims as condition keys of `issuer`."""
    known = (*_CLAIMS, *(_GITHUB_CLAIMS if issuer == _GITHUB else ()))
    return {f"{issuer}:{claim}": str(claims[claim]) for claim in known if claim in claims}
