"""Wildcards in actions and resources."""

from __future__ import annotations

import pytest

from iam.pattern import action_matches, resource_matches
from iam.variables import Piece


def matches(pattern: str, resource: str) -> bool:
    return resource_matches((Piece(text=pattern, verbatim=False),), resource)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("iam:*AccessKey*", "iam:CreateAccessKey", True),
        ("iam:*AccessKey*", "iam:ListAccessKeys", True),
        ("iam:*AccessKey*", "iam:CreateUser", False),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get", "s3:GetObject", False),
    ],
)
def test_an_action_matches_without_regard_to_case(pattern: str, action: str, expected: bool) -> None:
    """IAM: reference_policies_elements_action.html"""
    assert action_matches(pattern, action) is expected


BUCKET = "arn:aws:s3:::amzn-s3-demo-bucket"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("1/test/object.jpg", True),
        ("1/2/test/object.jpg", True),
        ("1/2/test/3/object.jpg", True),
        ("1/2/3/test/4/object.jpg", True),
        ("1///test///object.jpg", True),
        ("1/test/.jpg", True),
        ("/test/object.jpg", True),
        ("1/test/", True),
        ("1-test/object.jpg", False),
        ("test/object.jpg", False),
        ("1/2/test.jpg", False),
    ],
)
def test_a_star_replaces_everything_within_a_segment(key: str, expected: bool) -> None:
    """The example of IAM: reference_policies_elements_resource.html"""
    assert matches(f"{BUCKET}/*/test/*", f"{BUCKET}/{key}") is expected


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        ("*", "*", True),
        ("*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b", "*", False),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
        ("arn:aws:logs:us-east-1:1:log-group:*", "arn:aws:logs:us-east-1:1:log-group:g:log-stream:s", True),
        ("arn:aws:ec2:*", "arn:aws:ec2:us-east-1:1:instance/i", True),
        ("arn:aws:sqs:us-*-1:1:q", "arn:aws:sqs:us-east-1:1:q", True),
        ("arn:aws:sqs:us-*-1:1:q", "arn:aws:sqs:us-a:b-1:1:q", False),
        ("arn:aws:sqs:us-east-1:1:q?", "arn:aws:sqs:us-east-1:1:q:", False),
        ("arn:aws:secretsmanager:r:1:secret:a-??????", "arn:aws:secretsmanager:r:1:secret:a-AbCdEf", True),
        ("arn:aws:secretsmanager:r:1:secret:a-??????", "arn:aws:secretsmanager:r:1:secret:a-b-AbCdEf", False),
        ("arn:aws:secretsmanager:r:1:secret:a-??????", "arn:aws:secretsmanager:r:1:secret:a-AbCdE", False),
        ("arn:aws:s3:::a+b.c", "arn:aws:s3:::a+bxc", False),
    ],
)
def test_a_resource_matches_by_segments_and_a_star_at_the_end_of_one_crosses_colons(
    pattern: str, resource: str, expected: bool
) -> None:
    """IAM: reference_policies_elements_resource.html, "Using wildcards in resource ARNs"."""
    assert matches(pattern, resource) is expected
