"""moto's Lambda, changed in three places: what it drops is kept, and what it would run in Docker runs here.

DeadLetterConfig and LoggingConfig of a function are stored and shown, and what an update says of tracing, disk and key
counts; the newest event invoke configuration is the one there is; SNS, EventBridge, S3 notifications and log
subscriptions,
which moto would run inline, become asynchronous invocations, as on AWS. An event source mapping is one too (on AWS it
waits for the function before it deletes the message).
"""

import json
from collections.abc import Callable
from typing import Any

from moto.awslambda.models import LambdaBackend, LambdaFunction

_KEPT = ("DeadLetterConfig", "LoggingConfig")

InvokeLater = Callable[[str, str, str | None, bytes], None]


def install_lambda_patches(invoke_later: InvokeLater) -> None:
    """Change moto for the life of the process. `invoke_later` takes region, function, qualifier and payload."""
    original_init = LambdaFunction.__init__
    original_update = LambdaFunction.update_configuration
    original_show = LambdaFunction.get_configuration
    original_put_events = LambdaBackend.put_function_event_invoke_config

    def init(function: Any, account_id: str, spec: dict[str, Any], region: str, version: str | int = 1) -> None:
        original_init(function, account_id, spec, region, version)
        function.sandbox_spec = {name: spec[name] for name in _KEPT if name in spec}

    def update(function: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        if "TracingConfig" in config_updates:
            function.tracing_config = config_updates["TracingConfig"]
        if "EphemeralStorage" in config_updates:
            function.ephemeral_storage = config_updates["EphemeralStorage"]["Size"]
        if "KMSKeyArn" in config_updates:
            function.kms_key_arn = config_updates["KMSKeyArn"]
        changed = {name: config_updates[name] for name in _KEPT if name in config_updates}
        function.sandbox_spec = {**getattr(function, "sandbox_spec", {}), **changed}
        return original_update(function, config_updates)

    def show(function: Any, on_create: bool = False) -> dict[str, Any]:
        extra = {name: value for name, value in getattr(function, "sandbox_spec", {}).items() if value}
        group = {"LogFormat": "Text", "LogGroup": function.logs_group_name, **(extra.get("LoggingConfig") or {})}
        return {**original_show(function, on_create), **extra, "LoggingConfig": group}

    def put_events(backend: Any, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        backend.get_function(function_name).event_invoke_config.clear()
        return original_put_events(backend, function_name, config)

    def backend_invoke(backend: Any, function_name: str, qualifier: str | None, body: Any, **_headers: Any) -> bytes:
        invoke_later(backend.region_name, function_name, qualifier, _bytes(body))
        return b""

    def function_invoke(function: Any, body: Any, *_headers: Any) -> bytes:
        invoke_later(function.region, function.function_name, None, _bytes(body))
        return b""

    LambdaFunction.__init__ = init  # type: ignore[method-assign, assignment]
    LambdaFunction.update_configuration = update  # type: ignore[method-assign, assignment]
    LambdaFunction.get_configuration = show  # type: ignore[method-assign, assignment]
    LambdaBackend.put_function_event_invoke_config = put_events  # type: ignore[method-assign, assignment]
    LambdaBackend.invoke = backend_invoke  # type: ignore[method-assign, assignment]
    LambdaFunction.invoke = function_invoke  # type: ignore[method-assign, assignment]


def _bytes(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()
