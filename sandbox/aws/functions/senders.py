"""Buckets and log groups that send events to functions: the function's policy must let them.

Both services ask when they are configured, and so do we; what was allowed then and is not any more is not delivered.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html and
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html.
"""

import logging
from typing import Any

from moto.awslambda.models import LambdaBackend
from moto.logs.exceptions import InvalidParameterException
from moto.logs.models import LogsBackend
from moto.s3 import notifications
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend

from sandbox.aws.service_may import ServiceMay

_log = logging.getLogger(__name__)
_INVOKE = "lambda:InvokeFunction"


def install_senders(service_may: ServiceMay) -> None:
    """Change moto's S3 and logs for the life of the process."""
    _install_buckets(service_may)
    _install_log_groups(service_may)


def _install_buckets(service_may: ServiceMay) -> None:
    configure, invoke = S3Backend.put_bucket_notification_configuration, notifications._invoke_awslambda

    def may(bucket: str, function: str) -> bool:
        return service_may("s3.amazonaws.com", _INVOKE, function, source_arn=f"arn:aws:s3:::{bucket}")

    def put_configuration(backend: Any, bucket_name: str, notification_config: dict[str, Any]) -> None:
        entries = (notification_config or {}).get("CloudFunctionConfiguration") or []
        for entry in entries if isinstance(entries, list) else [entries]:
            if not may(bucket_name, entry["CloudFunction"]):
                raise S3ClientError("InvalidArgument", "Unable to validate the following destination configurations")
        configure(backend, bucket_name, notification_config)

    def invoke_allowed(account_id: str, event_body: Any, fn_arn: str, region_name: str) -> None:
        bucket = event_body["Records"][0]["s3"]["bucket"]["name"] if "Records" in event_body else event_body["Bucket"]
        if may(bucket, fn_arn):
            invoke(account_id, event_body, fn_arn, region_name)
        else:
            _log.warning("an event of bucket %s did not reach %s: its policy does not let S3", bucket, fn_arn)

    S3Backend.put_bucket_notification_configuration = put_configuration  # type: ignore[method-assign, assignment]
    notifications._invoke_awslambda = invoke_allowed


def _install_log_groups(service_may: ServiceMay) -> None:
    subscribe, send = LogsBackend.put_subscription_filter, LambdaBackend.send_log_event

    def may(backend: Any, group: str, function: str) -> bool:
        source = f"arn:aws:logs:{backend.region_name}:{backend.account_id}:log-group:{group}:*"
        return service_may("logs.amazonaws.com", _INVOKE, function, source_arn=source)

    def put_filter(
        backend: Any, log_group_name: str, filter_name: str, filter_pattern: str, destination_arn: str, role_arn: str
    ) -> None:
        if destination_arn.split(":")[2] == "lambda" and not may(backend, log_group_name, destination_arn):
            raise InvalidParameterException(
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute "
                "your function."
            )
        subscribe(backend, log_group_name, filter_name, filter_pattern, destination_arn, role_arn)

    def send_allowed(
        backend: Any, function_arn: str, filter_name: str, log_group_name: str, log_stream_name: str, log_events: Any
    ) -> None:
        if may(backend, log_group_name, function_arn):
            send(backend, function_arn, filter_name, log_group_name, log_stream_name, log_events)
        else:
            _log.warning(
                "events of %s did not reach %s: its policy does not let the logs", log_group_name, function_arn
            )

    LogsBackend.put_subscription_filter = put_filter  # type: ignore[method-assign, assignment]
    LambdaBackend.send_log_event = send_allowed  # type: ignore[method-assign, assignment]
