"""Which claims of a web identity's token a trust policy's conditions see."""

import base64
import json

import pytest

from sandbox.aws.access.claims import claims_of, conditions
from sandbox.aws.errors import AwsError

GITHUB = "token.actions.githubusercontent.com"


def test_githubs_branch_and_environment_are_condition_keys_and_claims_of_others_are_not() -> None:
    claims = {"aud": "sts.amazonaws.com", "sub": "s", "ref": "refs/heads/main", "run_id": "7"}
    assert conditions(GITHUB, claims) == {
        f"{GITHUB}:aud": "sts.amazonaws.com",
        f"{GITHUB}:sub": "s",
        f"{GITHUB}:ref": "refs/heads/main",
    }
    assert conditions("issuer", claims) == {"issuer:aud": "sts.amazonaws.com", "issuer:sub": "s"}


def test_the_claims_are_the_second_part_of_the_token() -> None:
    body = base64.urlsafe_b64encode(json.dumps({"sub": "s"}).encode()).decode().rstrip("=")
    assert claims_of(f"head.{body}.signature") == {"sub": "s"}


@pytest.mark.parametrize("token", ["", "no-token", "a.!.b"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(AwsError, match="not a valid JWT"):
        claims_of(token)
