"""Operations that AWS documents and moto lacks, kept by moto's own backends, for the types that need them.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/ (API_UpdateWorkGroup, API_DeleteNamedQuery,
API_UpdateNamedQuery, API_GetNamedQuery) and https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
(API_PutQueryDefinition, API_DescribeQueryDefinitions, API_DeleteQueryDefinition). The sandbox's own local AWS lacks
them too, and answers NotImplemented.
"""

import json
import uuid
from typing import Any

from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError
from moto.logs.responses import LogsResponse

_NESTED = "ResultConfigurationUpdates"


def install() -> None:
    """Add them to moto for the life of the process, and make GetNamedQuery say what is not there."""
    original = AthenaResponse.get_named_query

    def get_named_query(self: Any) -> str:
        _named_query(self)
        return str(original(self))

    added: list[tuple[Any, Any]] = [
        (AthenaResponse, get_named_query),
        (AthenaResponse, update_work_group),
        (AthenaResponse, delete_named_query),
        (AthenaResponse, update_named_query),
        (LogsResponse, put_query_definition),
        (LogsResponse, describe_query_definitions),
        (LogsResponse, delete_query_definition),
    ]
    for responses, operation in added:
        setattr(responses, operation.__name__, operation)


def _named_query(responses: Any) -> str:
    query = str(responses._get_param("NamedQueryId"))
    if query not in responses.athena_backend.named_queries:
        raise JsonRESTError("InvalidRequestException", f"NamedQuery {query} was not found")
    return query


def delete_named_query(self: Any) -> str:
    del self.athena_backend.named_queries[_named_query(self)]
    return "{}"


def update_named_query(self: Any) -> str:
    query = self.athena_backend.named_queries[_named_query(self)]
    query.name, query.query_string = self._get_param("Name"), self._get_param("QueryString")
    return "{}"


def update_work_group(self: Any) -> str:
    group = self.athena_backend.work_groups[self._get_param("WorkGroup")]
    group.state = self._get_param("State") or group.state
    if (description := self._get_param("Description")) is not None:
        group.description = description
    updates = self._get_param("ConfigurationUpdates") or {}
    nested = updates.pop(_NESTED, {})
    _merge(group.configuration, updates)
    if nested:
        _merge(group.configuration.setdefault("ResultConfiguration", {}), nested)
    return "{}"


def _merge(kept: dict[str, Any], updates: dict[str, Any]) -> None:
    """`Remove<Name>` takes a setting away; anything else replaces it."""
    for name, value in updates.items():
        if name.startswith("Remove"):
            kept.pop({"RemoveKmsKey": "KmsKey"}.get(name, name.removeprefix("Remove")), None)
        else:
            kept[name] = value


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
