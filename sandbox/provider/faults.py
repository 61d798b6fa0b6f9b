"""AWS's errors, as the engine shows them: code and message, no traceback, no value."""

from typing import Any

# What the services used here answer for a resource that is not there.
GONE = frozenset(
    {
        *("ResourceNotFoundException", "NotFoundException", "NoSuchEntity", "NoSuchEntityException", "NotFound"),
        *("NoSuchBucket", "404", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"),
        *(
            "InvalidVpcID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidVpcEndpointId.NotFound",
            "InvalidGroup.NotFound",
        ),
        *("InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "CodeSigningConfigNotFoundException"),
        *("NoSuchBucketPolicy", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration"),
        *("ObjectLockConfigurationNotFoundError", "OwnershipControlsNotFoundError"),
        *("ServerSideEncryptionConfigurationNotFoundError", "TrailNotFoundException", "StateMachineDoesNotExist"),
        *("ResourceNotFound", "EntityNotFoundException"),
    }
)


def code(error: BaseException) -> str:
    """AWS's error code, or an empty string for an error that is not AWS's."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def gone(error: BaseException) -> bool:
    """Whether `error` says that the resource does not exist (any more)."""
    return code(error) in GONE


def deleted(error: BaseException) -> bool:
    """Whether `error` says that the secret is gone, or waits out its recovery window (Secrets Manager's 400)."""
    return gone(error) or (
        code(error) == "InvalidRequestException" and any(word in str(error) for word in ("deletion", "deleted"))
    )


def sentence(error: BaseException, *, secret: bool) -> str:
    """One line about `error`. With `secret` inputs in play, what botocore says about parameters is not repeated."""
    if code(error):
        operation = getattr(error, "operation_name", "the call")
        message = " ".join(str(getattr(error, "response", {}).get("Error", {}).get("Message", "")).split())
        if message.startswith("<"):
            message = "the local AWS failed inside; its log says why"
        return f"AWS refused {operation}: {code(error)}: {message}"
    name = type(error).__name__
    if name in {"EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError"}:
        return f"the local AWS does not answer ({error}); start the sandbox with `make up`"
    if name == "NoCredentialsError":
        return "no AWS credentials are set; the sandbox sets made-up ones for its children, so run through `make up`"
    if secret and name == "ParamValidationError":
        return "botocore refused the parameters; they are not shown, as some of the inputs are secret"
    return f"{name}: {error}"
