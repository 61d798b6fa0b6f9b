"""The answers of ListSecrets and ListSecretVersionIds."""

from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.listing import matching, page
from sandbox.aws.secretsmanager.reading import described


def list_secrets(context: Context, request: Request) -> Result:
    """The region's secrets; those scheduled for deletion only when asked for.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecrets.html.
    """
    planned = request.get("IncludePlannedDeletion") or False
    found = [secret for secret in matching(context, request) if planned or secret.deletion_date is None]
    chosen, token = page(found, request)
    result: Result = {"SecretList": [described(secret, labels="SecretVersionsToStages") for secret in chosen]}
    if token:
        result["NextToken"] = token
    return result


def list_secret_version_ids(context: Context, request: Request) -> Result:
    """The versions that hold a value, newest first; those without labels only with IncludeDeprecated.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ListSecretVersionIds.html.
    """
    secret = context.find(request["SecretId"])
    deprecated = request.get("IncludeDeprecated") or False
    versions = [item for item in secret.versions.values() if item.kind is not None and (item.stages or deprecated)]
    versions.sort(key=lambda item: item.created, reverse=True)
    chosen, token = page(versions, request)
    result: Result = {"ARN": secret.arn, "Name": secret.name, "Versions": []}
    for version in chosen:
        entry: Result = {"VersionId": version.id, "CreatedDate": version.created}
        if version.stages:
            entry["VersionStages"] = list(version.stages)
        if version.accessed is not None:
            entry["LastAccessedDate"] = version.accessed
        entry["KmsKeyIds"] = [version.key_id or "DefaultEncryptionKey"]
        result["Versions"].append(entry)
    if token:
        result["NextToken"] = token
    return result
