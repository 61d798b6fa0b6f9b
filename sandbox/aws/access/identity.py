"""Who calls: access key, session token and signature to a `Caller`.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html (unique ids) and
reference_policies_condition-keys.html (aws:userid, aws:PrincipalTag: session tags over those of the role).
"""

import time
from collections.abc import Callable
from dataclasses import replace

from iam.document import Policy, PolicyKind
from iam.principal import Principal
from sandbox.aws.access import refusals
from sandbox.aws.access.directory import Directory
from sandbox.aws.access.documents import Document, parsed
from sandbox.aws.access.signature import Signature, is_signed_with, read_signature
from sandbox.aws.access.temporary import Temporary, TemporaryCredentials
from sandbox.aws.caller import Caller, Session
from sandbox.aws.exchange import Call
from sandbox.aws.operation import RoutedRequest

ANONYMOUS = Caller(principal=Principal.anonymous(), id="anonymous")
# These carry their proof in a parameter:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html.
_PROVEN_OTHERWISE = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})
# Services whose resources can be open to everyone.
_TAKE_ANONYMOUS = frozenset({"s3", "sqs", "sns"})
_TARGETS = {"AmazonSQS": "sqs"}
# Actions of SNS in an unsigned query: a topic can be open, everything else needs a name.
_SNS = frozenset({"Publish", "Subscribe", "ConfirmSubscription", "Unsubscribe"})


class Identity:
    """The callers of one account."""

    def __init__(
        self, *, directory: Directory, temporary: TemporaryCredentials, clock: Callable[[], float] = time.time
    ) -> None:
        """`temporary` holds the sessions."""
        self._directory = directory
        self._temporary = temporary
        self._clock = clock

    def identify(self, call: Call) -> Call:
        """The call with its caller; AwsError when its credentials are not good. Anonymous only where AWS takes that."""
        signature = read_signature(call)
        if signature is None:
            return self._anonymous(_placed(call))
        found = self._temporary.get(signature.access_key)
        if found is not None:
            if signature.token != found.token:
                raise refusals.invalid_token(call)
            _check(call, signature, found.secret_key)
            if found.expires <= self._clock():
                raise refusals.expired_token(call)
            return replace(call, caller=self.session(found))
        key = self._directory.key(signature.access_key)
        if key is None or not key.active:
            raise refusals.unknown_key(call)
        if signature.token is not None:
            raise refusals.invalid_token(call)
        _check(call, signature, key.secret_key)
        return replace(call, caller=self.user(key.user, signature.access_key))

    def user(self, name: str, access_key: str = "") -> Caller:
        """An IAM user as a caller with a long-term key."""
        user = self._directory.user(name)
        assert user is not None, "a key's user exists, or it would not be a key"
        return Caller(
            principal=Principal.parse(user.arn), id=user.id, access_key=access_key, user_name=user.name, tags=user.tags
        )

    def session(self, found: Temporary) -> Caller:
        """The caller behind temporary credentials; the tags of its role or user are those of now."""
        is_role = found.kind == "role"
        entity = self._directory.role(found.issuer_arn) if is_role else self._directory.user(found.issuer_name)
        return Caller(
            principal=Principal.parse(found.arn, role_arn=found.issuer_arn if is_role else None),
            id=found.user_id,
            access_key=found.access_key,
            user_name=found.issuer_name if found.kind == "user" else None,
            tags={**(entity.tags if entity is not None else {}), **found.tags},
            session=Session(
                issuer_arn=found.issuer_arn,
                issuer_id=found.issuer_id,
                issuer_name=found.issuer_name,
                issued=found.issued,
                expires=found.expires,
                tags=found.tags,
                policies=_session_policies(found),
                mfa=found.mfa,
                source_identity=found.source_identity,
            ),
        )

    def _anonymous(self, call: Call) -> Call:
        if call.headers.get("authorization"):
            raise refusals.other_scheme(call)
        if call.service == "sts" and call.operation in _PROVEN_OTHERWISE:
            return replace(call, caller=ANONYMOUS)
        if call.service not in _TAKE_ANONYMOUS:
            raise refusals.unsigned(call)
        return replace(call, caller=ANONYMOUS)


def _check(call: Call, signature: Signature, secret_key: str) -> None:
    if not is_signed_with(call, signature, secret_key):
        raise refusals.bad_signature(call)


def _session_policies(found: Temporary) -> tuple[Policy, ...]:
    return tuple(parsed(Document(name="session policy", text=text), PolicyKind.IDENTITY) for text in found.policies)


def _placed(call: Call) -> Call:
    """An unsigned call with its service, which no signature names."""
    if call.service:
        return call
    target = call.headers.get("x-amz-target", "").partition(".")[0]
    if target:
        service = _TARGETS.get(target.partition("_")[0], "")
    elif call.operation:
        service = "sts" if call.operation in _PROVEN_OTHERWISE else "sns" if call.operation in _SNS else ""
    else:
        service = "s3"
    if not service:
        return call
    routed = RoutedRequest(service, call.method, call.raw_path, call.query, call.headers, call.body)
    return replace(call, service=service, routed=routed, operation=call.operation or routed.name)
