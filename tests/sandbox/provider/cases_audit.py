"""The lifecycles of what is audited with: trails, what counts in logs, alarms, and what queries the records."""

import json
from typing import Any

from tests.sandbox.provider.case import Case

_DATABASE_COLUMN = {"name": "eventtime", "type": "string", "comment": "when"}


def _stopped(aws: Any, made: Any) -> str:
    aws("cloudtrail").stop_logging(Name=made.id)
    return "enableLogging"


def _recounted(aws: Any, made: Any) -> str:
    # By a deletion, as moto keeps both of two filters of one name.
    aws("logs").delete_metric_filter(filterName=made.id, logGroupName=made.outputs["logGroupName"])
    aws("logs").put_metric_filter(
        filterName=made.id,
        logGroupName=made.outputs["logGroupName"],
        filterPattern="nothing",
        metricTransformations=[
            {"metricName": "Failures", "metricNamespace": "Observatory", "metricValue": "1", "defaultValue": 0}
        ],
    )
    return "pattern"


def _silenced(aws: Any, made: Any) -> str:
    aws("cloudwatch").disable_alarm_actions(AlarmNames=[made.id])
    return "actionsEnabled"


def _redrawn(aws: Any, made: Any) -> str:
    aws("cloudwatch").put_dashboard(DashboardName=made.id, DashboardBody='{"widgets": []}')
    return "dashboardBody"


def _untagged(aws: Any, made: Any) -> str:
    aws("athena").tag_resource(ResourceARN=made.outputs["arn"], Tags=[{"Key": "a", "Value": "9"}])
    return "tags"


def _reasked(aws: Any, made: Any) -> str:
    aws("athena").update_named_query(NamedQueryId=made.id, Name=made.outputs["name"], QueryString="SELECT 3")
    return "query"


def _renamed(aws: Any, made: Any) -> str:
    name = made.outputs["name"]
    aws("glue").update_database(Name=name, DatabaseInput={"Name": name, "Description": "two", "Parameters": {"k": "v"}})
    return "description"


def _reordered(aws: Any, made: Any) -> str:
    """Columns are read by their place: another order is another table."""
    name, database = made.outputs["name"], made.outputs["databaseName"]
    table = aws("glue").get_table(DatabaseName=database, Name=name)["Table"]
    table["StorageDescriptor"]["Columns"].reverse()
    kept = {key: table[key] for key in ("Name", "Parameters", "PartitionKeys", "StorageDescriptor", "TableType")}
    aws("glue").update_table(DatabaseName=database, TableInput=kept)
    return "storageDescriptor"


def _rephrased(aws: Any, made: Any) -> str:
    aws("logs").put_query_definition(
        queryDefinitionId=made.id, name=made.outputs["name"], queryString="fields @message", logGroupNames=["/it"]
    )
    return "queryString"


def _board(title: str) -> str:
    widgets = [{"type": "text", "x": 0, "y": at, "properties": {"markdown": title}} for at in (6, 0)]
    return json.dumps({"widgets": widgets})


