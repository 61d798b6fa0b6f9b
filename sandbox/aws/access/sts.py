"""STS on the wire: the operations that hand out or describe credentials. The rest is left to moto.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/ (the page of each operation). A web identity's token is
read but its signature is not checked: the sandbox reaches no identity provider. SAML is refused.
"""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from iam.document import PolicyKind
from iam.principal import Principal, PrincipalKind
from sandbox.aws.access.assuming import Assuming, Wish, check_session_policy
from sandbox.aws.access.circumstances import of_request
from sandbox.aws.access.claims import claims_of, conditions
from sandbox.aws.access.directory import Directory, Entity
from sandbox.aws.access.documents import problem
from sandbox.aws.access.mfa import code_is_valid
from sandbox.aws.access.temporary import Temporary
from sandbox.aws.caller import Caller
from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.wire import refused

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_SESSION_NAME = re.compile(r"^[\w+=,.@-]{2,64}$")
_ROLE_ARN = re.compile(r"^arn:aws:iam::\d{12}:role/.+$")
_HOUR = 3600
_TOKEN_SECONDS = (900, 43200, 129600)  # least, default and most of GetSessionToken and GetFederationToken

Result = Mapping[str, Any]


class SecurityTokens:
    """The operations of STS that the local AWS answers itself."""

    def __init__(
        self, *, account: str, directory: Directory, assuming: Assuming, clock: Callable[[], float] = time.time
    ) -> None:
        """Callers are identified before they come here."""
        self._account = account
        self._directory = directory
        self._assuming = assuming
        self._clock = clock
        self._operations: Mapping[str, Callable[[Call, Caller], Result]] = {
            "AssumeRole": self._assume_role,
            "AssumeRoleWithSAML": self._refuse_saml,
            "AssumeRoleWithWebIdentity": self._assume_role_with_web_identity,
            "GetCallerIdentity": self._get_caller_identity,
            "GetFederationToken": self._get_federation_token,
            "GetSessionToken": self._get_session_token,
        }

    def answer(self, call: Call) -> Answer | None:
        """The answer, or None for an operation of moto's."""
        operation = self._operations.get(call.operation)
        if operation is None or call.caller is None:
            return None
        try:
            result = operation(call, call.caller)
        except AwsError as error:
            return refused(call, error)
        text = (
            f'<{call.operation}Response xmlns="{_NAMESPACE}"><{call.operation}Result>{_xml(result)}'
            f"</{call.operation}Result><ResponseMetadata><RequestId>{call.id}</RequestId></ResponseMetadata>"
            f"</{call.operation}Response>"
        )
        headers = (("Content-Type", "text/xml"), ("x-amzn-RequestId", call.id))
        return Answer(status=200, body=text.encode(), headers=headers)

    def _assume_role(self, call: Call, caller: Caller) -> Result:
        parameters = call.parameters
        made = self._assuming.assume(
            caller,
            Wish(
                role_arn=_role_arn(parameters),
                session_name=_session_name(parameters),
                seconds=int(parameters.get("DurationSeconds") or _HOUR),
                tags={tag["Key"]: tag["Value"] for tag in parameters.get("Tags") or []},
                transitive=tuple(parameters.get("TransitiveTagKeys") or ()),
                policies=self._session_policies(parameters),
                external_id=parameters.get("ExternalId"),
                source_identity=parameters.get("SourceIdentity"),
                mfa=self._checked_mfa(caller, parameters),
                request=self._request(call),
            ),
        )
        return _assumed(made)

    def _assume_role_with_web_identity(self, call: Call, _caller: Caller) -> Result:
        parameters = call.parameters
        claims = claims_of(str(parameters.get("WebIdentityToken") or ""))
        issuer = str(claims.get("iss", "")).removeprefix("https://").rstrip("/")
        provider = f"arn:aws:iam::{self._account}:oidc-provider/{issuer}"
        if not self._directory.has_provider(provider):
            text = f"No OpenIDConnect provider found in your account for https://{issuer}"
            raise AwsError("InvalidIdentityToken", text)
        expiry = claims.get("exp")
        if isinstance(expiry, int | float) and expiry < self._clock():
            raise AwsError("ExpiredTokenException", "Token expired: current date/time must be before the expiration.")
        named = conditions(issuer, claims)
        made = self._assuming.assume(
            Caller(principal=Principal.federated(provider), id=str(claims.get("sub", ""))),
            Wish(
                role_arn=_role_arn(parameters),
                session_name=_session_name(parameters),
                action="sts:AssumeRoleWithWebIdentity",
                seconds=int(parameters.get("DurationSeconds") or _HOUR),
                policies=self._session_policies(parameters),
                request={**self._request(call), **named},
            ),
        )
        more = {
            "SubjectFromWebIdentityToken": str(claims.get("sub", "")),
            "Provider": provider,
            "Audience": str(claims.get("aud", "")),
        }
        return {**_assumed(made), **more}

    def _get_session_token(self, call: Call, caller: Caller) -> Result:
        user = self._user(caller, "GetSessionToken")
        mfa = self._checked_mfa(caller, call.parameters)
        return {"Credentials": _credentials(self._assuming.for_user(user, seconds=_seconds(call), mfa=mfa))}

    def _get_federation_token(self, call: Call, caller: Caller) -> Result:
        user = self._user(caller, "GetFederationToken")
        made = self._assuming.federated(
            user,
            str(call.parameters.get("Name") or ""),
            seconds=_seconds(call),
            policies=self._session_policies(call.parameters),
        )
        who = {"FederatedUserId": made.user_id, "Arn": made.arn}
        return {"Credentials": _credentials(made), "FederatedUser": who, "PackedPolicySize": "0"}

    def _get_caller_identity(self, _call: Call, caller: Caller) -> Result:
        return {"UserId": caller.id, "Account": caller.principal.account or "", "Arn": caller.principal.arn}

    def _refuse_saml(self, _call: Call, _caller: Caller) -> Result:
        raise AwsError("InvalidIdentityToken", "The local AWS reads no SAML; assume the role in another way.")

    def _user(self, caller: Caller, operation: str) -> Entity:
        # "You cannot call this operation with temporary credentials".
        user = self._directory.user(caller.user_name) if caller.user_name is not None else None
        if user is None or caller.session is not None or caller.principal.kind is not PrincipalKind.USER:
            raise AwsError("AccessDenied", f"Cannot call {operation} with session credentials", status=403)
        return user

    def _checked_mfa(self, caller: Caller, parameters: Mapping[str, Any]) -> bool:
        serial, code = parameters.get("SerialNumber"), parameters.get("TokenCode")
        if serial is None and code is None:
            return False
        if serial is None or code is None:
            raise AwsError("ValidationError", "Give both SerialNumber and TokenCode, or neither.")
        owner = caller.user_name
        seed = self._directory.mfa_seed(owner, str(serial)) if owner is not None else None
        if seed is None or not code_is_valid(seed, str(code), self._clock()):
            text = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            raise AwsError("AccessDenied", text, status=403)
        return True

    def _session_policies(self, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        texts: list[str] = []
        for given in parameters.get("PolicyArns") or []:
            document = self._directory.managed(str(given.get("arn")))
            if document is None:
                raise AwsError("ValidationError", f"Policy {given.get('arn')} does not exist.")
            texts.append(document.text)
        if parameters.get("Policy"):
            texts.append(check_session_policy(str(parameters["Policy"])))
        for text in texts:
            if (wrong := problem(text, PolicyKind.IDENTITY)) is not None:
                raise AwsError("MalformedPolicyDocument", wrong)
        return tuple(texts)

    def _request(self, call: Call) -> dict[str, Any]:
        agent = call.headers.get("user-agent", "")
        return of_request(region=call.region, service="sts", now=self._clock(), source_ip=call.source_ip, agent=agent)


def _role_arn(parameters: Mapping[str, Any]) -> str:
    arn = str(parameters.get("RoleArn") or "")
    if not _ROLE_ARN.match(arn):
        raise AwsError("ValidationError", f"{arn} is invalid")
    return arn


def _session_name(parameters: Mapping[str, Any]) -> str:
    name = str(parameters.get("RoleSessionName") or "")
    if not _SESSION_NAME.match(name):
        raise AwsError(
            "ValidationError",
            f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member "
            "must satisfy regular expression pattern: [\\w+=,.@-]* and have a length of 2 to 64",
        )
    return name


def _seconds(call: Call) -> int:
    least, default, most = _TOKEN_SECONDS
    seconds = int(call.parameters.get("DurationSeconds") or default)
    if not least <= seconds <= most:
        raise AwsError("ValidationError", f"DurationSeconds {seconds} is not between {least} and {most}.")
    return seconds


def _assumed(made: Temporary) -> Result:
    who = {"AssumedRoleId": made.user_id, "Arn": made.arn}
    result: dict[str, Any] = {"Credentials": _credentials(made), "AssumedRoleUser": who}
    if made.policies or made.tags:
        result["PackedPolicySize"] = "1"  # AWS's packed binary format is not public
    if made.source_identity is not None:
        result["SourceIdentity"] = made.source_identity
    return result


def _credentials(made: Temporary) -> Result:
    return {
        "AccessKeyId": made.access_key,
        "SecretAccessKey": made.secret_key,
        "SessionToken": made.token,
        "Expiration": f"{datetime.fromtimestamp(made.expires, UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _xml(result: Result) -> str:
    return "".join(
        f"<{name}>{_xml(value) if isinstance(value, Mapping) else escape(str(value))}</{name}>"
        for name, value in result.items()
    )
