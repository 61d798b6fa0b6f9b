"""Access: who calls, and whether they may. The one thing that the rest of the local AWS sees of this package."""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from iam.context import ContextValue
from iam.decision import Decision
from iam.principal import Principal
from sandbox.aws.access import refusals
from sandbox.aws.access.assuming import Assuming, Wish
from sandbox.aws.access.circumstances import of_request
from sandbox.aws.access.directory import Directory
from sandbox.aws.access.identity import ANONYMOUS, Identity
from sandbox.aws.access.judgement import Judgement
from sandbox.aws.access.keys import Keys
from sandbox.aws.access.need import ANY, Asked, Need
from sandbox.aws.access.resources import Resources
from sandbox.aws.access.rules.table import action_of, rule_of
from sandbox.aws.access.secret_keys import KeyUse, SecretKeys
from sandbox.aws.access.sts import SecurityTokens
from sandbox.aws.access.temporary import TemporaryCredentials
from sandbox.aws.access.written import check_written
from sandbox.aws.application import Next
from sandbox.aws.caller import Caller, Session
from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.functions.deployed import Credentials
from sandbox.aws.memory.memory import Memory
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import Settings
from sandbox.aws.wire import refused

_LAMBDA = "lambda.amazonaws.com"
_TAKE_ROLE = frozenset({"CreateFunction", "UpdateFunctionConfiguration"})
_NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."
# The default policy of a topic lets "*" publish if aws:SourceOwner is the account, which alarms of the account give
# (unverified; others, such as EventBridge, need a statement of their own:
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
_GIVES_SOURCE_OWNER = frozenset({"cloudwatch.amazonaws.com"})

RoleAssumed = Callable[[str, str, str, str, float], None]
"""Told of a service that took a role: service, role ARN, session name, access key, and until when."""


def _untold(*_use: object) -> None:
    """Nobody asks."""