AUDIT_CASES: dict[str, Case] = {
    "aws:cloudtrail/trail:Trail": Case(
        create=lambda s: {
            "name": s.name,
            "s3BucketName": s.trail_bucket,
            "s3KeyPrefix": "trail",
            "enableLogFileValidation": True,
            "isMultiRegionTrail": True,
            "cloudWatchLogsGroupArn": s.trail_log,
            "cloudWatchLogsRoleArn": s.trail_role,
            "kmsKeyId": s.key,
            "snsTopicName": s.trail_topic.rsplit(":", 1)[1],
            "eventSelectors": [
                {
                    "readWriteType": "WriteOnly",
                    "dataResources": [{"type": "AWS::S3::Object", "values": ["arn:aws:s3:::one/", "arn:aws:s3:::a/"]}],
                }
            ],
            "insightSelectors": [{"insightType": "ApiErrorRateInsight"}],
            "tags": {"a": "1", "c": "3"},
        },
        change={
            "enableLogging": False,
            "enableLogFileValidation": False,
            "s3KeyPrefix": None,
            "snsTopicName": None,
            "eventSelectors": None,
            "advancedEventSelectors": [
                {
                    "name": "secrets",
                    "fieldSelectors": [
                        {"field": "eventCategory", "equals": ["Data"]},
                        {"field": "resources.type", "equals": ["AWS::S3::Object"]},
                        {"field": "eventName", "notStartsWiths": ["Head", "Get"]},
                    ],
                }
            ],
            "tags": {"a": "2", "b": "2"},
        },
        replace={"name": "other"},
        drift=_stopped,
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Case(
        create=lambda s: {
            "name": s.name,
            "logGroupName": s.log_group,
            "pattern": '{ $.errorCode = "AccessDenied" }',
            "metricTransformation": {
                "name": "Failures",
                "namespace": "Observatory",
                "value": "1",
                "defaultValue": "0",
            },
        },
        change={"pattern": '{ $.userIdentity.type = "Root" }'},
        replace={"logGroupName": "other"},
        arn_output=False,
        adopted=lambda made: f"{made.outputs['logGroupName']}:{made.id}",
        drift=_recounted,
    ),
    "aws:cloudwatch/queryDefinition:QueryDefinition": Case(
        create=lambda s: {
            "name": f"observatory/{s.name}",
            "queryString": "fields @timestamp | limit 20",
            "logGroupNames": ["/it"],
        },
        change={"queryString": "fields @timestamp | limit 50", "name": "observatory/other"},
        adopted=lambda made: str(made.outputs["arn"]),
        drift=_rephrased,
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Case(
        create=lambda s: {
            "name": s.name,
            "alarmDescription": "one",
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
            "evaluationPeriods": 3,
            "datapointsToAlarm": 2,
            "metricName": "Failures",
            "namespace": "Observatory",
            "dimensions": {"FunctionName": "rotate", "Stage": "one"},
            "period": 300,
            "statistic": "Sum",
            "threshold": 1,
            "treatMissingData": "notBreaching",
            "alarmActions": [s.topic],
            "okActions": [s.topic],
            "tags": {"a": "1"},
        },
        change={"threshold": 2.5, "alarmDescription": "two", "okActions": [], "tags": {"b": "2"}},
        replace={"name": "other"},
        drift=_silenced,
    ),
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": Case(
        create=lambda s: {
            "alarmName": s.name,
            "alarmRule": f"ALARM({s.alarm})",
            "alarmActions": [s.topic],
            "tags": {"a": "1"},
        },
        change=lambda s: {"alarmRule": f"NOT OK({s.alarm})", "alarmDescription": "two"},
        replace={"actionsEnabled": False},
        layered=True,
        drift=_silenced,
    ),
    "aws:cloudwatch/dashboard:Dashboard": Case(
        create=lambda s: {"dashboardName": s.name, "dashboardBody": _board("one")},
        change={"dashboardBody": _board("two")},
        replace={"dashboardName": "other"},
        arn_output=False,
        drift=_redrawn,
    ),
    "aws:athena/workgroup:Workgroup": Case(
        create=lambda s: {
            "name": s.name,
            "description": "one",
            "configuration": {
                "bytesScannedCutoffPerQuery": 10485760,
                "resultConfiguration": {
                    "outputLocation": f"s3://{s.bucket}/results/",
                    "encryptionConfiguration": {"encryptionOption": "SSE_KMS", "kmsKeyArn": s.key},
                },
            },
            "tags": {"a": "1"},
        },
        change={
            "description": "two",
            "state": "DISABLED",
            "configuration": {"requesterPaysEnabled": True, "resultConfiguration": {"outputLocation": "s3://other/"}},
            "tags": {"a": "2"},
        },
        replace={"name": "other"},
        drift=_untagged,
    ),
    "aws:athena/namedQuery:NamedQuery": Case(
        create=lambda s: {"name": s.name, "database": "logs", "query": "SELECT 1", "workgroup": s.workgroup},
        replace={"query": "SELECT 2"},
        arn_output=False,
        drift=_reasked,
    ),
    "aws:glue/catalogDatabase:CatalogDatabase": Case(
        create=lambda s: {"name": s.name, "description": "one", "parameters": {"k": "v"}, "tags": {"a": "1"}},
        change={"description": "two", "parameters": {}, "tags": {"a": "2"}},
        replace={"name": "other"},
        drift=_renamed,
    ),
    "aws:glue/catalogTable:CatalogTable": Case(
        create=lambda s: {
            "name": s.name,
            "databaseName": s.database,
            "tableType": "EXTERNAL_TABLE",
            "parameters": {"classification": "cloudtrail", "projection.enabled": "true"},
            "partitionKeys": [{"name": "day", "type": "string"}, {"name": "area", "type": "string"}],
            "storageDescriptor": {
                "location": f"s3://{s.bucket}/AWSLogs/",
                "inputFormat": "com.amazon.emr.cloudtrail.CloudTrailInputFormat",
                "outputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                "serDeInfo": {"serializationLibrary": "org.apache.hive.hcatalog.data.JsonSerDe"},
                "columns": [_DATABASE_COLUMN, {"name": "eventname", "type": "string"}],
            },
        },
        change={"description": "two", "storageDescriptor": {"columns": [_DATABASE_COLUMN]}},
        replace={"databaseName": "other"},
        drift=_reordered,
    ),
}
