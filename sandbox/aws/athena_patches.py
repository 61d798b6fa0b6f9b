"""moto's Athena, with what it lacks: workgroups and saved queries change and go, and one that is missing is told.

Sources: https://docs.aws.amazon.com/athena/latest/APIReference/API_UpdateWorkGroup.html,
API_WorkGroupConfigurationUpdates.html, API_DeleteWorkGroup.html, API_UpdateNamedQuery.html, API_DeleteNamedQuery.html
and API_GetNamedQuery.html. The words of the errors are those that the AWS providers match on (unverified elsewhere).
"""

from __future__ import annotations

from typing import Any

from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

_NESTED = "ResultConfigurationUpdates"
_PRIMARY = "primary"


def install_athena_patches() -> None:
    """Change moto for the life of the process."""
    get_query, get_group, delete_group = (
        AthenaResponse.get_named_query,
        AthenaResponse.get_work_group,
        AthenaResponse.delete_work_group,
    )

    def get_named_query(self: Any) -> str:
        _query(self)
        return str(get_query(self))

    def get_work_group(self: Any) -> str:
        _group(self)
        return str(get_group(self))

    def delete_work_group(self: Any) -> str:
        _check_deletable(self)
        return str(delete_group(self))

    for operation in (
        get_named_query,
        get_work_group,
        delete_work_group,
        update_work_group,
        update_named_query,
        delete_named_query,
    ):
        setattr(AthenaResponse, operation.__name__, operation)


def update_work_group(self: Any) -> str:
    """State, description and configuration; `Remove<Name>` takes a setting away."""
    group = _group(self)
    group.state = self._get_param("State") or group.state
    if (description := self._get_param("Description")) is not None:
        group.description = description
    updates = dict(self._get_param("ConfigurationUpdates") or {})
    nested = updates.pop(_NESTED, {})
    _merge(group.configuration, updates)
    if nested:
        _merge(group.configuration.setdefault("ResultConfiguration", {}), nested)
    return "{}"


def update_named_query(self: Any) -> str:
    """Name and text, and the description where one is given."""
    query = _query(self)
    query.name, query.query_string = self._get_param("Name"), self._get_param("QueryString")
    if (description := self._get_param("Description")) is not None:
        query.description = description
    return "{}"


def delete_named_query(self: Any) -> str:
    """One that is missing is an error."""
    del self.athena_backend.named_queries[_query(self).id]
    return "{}"


def _check_deletable(responses: Any) -> None:
    """A workgroup goes with what it holds only when that is asked for."""
    name, backend = _group(responses).name, responses.athena_backend
    if name == _PRIMARY:
        raise JsonRESTError("InvalidRequestException", "The primary workgroup cannot be deleted.")
    saved = [key for key, query in backend.named_queries.items() if query.workgroup.name == name]
    run = [key for key, one in backend.executions.items() if one.workgroup is not None and one.workgroup.name == name]
    if not responses._get_param("RecursiveDeleteOption"):
        if saved or run:
            raise JsonRESTError("InvalidRequestException", f"WorkGroup {name} is not empty")
        return
    for key in saved:
        del backend.named_queries[key]
    for key in run:
        del backend.executions[key]


def _group(responses: Any) -> Any:
    name = str(responses._get_param("WorkGroup"))
    if name not in responses.athena_backend.work_groups:
        raise JsonRESTError("InvalidRequestException", f"WorkGroup {name} is not found.")
    return responses.athena_backend.work_groups[name]


def _query(responses: Any) -> Any:
    query = str(responses._get_param("NamedQueryId"))
    if query not in responses.athena_backend.named_queries:
        raise JsonRESTError("InvalidRequestException", f"NamedQuery {query} was not found")
    return responses.athena_backend.named_queries[query]


def _merge(kept: dict[str, Any], updates: dict[str, Any]) -> None:
    for name, value in updates.items():
        if not name.startswith("Remove"):
            kept[name] = value
        elif value:
            kept.pop(name.removeprefix("Remove"), None)
