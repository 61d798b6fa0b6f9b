"""Amazon CloudWatch: alarms on the states of other alarms, and dashboards."""

from collections.abc import Mapping
from typing import Any

from sandbox.provider.alarm import ACTIONS, delete_alarm, described, tags_of, update_tags
from sandbox.provider.naming import tag_list
from sandbox.provider.resource import (
    TAGS,
    Call,
    Property,
    ResourceType,
    block,
    document,
    flag,
    number,
    text,
)
from sandbox.provider.values import Props
from sandbox.provider.wire import from_aws, to_aws

_COMPOSITE: Mapping[str, Property] = {
    **ACTIONS,
    "actionsEnabled": flag(default=True, replaces=True),
    "alarmName": text(required=True, replaces=True),
    "alarmRule": text(required=True),
}
_SUPPRESSOR: Mapping[str, Property] = {
    "alarm": text(required=True, aws="ActionsSuppressor"),
    "extensionPeriod": number(required=True, aws="ActionsSuppressorExtensionPeriod"),
    "waitPeriod": number(required=True, aws="ActionsSuppressorWaitPeriod"),
}


def _put(call: Call, **more: Any) -> None:
    suppressor = to_aws(_SUPPRESSOR, call.new.get("actionsSuppressor") or {})
    call.client("cloudwatch").put_composite_alarm(**to_aws(_COMPOSITE, call.new), **suppressor, **more)


def _create(call: Call) -> str:
    _put(call, Tags=tag_list(call.new.get("tags")))
    return str(call.new["alarmName"])


def _read(call: Call) -> Props | None:
    live = described(call, "CompositeAlarm")
    if live is None:
        return None
    return {
        **from_aws(_COMPOSITE, live),
        "actionsSuppressor": from_aws(_SUPPRESSOR, live) if live.get("ActionsSuppressor") else None,
        "arn": live["AlarmArn"],
        "tags": tags_of(call, live["AlarmArn"]),
    }


def _update(call: Call) -> None:
    if call.changed(*_COMPOSITE, "actionsSuppressor"):
        _put(call)
    update_tags(call)


COMPOSITE_ALARM = ResourceType(
    type_name="aws:cloudwatch/compositeAlarm:CompositeAlarm",
    inputs={**_COMPOSITE, "actionsSuppressor": block(_SUPPRESSOR), "tags": TAGS},
    create=_create,
    read=_read,
    update=_update,
    delete=delete_alarm,
    identity=("alarmName",),
    verified=True,
)


def _put_dashboard(call: Call) -> str:
    new = call.new
    call.client("cloudwatch").put_dashboard(DashboardName=new["dashboardName"], DashboardBody=new["dashboardBody"])
    return str(new["dashboardName"])


def _read_dashboard(call: Call) -> Props | None:
    live = call.client("cloudwatch").get_dashboard(DashboardName=call.id)
    return {
        "dashboardArn": live["DashboardArn"],
        "dashboardBody": live["DashboardBody"],
        "dashboardName": live["DashboardName"],
    }


def _update_dashboard(call: Call) -> None:
    _put_dashboard(call)


def _delete_dashboard(call: Call) -> None:
    call.client("cloudwatch").delete_dashboards(DashboardNames=[call.id])


DASHBOARD = ResourceType(
    type_name="aws:cloudwatch/dashboard:Dashboard",
    inputs={
        "dashboardBody": document(required=True, ordered=True),
        "dashboardName": text(required=True, replaces=True),
    },
    outputs=("dashboardArn",),
    create=_put_dashboard,
    read=_read_dashboard,
    update=_update_dashboard,
    delete=_delete_dashboard,
    identity=("dashboardName",),
    verified=True,
)

TYPES = (COMPOSITE_ALARM, DASHBOARD)
