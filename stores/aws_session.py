"""The way to AWS: clients of the ordinary credentials, in the environment's region and account or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from catalog.environment import Environment
from stores.store import ConflictError, DeniedError, NotBootstrappedError, NotFoundError, StoreError, UnreachableError

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_stepfunctions import SFNClient

CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_SECONDS = 20
FUNCTION_SECONDS = 90
"""Longer than any function of ours runs."""
ATTEMPTS = 3

_WHO = "see who you are with `aws sts get-caller-identity`"
_UNKNOWN_CALLER = {
    "ExpiredToken": "the credentials have expired",
    "ExpiredTokenException": "the credentials have expired",
    "InvalidClientTokenId": "AWS does not know the access key",
    "InvalidSignatureException": "the secret access key does not belong to the access key",
    "RequestExpired": "the clock of this machine is wrong",
    "SignatureDoesNotMatch": "the secret access key does not belong to the access key",
    "UnrecognizedClientException": "AWS does not know the access key",
}
_DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "DecryptionFailure",
    "EncryptionFailure",
    "KMSAccessDeniedException",
}
_BUSY = {"Throttling", "ThrottlingException", "TooManyRequestsException", "InternalServiceError", "ServiceUnavailable"}


class AwsSession:
    """Makes clients from the ordinary environment (profile, variables, role; AWS_ENDPOINT_URL is obeyed).

    The region is the environment's, whatever AWS_REGION says. An endpoint that is down is noticed within some ten
    seconds: three attempts of three seconds each, with pauses (docs: botocore, retry mode `standard`).
    """

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        with translated("use AWS", remedy="correct the AWS settings of this shell"):
            import boto3  # not at the top: the other stores work without it
            from botocore.config import Config

            self._session: boto3.Session = boto3.Session(region_name=environment.region)
            self._config: Config = Config(
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=READ_TIMEOUT_SECONDS,
                retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            )

    def require_account(self) -> str:
        """Make sure that the credentials are of the environment's account; the ARN of whose they are.

        Raises:
            DeniedError: they are of another one, or of none.
        """
        with translated("reach AWS"):
            caller = self._session.client("sts", config=self._config).get_caller_identity()
        account = caller["Account"]
        if account != self._environment.account:
            raise DeniedError(
                f"work on environment '{self._environment.name}'",
                cause=f"the credentials are of account {account}, the environment is in {self._environment.account}",
                remedy="choose a profile of that account with AWS_PROFILE",
            )
        return caller["Arn"]

    def secretsmanager(self) -> SecretsManagerClient:
        """A client of Secrets Manager."""
        with translated("reach AWS"):
            return self._session.client("secretsmanager", config=self._config)

    def logs(self) -> CloudWatchLogsClient:
        """A client of CloudWatch Logs."""
        with translated("reach AWS"):
            return self._session.client("logs", config=self._config)

    def states(self) -> SFNClient:
        """A client of Step Functions."""
        with translated("reach AWS"):
            return self._session.client("stepfunctions", config=self._config)

    def functions(self) -> LambdaClient:
        """A client of Lambda that waits for a function's answer, and calls it once."""
        with translated("reach AWS"):
            from botocore.config import Config

            waiting = Config(
                connect_timeout=CONNECT_TIMEOUT_SECONDS,
                read_timeout=FUNCTION_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 1},
            )
            return self._session.client("lambda", config=waiting)


@contextmanager
def translated(what: str, *, secret: str | None = None, remedy: str | None = None) -> Iterator[None]:
    """Turn what boto3 raises inside into a StoreError.

    AWS's own text is kept only where it says who may not do what; others may quote the request, and with it a value.
    For the same reason no traceback shows the exception behind it.
    """
    try:
        import botocore.exceptions
    except ImportError:
        raise StoreError(what, cause="boto3 is not installed", remedy="run `make setup`") from None
    error: StoreError
    try:
        yield
        return
    except botocore.exceptions.ClientError as exc:
        answer = exc.response.get("Error", {})
        error = refused(what, answer.get("Code", "Unknown"), answer.get("Message", ""), secret=secret, remedy=remedy)
    except (botocore.exceptions.NoCredentialsError, botocore.exceptions.PartialCredentialsError):
        error = DeniedError(
            what, secret=secret, cause="there are no AWS credentials", remedy="set AWS_PROFILE or run `aws sso login`"
        )
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError) as exc:
        error = UnreachableError(
            what,
            secret=secret,
            cause=f"AWS does not answer ({type(exc).__name__})",
            remedy="check the network and AWS_ENDPOINT_URL, then try again",
        )
    except botocore.exceptions.ProfileNotFound:
        error = DeniedError(
            what,
            secret=secret,
            cause="AWS_PROFILE names no profile",
            remedy="see them with `aws configure list-profiles`",
        )
    except (botocore.exceptions.BotoCoreError, ValueError) as exc:
        # ValueError: botocore's answer to an endpoint that is no URL.
        error = StoreError(
            what,
            secret=secret,
            cause=f"the AWS settings are not usable ({type(exc).__name__})",
            remedy=remedy or "check AWS_PROFILE, AWS_CONFIG_FILE and AWS_ENDPOINT_URL",
        )
    raise error from None


def refused(what: str, code: str, text: str, *, secret: str | None, remedy: str | None = None) -> StoreError:
    """The StoreError for an error code of AWS; `text` is shown only when it is about permissions."""
    if code in _UNKNOWN_CALLER:
        return DeniedError(
            what, secret=secret, cause=_UNKNOWN_CALLER[code], remedy="run `aws sso login` or mend AWS_PROFILE"
        )
    if code in _DENIED:
        reason = f"{code}: {text}" if "not authorized" in text else code
        return DeniedError(what, secret=secret, cause=reason, remedy=remedy or _WHO)
    if "marked for deletion" in text or "marked deleted" in text:
        return deleted(what, secret)
    if "staging label" in text:
        # The secret is there and has no version: the programme was stopped between the two.
        return NotBootstrappedError(
            what, secret=secret, cause="it has no version yet", remedy="run `pulumi up`, then `secretsctl bootstrap`"
        )
    if code == "ResourceNotFoundException":
        return NotFoundError(
            what,
            secret=secret,
            cause="there is none in this account and region",
            remedy=remedy or "create it with `pulumi up`",
        )
    if code == "ResourceExistsException":
        return ConflictError(
            what,
            secret=secret,
            cause="its token stands for another value already: somebody else was faster",
            remedy="see `secretsctl list`, then start again",
        )
    if code in _BUSY:
        return UnreachableError(what, secret=secret, cause=f"AWS is busy ({code})", remedy="try again in a minute")
    return StoreError(what, secret=secret, cause=f"AWS refuses with {code}", remedy=remedy or "see `secretsctl list`")


def deleted(what: str, secret: str | None) -> StoreError:
    """The StoreError for a secret in its recovery window."""
    return NotFoundError(
        what,
        secret=secret,
        cause="it is marked for deletion",
        remedy="bring it back with `aws secretsmanager restore-secret`",
    )