class Access:
    """Identification and judgement of one local AWS."""

    def __init__(
        self,
        settings: Settings,
        *,
        memory: Memory,
        storage: SecretStorage,
        on_assumed: RoleAssumed = _untold,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Opens its table of temporary credentials under the state folder.

        `on_assumed` is told of each role that a service takes, for CloudTrail.
        """
        self._on_assumed = on_assumed
        self._account = settings.account
        self._region = settings.region
        self._clock = clock
        self._temporary = TemporaryCredentials(settings.state, clock=clock)
        self._keys = Keys(account=settings.account, memory=memory)
        self._directory = Directory(account=settings.account, memory=memory)
        self._resources = Resources(
            account=settings.account, memory=memory, directory=self._directory, storage=storage, keys=self._keys
        )
        self._judgement = Judgement(account=settings.account, directory=self._directory, resources=self._resources)
        self._identity = Identity(directory=self._directory, temporary=self._temporary, clock=clock)
        self._assuming = Assuming(
            account=settings.account,
            directory=self._directory,
            judgement=self._judgement,
            temporary=self._temporary,
            clock=clock,
        )
        self.tokens = SecurityTokens(
            account=settings.account, directory=self._directory, assuming=self._assuming, clock=clock
        )

    def identify(self, call: Call) -> Call:
        """The call with its caller; AwsError, in the protocol's words, when its credentials are not good."""
        return self._identity.identify(call)

    def judge(self, call: Call, following: Next) -> Answer:
        """The interceptor: what comes next, or the refusal that AWS would answer."""
        try:
            self.check(call)
            check_written(call)
            self._check_execution_role(call)
        except AwsError as error:
            return refused(call, error)
        return following(call)

    def check(self, call: Call, operation: str | None = None, parameters: Mapping[str, Any] | None = None) -> None:
        """Raise the refusal of a call, or of another operation that it makes on the way."""
        caller = call.caller or ANONYMOUS
        name = operation or call.operation
        asked = Asked(
            service=call.service,
            operation=name,
            account=self._account,
            region=call.region,
            parameters=call.parameters if parameters is None else parameters,
            look=self._resources,
        )
        now = self._clock()
        agent = call.headers.get("user-agent", "")
        request = of_request(region=call.region, service=call.service, now=now, source_ip=call.source_ip, agent=agent)
        rule = rule_of(call.service, name)
        needs = rule(asked) if rule is not None else (Need(action=action_of(call.service, name), resource=ANY),)
        for need in needs:
            decision = self._judgement.decide(caller, need, request, now)
            if not decision.allowed:
                raise refusals.denied(call, _told(decision, known=rule is not None, caller=caller))

    def service_may(
        self,
        service: str,
        action: str,
        resource_arn: str,
        *,
        source_account: str | None = None,
        source_arn: str | None = None,
        region: str | None = None,
        given: Mapping[str, ContextValue] | None = None,
    ) -> bool:
        """Whether a service's principal, such as sns.amazonaws.com, may act by itself: the resource's policy decides.

        `source_account` is this account unless told otherwise; `given` are further condition keys.
        """
        source: dict[str, ContextValue] = {"aws:SourceAccount": source_account or self._account}
        if source_arn is not None:
            source["aws:SourceArn"] = source_arn
        if service in _GIVES_SOURCE_OWNER:
            source["aws:SourceOwner"] = source_account or self._account
        caller = self._service_caller(service)
        return self._allows(
            caller, Need(action=action, resource=resource_arn, given={**source, **(given or {})}), region
        )

    def role_may(
        self,
        role_arn: str,
        action: str,
        resource_arn: str,
        *,
        session_name: str,
        given: Mapping[str, ContextValue] | None = None,
    ) -> bool:
        """Whether a session of a role may act; False for a role that does not exist. Its trust is not looked at."""
        role = self._directory.role(role_arn)
        if role is None:
            return False
        now = self._clock()
        principal = Principal.parse(
            f"arn:aws:sts::{self._account}:assumed-role/{role.name}/{session_name}", role_arn=role.arn
        )
        session = Session(issuer_arn=role.arn, issuer_id=role.id, issuer_name=role.name, issued=now, expires=now)
        caller = Caller(principal=principal, id=f"{role.id}:{session_name}", tags=role.tags, session=session)
        return self._allows(caller, Need(action=action, resource=resource_arn, given=given or {}), None)

    def role_session(
        self,
        role_arn: str,
        *,
        service: str,
        session_name: str,
        source_arn: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> Credentials:
        """Credentials of a role for an hour, for a service that assumes it; AwsError AccessDenied without trust."""
        wish = replace(self._wish(role_arn, session_name, source_arn), tags=tags or {})
        made = self._assuming.assume(self._service_caller(service), wish)
        self._on_assumed(service, role_arn, session_name, made.access_key, made.expires)
        return Credentials(access_key=made.access_key, secret_key=made.secret_key, token=made.token)

    def execution_session(self, role_arn: str, session_name: str) -> Credentials:
        """Credentials of a function's execution role."""
        try:
            return self.role_session(role_arn, service=_LAMBDA, session_name=session_name)
        except AwsError as exc:
            raise AwsError("InvalidParameterValueException", _NOT_ASSUMABLE) from exc

    def secret_keys(self, call: Call, used: KeyUse = _untold) -> SecretKeys:
        """The keys of secrets as the caller of a request to Secrets Manager may use them; `used` hears of each use."""
        now = self._clock()
        return SecretKeys(
            caller=call.caller or ANONYMOUS,
            keys=self._keys,
            allowed=lambda caller, need, request: self._judgement.decide(caller, need, request, now).allowed,
            used=used,
            now=now,
        )

    def close(self) -> None:
        """Close what is open."""
        self._temporary.close()

    def _check_execution_role(self, call: Call) -> None:
        """Lambda tries the role at once: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html."""
        if call.service != "lambda" or call.operation not in _TAKE_ROLE:
            return
        role = call.parameters.get("Role")
        if isinstance(role, str) and not self._assuming.trusts(
            self._service_caller(_LAMBDA), self._wish(role, "lambda")
        ):
            raise AwsError("InvalidParameterValueException", _NOT_ASSUMABLE)

    def _service_caller(self, service: str) -> Caller:
        return Caller(principal=Principal.service(service), id=service, service=service)

    def _wish(self, role_arn: str, session_name: str, source_arn: str | None = None) -> Wish:
        request = self._circumstances(None, "sts")
        request["aws:SourceAccount"] = self._account
        if source_arn is not None:
            request["aws:SourceArn"] = source_arn
        return Wish(role_arn=role_arn, session_name=session_name[:64], request=request)

    def _allows(self, caller: Caller, need: Need, region: str | None) -> bool:
        service = need.action.partition(":")[0]
        named = need.resource.split(":")[3] if need.resource.count(":") > 3 else ""
        request = self._circumstances(region or named or None, service)
        try:
            return self._judgement.decide(caller, need, request, self._clock()).allowed
        except AwsError:
            return False  # a policy that cannot be read allows nothing

    def _circumstances(self, region: str | None, service: str) -> dict[str, ContextValue]:
        return of_request(region=region or self._region, service=service, now=self._clock(), source_ip=None, agent="")


def _told(decision: Decision, *, known: bool, caller: Caller) -> str:
    if caller is ANONYMOUS:
        return "Access Denied"
    if known:
        return decision.message
    # Never silently allowed: who may do everything passes, everybody else hears why not.
    action = decision.request.action
    return f"{decision.message}. The local AWS has no rule for {action}, so it was judged on every resource."
