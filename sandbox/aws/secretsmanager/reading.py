"""DescribeSecret, GetSecretValue and BatchGetSecretValue.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html,
API_GetSecretValue.html, API_BatchGetSecretValue.html.
"""

from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.listing import matching, page
from sandbox.aws.secretsmanager.model import Secret
from sandbox.aws.secretsmanager.replication import replication_status
from sandbox.aws.secretsmanager.values import shown_value
from sandbox.aws.secretsmanager.versions import find_version

_DAY = 24 * 3600
BATCH = 20


def describe_secret(context: Context, request: Request) -> Result:
    """The metadata, labels of versions without a value included; works on a secret that is marked for deletion."""
    return described(context.find(request["SecretId"]), labels="VersionIdsToStages")


def get_secret_value(context: Context, request: Request) -> Result:
    """The value of AWSCURRENT, or of the version or label asked for."""
    secret = context.usable(request["SecretId"])
    version = find_version(secret, version_id=request.get("VersionId"), stage=request.get("VersionStage"))
    context.keys.check_decrypt(context.region, version.key_id, secret_arn=secret.arn, version_id=version.id)
    value = context.storage.value(secret, version)
    if value is None:
        # The secret changed between the two reads: the version was pruned or the secret deleted.
        raise AwsError("ResourceNotFoundException", "Secrets Manager can't find the specified secret value.")
    _touch(context, secret, version.id)
    return {
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": version.id,
        "VersionStages": list(version.stages),
        "CreatedDate": version.created,
        **shown_value(value),
    }


def batch_get_secret_value(context: Context, request: Request) -> Result:
    """Up to 20 current values, by ids or by filters; what fails is listed under Errors and does not stop the rest."""
    ids, filters = request.get("SecretIdList"), request.get("Filters")
    if bool(ids) == bool(filters):
        raise AwsError(
            "InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both."
        )
    result: Result = {"SecretValues": [], "Errors": []}
    if filters:
        found = [secret for secret in matching(context, request) if secret.deletion_date is None]
        chosen, token = page(found, request, most=BATCH)
        ids = [secret.arn for secret in chosen]
        if token:
            result["NextToken"] = token
    elif request.get("MaxResults") is not None:
        raise AwsError(
            "InvalidParameterException",
            "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
        )
    for secret_id in ids or []:
        try:
            context.authorize("GetSecretValue", {"SecretId": secret_id})
            result["SecretValues"].append(get_secret_value(context, {"SecretId": secret_id}))
        except AwsError as error:
            result["Errors"].append({"SecretId": secret_id, "ErrorCode": error.code, "Message": error.message})
    return result


def described(secret: Secret, *, labels: str) -> Result:
    """The metadata fields that DescribeSecret and ListSecrets share; only those that have a value.

    DeletedDate is the end of the recovery window, as the field's text says; the time of the request is not shown.
    """
    rotation = secret.rotation
    fields: Result = {
        "ARN": secret.arn,
        "Name": secret.name,
        "Description": secret.description,
        "KmsKeyId": secret.key_id,
        "CreatedDate": secret.created,
        "LastChangedDate": secret.changed,
        "LastAccessedDate": secret.accessed,
        "LastRotatedDate": secret.rotated if rotation is not None and rotation.enabled else None,
        "DeletedDate": secret.deletion_date,
        "Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()] or None,
        labels: {version.id: list(version.stages) for version in secret.versions.values() if version.stages} or None,
        "PrimaryRegion": secret.primary_region,
        "ReplicationStatus": replication_status(secret) or None,
    }
    if rotation is not None:
        fields["RotationEnabled"] = rotation.enabled
        fields["RotationLambdaARN"] = rotation.lambda_arn
        fields["NextRotationDate"] = rotation.next_date if rotation.enabled else None
        if rotation.rules is not None:
            rules = {
                "AutomaticallyAfterDays": rotation.rules.days,
                "ScheduleExpression": rotation.rules.schedule,
                "Duration": rotation.rules.duration,
            }
            fields["RotationRules"] = {key: value for key, value in rules.items() if value is not None}
    return {key: value for key, value in fields.items() if value is not None}


def _touch(context: Context, secret: Secret, version_id: str) -> None:
    # LastAccessedDate is a date: one write a day, not one a read.
    today = float(int(context.clock()) // _DAY * _DAY)
    if secret.accessed == today and secret.versions[version_id].accessed == today:
        return
    with context.storage.change():
        fresh = context.storage.by_arn(secret.arn)
        if fresh is not None and version_id in fresh.versions:
            version = replace(fresh.versions[version_id], accessed=today)
            context.storage.save(replace(fresh, accessed=today).with_version(version))
