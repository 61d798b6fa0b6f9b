"""Who writes the record, who reads it, and that nobody changes it: the documents as AWS would judge them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog import derive, load, names
from catalog.access.audit import read_the_record, trail_delivery, trail_log_policy, trail_log_trust
from catalog.access.boundary import boundary_policy
from catalog.access.bucket import bucket_policy, log_delivery
from catalog.access.duty import duty_policy
from catalog.access.key import key_policy
from catalog.access.statement import policy
from catalog.names import Duty
from iam.document import Policy, PolicyKind, parse
from iam.evaluate import Holder, Policies
from iam.principal import Principal
from tests.iam.asking import ask

CATALOG = load.catalog()
STAGING = load.environment("staging")
KEY = f"arn:aws:kms:{STAGING.region}:{STAGING.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHER_KEY = KEY.replace("1234abcd", "9999abcd")
NAMED = "s3:x-amz-server-side-encryption-aws-kms-key-id"
ENCRYPTED = "s3:x-amz-server-side-encryption"
CLOUDTRAIL, DELIVERY = (Principal.service(f"{name}.amazonaws.com") for name in ("cloudtrail", "logging.s3"))
AUDITOR = f"arn:aws:sts::{STAGING.account}:assumed-role/{names.named(STAGING, Duty.AUDITOR)}/somebody"
ADMIN = f"arn:aws:sts::{STAGING.account}:assumed-role/administrator/somebody"
ANYTHING = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
WRITTEN_BY_TRAIL = {"aws:SourceArn": names.trail_arn(STAGING), "s3:x-amz-acl": "bucket-owner-full-control"}
FILE = f"{names.bucket_arn(STAGING, 'audit-logs')}/AWSLogs/{STAGING.account}/CloudTrail/us-east-1/2026/11/24/a.json.gz"


def logs_bucket() -> Policy:
    document = bucket_policy(STAGING, "audit-logs", trail_delivery(STAGING), key_arn=KEY, is_key_named=True)
    return parse(document, PolicyKind.RESOURCE, name="audit-logs")


def bucket(what: str, *, is_key_named: bool) -> Policy:
    document = bucket_policy(STAGING, what, (), key_arn=KEY, is_key_named=is_key_named)
    return parse(document, PolicyKind.RESOURCE, name=what)


def may(
    who: str | Principal, action: str, on: str, held: Policy | None, context: dict[str, Any] | None = None, **more: Any
) -> bool:
    anything = (parse(ANYTHING, PolicyKind.IDENTITY, name="administrator"),) if who == ADMIN else ()
    given = {"aws:SecureTransport": "true", **(context or {})}
    policies = Policies(identity=anything, resource=held, **more)
    return ask(who, action, on, policies, given, resource_account=STAGING.account).allowed


def test_the_trail_of_this_environment_writes_and_another_does_not() -> None:
    assert may(CLOUDTRAIL, "s3:PutObject", FILE, logs_bucket(), WRITTEN_BY_TRAIL)
    other = WRITTEN_BY_TRAIL | {"aws:SourceArn": names.trail_arn(STAGING) + "-other"}
    assert not may(CLOUDTRAIL, "s3:PutObject", FILE, logs_bucket(), other)


def test_the_trail_writes_below_its_own_account_and_leaves_files_to_the_buckets_owner() -> None:
    elsewhere = FILE.replace(STAGING.account + "/CloudTrail", "111122223333/CloudTrail")
    assert not may(CLOUDTRAIL, "s3:PutObject", elsewhere, logs_bucket(), WRITTEN_BY_TRAIL)
    without_owner = {"aws:SourceArn": names.trail_arn(STAGING)}
    assert not may(CLOUDTRAIL, "s3:PutObject", FILE, logs_bucket(), without_owner)


@pytest.mark.parametrize(
    "action", ["s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectRetention"]
)
def test_an_administrator_can_neither_forge_nor_delete_a_file(action: str) -> None:
    assert not may(ADMIN, action, FILE, logs_bucket(), {NAMED: KEY, ENCRYPTED: "aws:kms"})
    assert may(ADMIN, "s3:GetObject", FILE, logs_bucket())


def test_plain_http_is_refused_to_everybody() -> None:
    plain = {"aws:SecureTransport": "false"}
    assert not may(ADMIN, "s3:GetObject", FILE, logs_bucket(), plain)
    assert not may(CLOUDTRAIL, "s3:PutObject", FILE, logs_bucket(), WRITTEN_BY_TRAIL | plain)


@pytest.mark.parametrize(
    ("headers", "when_named", "when_not"),
    [
        ({ENCRYPTED: "aws:kms", NAMED: KEY}, True, True),
        ({}, False, True),  # the bucket then encrypts with its key
        ({ENCRYPTED: "aws:kms"}, False, False),  # which means the key of AWS
        ({ENCRYPTED: "aws:kms", NAMED: OTHER_KEY}, False, False),
        ({ENCRYPTED: "AES256"}, False, False),
        ({"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}, False, False),
    ],
)
def test_an_object_is_encrypted_with_the_buckets_key_or_refused(
    headers: dict[str, str], when_named: bool, when_not: bool
) -> None:
    on = f"{names.bucket_arn(STAGING, 'backups')}/backup"
    assert may(ADMIN, "s3:PutObject", on, bucket("backups", is_key_named=True), headers) is when_named
    assert may(ADMIN, "s3:PutObject", on, bucket("backups", is_key_named=False), headers) is when_not


def test_s3_delivers_the_access_logs_of_our_buckets_and_of_no_other() -> None:
    statements = log_delivery(STAGING, "audit-access", ["audit-logs", "code"])
    document = bucket_policy(STAGING, "audit-access", statements, key_arn=None, is_key_named=True)
    held = parse(document, PolicyKind.RESOURCE, name="audit-access")
    on = f"{names.bucket_arn(STAGING, 'audit-access')}/code/log"
    ours = {"aws:SourceArn": names.bucket_arn(STAGING, "code"), "aws:SourceAccount": STAGING.account}
    assert may(DELIVERY, "s3:PutObject", on, held, ours)
    assert not may(DELIVERY, "s3:PutObject", on, held, ours | {"aws:SourceArn": "arn:aws:s3:::somebody-elses"})
    assert not may(DELIVERY, "s3:PutObject", on, held, ours | {"aws:SourceAccount": "111122223333"})
    assert not may(ADMIN, "s3:PutObject", on, held)


def test_only_the_trail_becomes_the_role_that_writes_its_log() -> None:
    trust = parse(trail_log_trust(STAGING), PolicyKind.TRUST, name="trail")
    role, ours = names.role_arn(STAGING, "trail"), {"aws:SourceArn": names.trail_arn(STAGING)}
    account = {"aws:SourceAccount": STAGING.account}
    assert may(CLOUDTRAIL, "sts:AssumeRole", role, trust, ours | account, holder=Holder.ROLE)
    assert not may(CLOUDTRAIL, "sts:AssumeRole", role, trust, account, holder=Holder.ROLE)
    other = {"aws:SourceArn": names.trail_arn(STAGING) + "-other"}
    assert not may(CLOUDTRAIL, "sts:AssumeRole", role, trust, account | other, holder=Holder.ROLE)


@pytest.mark.parametrize(
    ("group", "expected"), [(names.TRAIL_LOG, True), (names.function_log(STAGING, "rotate-postgres"), False)]
)
def test_that_role_writes_to_the_trails_log_alone_and_within_the_boundary(group: str, expected: bool) -> None:
    role = parse(trail_log_policy(STAGING), PolicyKind.IDENTITY, name="trail")
    boundary = parse(boundary_policy(STAGING), PolicyKind.IDENTITY, name="boundary")
    stream = (
        f"{names.log_group_arn(STAGING, group).removesuffix(':*')}:log-stream:{STAGING.account}_CloudTrail_us-east-1"
    )
    who = f"arn:aws:sts::{STAGING.account}:assumed-role/{names.named(STAGING, 'trail')}/CloudTrail"
    decided = ask(who, "logs:PutLogEvents", stream, Policies(identity=(role,), boundary=boundary))
    assert decided.allowed is expected


def audited(action: str, on: str, context: dict[str, Any] | None = None, **held: Any) -> bool:
    own = parse(duty_policy(STAGING, CATALOG, Duty.AUDITOR), PolicyKind.IDENTITY, name="auditor")
    boundary = parse(boundary_policy(STAGING), PolicyKind.IDENTITY, name="boundary")
    given = {"aws:SecureTransport": "true", **(context or {})}
    return ask(AUDITOR, action, on, Policies(identity=(own,), boundary=boundary, **held), given).allowed


def test_an_auditor_may_do_everything_that_reading_the_record_takes_and_the_boundary_lets_him() -> None:
    for statement in read_the_record(STAGING):
        if statement["Sid"] == "DecryptThroughS3":
            continue
        actions, resources = statement["Action"], statement["Resource"]
        assert isinstance(actions, list)
        assert isinstance(resources, list)
        for action in actions:
            for resource in resources:
                assert audited(action, resource), f"{action} on {resource}"


def decrypts(via: str, purpose: str = "logs") -> bool:
    held = parse(key_policy(STAGING, purpose), PolicyKind.RESOURCE, name=purpose)
    context = {"kms:ViaService": via, "kms:ResourceAliases": [derive.key_alias(STAGING, purpose)]}
    return audited("kms:Decrypt", KEY, {k: v for k, v in context.items() if v}, resource=held, holder=Holder.KEY)


def test_an_auditor_decrypts_the_record_through_s3_and_no_secret_and_no_backup() -> None:
    assert decrypts(f"s3.{STAGING.region}.amazonaws.com")
    assert not decrypts("")
    assert not decrypts(f"secretsmanager.{STAGING.region}.amazonaws.com")
    assert not decrypts(f"s3.{STAGING.region}.amazonaws.com", "backup")


@pytest.mark.parametrize("what", ["audit-logs", "audit-access", "backups", "code"])
def test_an_auditor_writes_into_no_bucket_but_that_of_results(what: str) -> None:
    assert not audited("s3:PutObject", f"{names.bucket_arn(STAGING, what)}/x")
    assert audited("s3:PutObject", f"{names.bucket_arn(STAGING, 'audit-queries')}/results/x")


def test_no_statement_about_the_record_lets_in_anybody() -> None:
    document = json.dumps(policy(*(s for s in trail_delivery(STAGING) if s["Effect"] == "Allow")))
    assert '"*"' not in document
