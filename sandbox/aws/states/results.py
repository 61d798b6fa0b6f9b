"""What a distributed map exports to S3: one file for each status, and the manifest that names them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html.
"""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.asl.component.state.exec.state_map.result_writer.resource_eval.resource_eval_s3 import (
    ResourceEvalS3,
)

_STATUSES = {"SUCCEEDED": {"SUCCEEDED"}, "FAILED": {"FAILED", "TIMED_OUT", "ABORTED"}, "PENDING": {"PENDING"}}


def install_result_writer() -> None:
    """Take the place of moto's writer, which writes an empty manifest, for the life of the process."""

    def put(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
        parameters = env.stack.pop()
        env.stack.pop()  # the map's output, which the export replaces
        record = env.map_run_record_pool_manager.get_all()[-1]
        client = ResourceEvalS3._get_s3_client(resource_runtime_part, state_credentials)
        bucket, prefix = parameters["Bucket"], parameters.get("Prefix") or ""
        folder = f"{prefix.rstrip('/')}/{record.map_run_arn.split(':')[-1]}".lstrip("/")
        files: dict[str, list[dict[str, Any]]] = {}
        for status, included in _STATUSES.items():
            told = [child.described() for child in record.sandbox_children if child.status in included]
            files[status] = []
            if told:
                body, key = json.dumps(told).encode(), f"{folder}/{status}_0.json"
                client.put_object(Bucket=bucket, Key=key, Body=body)
                files[status].append({"Key": key, "Size": len(body)})
        manifest = {"DestinationBucket": bucket, "MapRunArn": record.map_run_arn, "ResultFiles": files}
        key = f"{folder}/manifest.json"
        client.put_object(Bucket=bucket, Key=key, Body=json.dumps(manifest).encode())
        record.item_counter.results_written.offset(sum(child.items for child in record.sandbox_children))
        record.execution_counter.results_written.offset(len(record.sandbox_children))
        env.stack.append(
            {"MapRunArn": record.map_run_arn, "ResultWriterDetails": {"Bucket": bucket, "Key": key}},
        )

    ResourceEvalS3._handle_put_object = staticmethod(put)  # type: ignore[method-assign]
