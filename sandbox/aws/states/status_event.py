"""The event that tells of an execution's change of state.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html.
"""

from __future__ import annotations

import json
import time
from typing import Any

from sandbox.aws.events.event import Event


def status_event(execution: Any, status: str) -> Event:
    """What EventBridge is told of one of moto's executions; input and output are part of it, as on AWS."""
    output = None if execution.output is None else json.dumps(execution.output)
    stopped = None if execution.stop_date is None else int(execution.stop_date.timestamp() * 1000)
    return Event(
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        detail={
            "executionArn": execution.exec_arn,
            "stateMachineArn": execution.state_machine_arn,
            "name": execution.name,
            "status": status,
            "startDate": int(execution.start_date.timestamp() * 1000),
            "stopDate": stopped,
            "input": json.dumps(execution.input_data),
            "inputDetails": {"included": True},
            "output": output,
            "outputDetails": None if output is None else {"included": True},
            "error": execution.error,
            "cause": execution.cause,
        },
        account=execution.account_id,
        region=execution.region_name,
        time=time.time(),
        resources=(execution.exec_arn,),
    )
