"""Lambda's code signing: configurations, which function has which, and code refused that nobody signed.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html (the checks; what Warn lets pass),
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html (the errors). A refused signature that Warn
lets pass makes no metric here, layers are not looked at, and signatures are never revoked.
"""

import secrets
import string
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.signer.models import signer_backends

from sandbox.aws.errors import AwsError
from sandbox.aws.exchange import Answer, Call
from sandbox.aws.functions.signature import Signature, TamperedError, signature_of
from sandbox.aws.memory.memory import Memory
from sandbox.aws.wire import answered, refused

_MOST_PROFILES = 20


def signing_key(account: str, region: str) -> bytes:
    """The key of this account's signatures in a region, made once and kept with moto's signer."""
    made: bytes = signer_backends[account][region].__dict__.setdefault("sandbox_key", secrets.token_bytes(48))
    return made


class CodeSigning:
    """Code signing configurations of one account, kept with moto's Lambda."""

    def __init__(self, *, account: str, memory: Memory) -> None:
        """Changes moto for the life of the process: whatever becomes a function's code is checked first."""
        self._account = account
        self._memory = memory
        self._operations: dict[str, Callable[[Call], tuple[int, Mapping[str, Any] | None]]] = {
            "CreateCodeSigningConfig": self._create,
            "GetCodeSigningConfig": lambda call: (200, {"CodeSigningConfig": self._shown(self._config(call))}),
            "UpdateCodeSigningConfig": self._update,
            "DeleteCodeSigningConfig": self._delete,
            "ListCodeSigningConfigs": self._list,
            "ListFunctionsByCodeSigningConfig": lambda call: (200, {"FunctionArns": self._users(self._config(call))}),
            "PutFunctionCodeSigningConfig": self._put,
            "GetFunctionCodeSigningConfig": self._get_of_function,
            "DeleteFunctionCodeSigningConfig": self._delete_of_function,
            "ListTags": lambda call: (200, {"Tags": self._tagged(call)["Tags"]}),
            "TagResource": self._tag,
            "UntagResource": self._untag,
        }
        self._watch()

    def answer(self, call: Call) -> Answer | None:
        """Answer what belongs to code signing; None for every other call."""
        operation = self._operations.get(call.operation)
        if operation is None or ("Tag" in call.operation and ":code-signing-config:" not in _resource(call)):
            return None
        try:
            with self._memory.work(changes=call.changes_state):
                status, body = operation(call)
        except AwsError as error:
            return refused(call, error)
        return answered(call, body, status=status)

    def _watch(self) -> None:
        original = LambdaFunction._set_function_code

        def set_code(function: Any, spec: dict[str, Any]) -> None:
            before = {**vars(function), "code": dict(function.code)}
            try:
                original(function, spec)
                if not spec.get("DryRun"):
                    self._check(function)
            except Exception:
                vars(function).clear()
                vars(function).update(before)
                raise

        LambdaFunction._set_function_code = set_code  # type: ignore[method-assign, assignment]

    def _check(self, function: Any) -> None:
        """Refuse code that its configuration does not let pass, and note who signed what does."""
        function.signing_job_arn = function.signing_profile_version_arn = None
        arn = function.code_signing_config_arn
        if not arn:
            return
        config = self._configs(function.region).get(arn)
        if config is None:
            raise LambdaClientError(*_no_config(arn))
        signature, flaw = self._judged(function, config)
        if flaw and config["CodeSigningPolicies"]["UntrustedArtifactOnDeployment"] == "Enforce":
            raise LambdaClientError(
                "CodeVerificationFailedException",
                f"Lambda cannot deploy the function. The function or layer might be signed using a signature that the "
                f"client is not configured to accept: {flaw}.",
            )
        if signature is not None:
            function.signing_job_arn = signature.job_arn
            function.signing_profile_version_arn = signature.profile_version_arn

    def _judged(self, function: Any, config: Mapping[str, Any]) -> tuple[Signature | None, str]:
        try:
            signature = signature_of(function.code_bytes, signing_key(self._account, function.region))
        except TamperedError as exc:
            # An integrity check that fails blocks whatever the policy says.
            raise LambdaClientError("InvalidCodeSignatureException", f"The code signature is invalid: {exc}.") from exc
        if signature is None:
            return None, "the package is not signed"
        if signature.expired:
            return signature, "the signature has expired"
        if signature.profile_version_arn not in config["AllowedPublishers"]["SigningProfileVersionArns"]:
            return signature, "the signing profile version is not one of the allowed publishers"
        return signature, ""

    def _configs(self, region: str) -> dict[str, dict[str, Any]]:
        kept: dict[str, dict[str, Any]] = lambda_backends[self._account][region].__dict__.setdefault(
            "sandbox_code_signing", {}
        )
        return kept

    def _config(self, call: Call) -> dict[str, Any]:
        arn = str(call.parameters.get("CodeSigningConfigArn", ""))
        if (found := self._configs(call.region).get(arn)) is None:
            raise AwsError("ResourceNotFoundException", _no_config(arn)[1], status=404)
        return found

    def _shown(self, config: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in config.items() if name != "Tags"}

    def _users(self, config: Mapping[str, Any]) -> list[str]:
        arn = config["CodeSigningConfigArn"]
        functions = lambda_backends[self._account][arn.split(":")[3]].list_functions()
        return [item.function_arn for item in functions if item.code_signing_config_arn == arn]

    def _create(self, call: Call) -> tuple[int, Mapping[str, Any]]:
        name = "csc-" + "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(17))
        arn = f"arn:aws:lambda:{call.region}:{self._account}:code-signing-config:{name}"
        config = {"CodeSigningConfigArn": arn, "CodeSigningConfigId": name, "Tags": {**call.parameters.get("Tags", {})}}
        config |= {"Description": "", "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"}}
        self._configs(call.region)[arn] = self._merged(config, call)
        return 201, {"CodeSigningConfig": self._shown(self._configs(call.region)[arn])}

    def _merged(self, config: dict[str, Any], call: Call) -> dict[str, Any]:
        """`config` with what the call says; raises for a publisher that cannot be one."""
        given = call.parameters
        for publisher in (given.get("AllowedPublishers") or {}).get("SigningProfileVersionArns") or []:
            if ":/signing-profiles/" not in publisher:
                raise AwsError("InvalidParameterValueException", f"'{publisher}' is no ARN of a profile's version.")
        names = ("AllowedPublishers", "CodeSigningPolicies", "Description")
        merged = {**config, **{name: given[name] for name in names if given.get(name) is not None}}
        count = len((merged.get("AllowedPublishers") or {}).get("SigningProfileVersionArns") or [])
        if not 1 <= count <= _MOST_PROFILES:
            raise AwsError("InvalidParameterValueException", f"AllowedPublishers names {count} profiles, not 1 to 20.")
        return {**merged, "LastModified": datetime.now(UTC).isoformat(timespec="milliseconds")}

    def _update(self, call: Call) -> tuple[int, Mapping[str, Any]]:
        config = self._config(call)
        config.update(self._merged(config, call))
        return 200, {"CodeSigningConfig": self._shown(config)}

    def _delete(self, call: Call) -> tuple[int, None]:
        config = self._config(call)
        if users := self._users(config):
            raise AwsError(
                "ResourceConflictException",
                f"The code signing configuration is in use by {len(users)} function(s); take it from them first.",
                status=409,
            )
        del self._configs(call.region)[config["CodeSigningConfigArn"]]
        return 204, None

    def _list(self, call: Call) -> tuple[int, Mapping[str, Any]]:
        return 200, {"CodeSigningConfigs": [self._shown(item) for item in self._configs(call.region).values()]}

    def _function(self, call: Call) -> Any:
        name = str(call.parameters.get("FunctionName", ""))
        try:
            return lambda_backends[self._account][call.region].get_function(name)
        except LambdaClientError as exc:
            raise AwsError("ResourceNotFoundException", f"Function not found: {name}", status=404) from exc

    def _put(self, call: Call) -> tuple[int, Mapping[str, Any]]:
        function, arn = self._function(call), str(call.parameters.get("CodeSigningConfigArn", ""))
        if arn not in self._configs(call.region):
            raise AwsError(*_no_config(arn), status=404)
        # Code that is there already keeps running, signed or not.
        function.code_signing_config_arn = arn
        return 200, {"CodeSigningConfigArn": arn, "FunctionName": function.function_name}

    def _get_of_function(self, call: Call) -> tuple[int, Mapping[str, Any]]:
        function = self._function(call)
        found = {"CodeSigningConfigArn": function.code_signing_config_arn} if function.code_signing_config_arn else {}
        return 200, {"FunctionName": function.function_name, **found}

    def _delete_of_function(self, call: Call) -> tuple[int, None]:
        self._function(call).code_signing_config_arn = None
        return 204, None

    def _tagged(self, call: Call) -> dict[str, Any]:
        arn = _resource(call)
        if (found := self._configs(call.region).get(arn)) is None:
            raise AwsError("ResourceNotFoundException", _no_config(arn)[1], status=404)
        return found

    def _tag(self, call: Call) -> tuple[int, None]:
        self._tagged(call)["Tags"].update(call.parameters.get("Tags") or {})
        return 204, None

    def _untag(self, call: Call) -> tuple[int, None]:
        for key in call.parameters.get("TagKeys") or []:
            self._tagged(call)["Tags"].pop(key, None)
        return 204, None


def _resource(call: Call) -> str:
    return str(call.parameters.get("Resource", ""))


def _no_config(arn: str) -> tuple[str, str]:
    return "CodeSigningConfigNotFoundException", f"The code signing configuration cannot be found: {arn}."
