"""The trail's files as a table: which columns they have and where the files of a day lie. Pure.

Source: docs.aws.amazon.com/athena/latest/ug/create-cloudtrail-table-partition-projection.html, with the region as a
second partition, as the trail is of all regions.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalog import names
from catalog.environment import Environment
from catalog.names import SERVICE

TABLE = "events"
INPUT_FORMAT = "com.amazon.emr.cloudtrail.CloudTrailInputFormat"
OUTPUT_FORMAT = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
SERIALIZATION = "org.apache.hive.hcatalog.data.JsonSerDe"

_ISSUER = "type:string,principalid:string,arn:string,accountid:string,username:string"
_SESSION = (
    "attributes:struct<mfaauthenticated:string,creationdate:string>,"
    f"sessionissuer:struct<{_ISSUER}>,"
    "ec2roledelivery:string,"
    "webidfederationdata:struct<federatedprovider:string,attributes:map<string,string>>"
)
_IDENTITY = (
    "type:string,principalid:string,arn:string,accountid:string,invokedby:string,accesskeyid:string,username:string,"
    f"onbehalfof:struct<userid:string,identitystorearn:string>,sessioncontext:struct<{_SESSION}>"
)
COLUMNS: Mapping[str, str] = {
    "eventversion": "string",
    "useridentity": f"struct<{_IDENTITY}>",
    "eventtime": "string",
    "eventsource": "string",
    "eventname": "string",
    "awsregion": "string",
    "sourceipaddress": "string",
    "useragent": "string",
    "errorcode": "string",
    "errormessage": "string",
    "requestparameters": "string",
    "responseelements": "string",
    "additionaleventdata": "string",
    "requestid": "string",
    "eventid": "string",
    "readonly": "string",
    "resources": "array<struct<arn:string,accountid:string,type:string>>",
    "eventtype": "string",
    "apiversion": "string",
    "recipientaccountid": "string",
    "serviceeventdetails": "string",
    "sharedeventid": "string",
    "vpcendpointid": "string",
    "eventcategory": "string",
    "tlsdetails": "struct<tlsversion:string,ciphersuite:string,clientprovidedhostheader:string>",
}
"""Names and Hive types, in the order of AWS's page; an event's fields are matched without their case."""

PARTITIONS: Mapping[str, str] = {"region": "string", "day": "string"}
"""The folders that files lie in: `region` such as us-east-1, `day` such as 2026/11/24."""

# Those that every account has: docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html. What is
# called in a region outside of them is in the log group and in the bucket, and not in the table.
_REGIONS = (
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
)


def database(environment: Environment) -> str:
    """The Glue database; its name has no hyphens.

    Source: docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
    """
    return f"{SERVICE}_{environment.name}_audit".replace("-", "_")


def workgroup(environment: Environment) -> str:
    """The Athena workgroup that auditors query in."""
    return names.named(environment, "audit")


def location(environment: Environment) -> str:
    """Where the trail's log files begin; digests lie beside it."""
    return f"s3://{names.bucket(environment, 'audit-logs')}/AWSLogs/{environment.account}/CloudTrail"


def projection(environment: Environment) -> dict[str, str]:
    """What Athena computes the partitions from, instead of being told of each day.

    It goes back as far as files are locked; those that moved to Glacier are passed over until they are restored:
    docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html, querying-glacier.html.
    """
    regions = sorted({*_REGIONS, environment.region, *filter(None, [environment.replica_region])})
    return {
        "EXTERNAL": "TRUE",
        "classification": "cloudtrail",
        "projection.enabled": "true",
        "projection.region.type": "enum",
        "projection.region.values": ",".join(regions),
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.day.interval": "1",
        "projection.day.interval.unit": "DAYS",
        "projection.day.range": f"NOW-{environment.audit.lock_days}DAYS,NOW",
        "storage.location.template": f"{location(environment)}/${{region}}/${{day}}",
    }
