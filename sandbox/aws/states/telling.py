"""What can be asked of an execution while it runs: its maps, and its history in pages and from its end.

Sources: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListMapRuns.html (an execution that has
begun no map has none) and API_GetExecutionHistory.html (reverseOrder, maxResults of at most 1000, nextToken). moto
fails at the first until its interpreter has begun, and answers the second with everything in its own order.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser import models as parser
from moto.stepfunctions.responses import StepFunctionResponse

_MOST = 1000
_PAGE = 100


def install_telling() -> None:
    """Change moto's answers for the life of the process."""
    list_map_runs = parser.StepFunctionsParserBackend.list_map_runs

    def map_runs(backend: Any, execution_arn: str) -> Any:
        worker = backend.describe_execution(execution_arn).exec_worker
        if worker is None or worker.env is None:
            return {"mapRuns": []}
        return list_map_runs(backend, execution_arn)

    def history(response: Any) -> ActionResult:
        told = response.stepfunction_backend.get_execution_history(response._get_param("executionArn"))
        events = list(told["events"])
        if response._get_bool_param("reverseOrder"):
            events.reverse()
        first = int(response._get_param("nextToken") or 0)
        following = first + min(response._get_int_param("maxResults") or _PAGE, _MOST)
        more = {"nextToken": str(following)} if events[following:] else {}
        return ActionResult({"events": events[first:following], **more})

    parser.StepFunctionsParserBackend.list_map_runs = map_runs  # type: ignore[method-assign, assignment]
    StepFunctionResponse.get_execution_history = history  # type: ignore[method-assign, assignment]
