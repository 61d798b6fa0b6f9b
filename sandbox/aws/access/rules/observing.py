"""CloudWatch Logs, CloudWatch and CloudTrail: list_amazoncloudwatchlogs.html, list_amazoncloudwatch.html and
list_awscloudtrail.html of the Service Authorization Reference.
"""

from collections.abc import Iterator, Mapping

from iam.context import ContextValue
from sandbox.aws.access.need import Asked, Need, Rule, anything, both, each, on, passing


def _group(asked: Asked) -> str:
    given = asked.text("logGroupName", "logGroupIdentifier", "resourceArn", "logGroupArn")
    if given.startswith("arn:"):
        return given if given.endswith(":*") or ":log-stream:" in given else f"{given}:*"
    # The ARN of a log group ends in :* wherever it is judged:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    return asked.arn("logs", f"log-group:{given}:*") if given else asked.arn("logs", "log-group:*")


def _stream(asked: Asked) -> str:
    return asked.arn("logs", f"log-group:{asked.text('logGroupName')}:log-stream:{asked.text('logStreamName')}")


def _tagged(asked: Asked) -> str:
    # TagResource takes the group's ARN without :*.
    return asked.text("resourceArn").removesuffix(":*")


LOGS_RULES: dict[str, Rule] = {
    **each(
        "logs",
        _group,
        "AssociateKmsKey CreateLogGroup CreateLogStream DeleteDataProtectionPolicy DeleteLogGroup DeleteMetricFilter "
        "DeleteRetentionPolicy DescribeLogGroups DescribeLogStreams DescribeMetricFilters DescribeSubscriptionFilters "
        "DisassociateKmsKey FilterLogEvents GetDataProtectionPolicy GetLogGroupFields ListTagsLogGroup "
        "PutDataProtectionPolicy PutMetricFilter PutRetentionPolicy TagLogGroup UntagLogGroup "
        "DeleteSubscriptionFilter",
    ),
    **each("logs", _stream, "DeleteLogStream GetLogEvents PutLogEvents"),
    **each("logs", _tagged, "ListTagsForResource TagResource UntagResource"),
    **each(
        "logs",
        anything,
        "DeleteQueryDefinition DeleteResourcePolicy DescribeDestinations DescribeExportTasks DescribeQueries "
        "DescribeQueryDefinitions DescribeResourcePolicies GetQueryResults PutQueryDefinition PutResourcePolicy "
        "StopQuery TestMetricFilter",
    ),
    "PutSubscriptionFilter": both(on("logs:PutSubscriptionFilter", _group), passing("logs.amazonaws.com", "roleArn")),
    "StartQuery": on("logs:StartQuery", _group),
}


def _alarms(asked: Asked) -> Iterator[Need]:
    names = asked.get("AlarmNames")
    for name in names if isinstance(names, list) and names else [asked.text("AlarmName") or "*"]:
        yield Need(action=f"cloudwatch:{asked.operation}", resource=asked.arn("cloudwatch", f"alarm:{name}"))


def _alarm(asked: Asked) -> str:
    return asked.text("ResourceARN") or asked.arn("cloudwatch", f"alarm:{asked.text('AlarmName')}")


def _dashboards(asked: Asked) -> Iterator[Need]:
    for name in asked.get("DashboardNames") or [asked.text("DashboardName")]:
        arn = asked.arn("cloudwatch", f"dashboard/{name}", regional=False)
        yield Need(action=f"cloudwatch:{asked.operation}", resource=arn)


def _namespace(asked: Asked) -> Mapping[str, ContextValue]:
    return {"cloudwatch:namespace": asked.text("Namespace")} if asked.text("Namespace") else {}


CLOUDWATCH_RULES: dict[str, Rule] = {
    **dict.fromkeys(
        (
            "DeleteAlarms",
            "DescribeAlarmHistory",
            "DescribeAlarms",
            "DisableAlarmActions",
            "EnableAlarmActions",
            "SetAlarmState",
        ),
        _alarms,
    ),
    **dict.fromkeys(("DeleteDashboards", "GetDashboard", "PutDashboard"), _dashboards),
    **each("cloudwatch", _alarm, "ListTagsForResource PutCompositeAlarm PutMetricAlarm TagResource UntagResource"),
    **each(
        "cloudwatch",
        anything,
        "DeleteAnomalyDetector DescribeAlarmsForMetric DescribeAnomalyDetectors GetMetricData GetMetricStatistics "
        "GetMetricWidgetImage ListDashboards ListMetrics PutAnomalyDetector",
    ),
    "PutMetricData": on("cloudwatch:PutMetricData", anything, _namespace),
}


def _trail(asked: Asked) -> str:
    listed = asked.get("ResourceIdList")
    name = asked.text("Name", "TrailName", "ResourceId", "S3BucketName") or (listed[0] if listed else "*")
    return name if name.startswith("arn:") else asked.arn("cloudtrail", f"trail/{name}")


CLOUDTRAIL_RULES: dict[str, Rule] = {
    **each(
        "cloudtrail",
        _trail,
        "AddTags DeleteTrail GetEventSelectors GetInsightSelectors GetTrail GetTrailStatus ListTags PutEventSelectors "
        "PutInsightSelectors RemoveTags StartLogging StopLogging",
    ),
    **each("cloudtrail", anything, "DescribeTrails ListPublicKeys ListTrails LookupEvents"),
    **{
        name: both(
            on(f"cloudtrail:{name}", lambda asked: asked.arn("cloudtrail", f"trail/{asked.text('Name')}")),
            passing("cloudtrail.amazonaws.com", "CloudWatchLogsRoleArn"),
        )
        for name in ("CreateTrail", "UpdateTrail")
    },
}
