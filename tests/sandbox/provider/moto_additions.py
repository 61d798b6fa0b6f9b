"""Operations that AWS documents and moto lacks, kept by moto's own backends, for the types that need them.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/ (API_PutQueryDefinition,
API_DescribeQueryDefinitions, API_DeleteQueryDefinition). The sandbox's own local AWS lacks them too, and answers
NotImplemented; what it adds to Athena and to object lock is added here as it is there.
"""

import json
import uuid
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.logs.responses import LogsResponse

from sandbox.aws.athena_patches import install_athena_patches
from sandbox.aws.s3_locks import install_lock_patches


def install() -> None:
    """Add them to moto for the life of the process."""
    install_athena_patches()
    install_lock_patches()
    for operation in (put_query_definition, describe_query_definitions, delete_query_definition):
        setattr(LogsResponse, operation.__name__, operation)


def _definitions(responses: Any) -> dict[str, dict[str, Any]]:
    backend = responses.logs_backend
    if not hasattr(backend, "query_definitions"):
        backend.query_definitions = {}
    kept: dict[str, dict[str, Any]] = backend.query_definitions
    return kept


def put_query_definition(self: Any) -> str:
    kept, query = _definitions(self), self._get_param("queryDefinitionId")
    if query is not None and query not in kept:
        raise JsonRESTError("ResourceNotFoundException", "The specified query definition does not exist.")
    query = query or str(uuid.uuid4())
    asked = {name: self._get_param(name) for name in ("name", "queryString", "logGroupNames")}
    kept[query] = {**asked, "queryDefinitionId": query}
    return json.dumps({"queryDefinitionId": query})


def describe_query_definitions(self: Any) -> str:
    """Two a page, so that the pages are read."""
    found = [item for _id, item in sorted(_definitions(self).items())]
    start = int(self._get_param("nextToken") or 0)
    rest = {"nextToken": str(start + 2)} if len(found) > start + 2 else {}
    return json.dumps({"queryDefinitions": found[start : start + 2], **rest})


def delete_query_definition(self: Any) -> str:
    if _definitions(self).pop(self._get_param("queryDefinitionId"), None) is None:
        raise JsonRESTError("ResourceNotFoundException", "The specified query definition does not exist.")
    return json.dumps({"success": True})
