"""DeleteSecret and RestoreSecret.

Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html.
"""

from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.names import in_region, make_arn
from sandbox.aws.secretsmanager.replication import detach

DEFAULT_DAYS = 30
_DAY = 24 * 3600.0


def delete_secret(context: Context, request: Request) -> Result:
    """Schedule the deletion in 7 to 30 days, or delete at once; a replica goes at once, a replicated primary never."""
    days, force = request.get("RecoveryWindowInDays"), request.get("ForceDeleteWithoutRecovery") or False
    if force and days is not None:
        raise AwsError(
            "InvalidParameterException",
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        )
    if days is not None and not 7 <= days <= 30:
        raise AwsError(
            "InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive)."
        )
    now = context.clock()
    with context.storage.change():
        try:
            secret = context.find(request["SecretId"])
        except AwsError:
            if not force:
                raise
            return _never_existed(context, request["SecretId"], now)
        if secret.replicas:
            regions = ", ".join(replica.region for replica in secret.replicas)
            raise AwsError(
                "InvalidRequestException",
                f"You can't delete secret {secret.name} that still has replica regions [{regions}]",
            )
        if force or secret.is_replica:
            context.storage.delete(secret.arn)
            if secret.is_replica and secret.primary_region is not None:
                detach(context, in_region(secret.arn, secret.primary_region), secret.region)
            return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": now}
        if secret.deletion_date is not None:
            raise AwsError(
                "InvalidRequestException",
                "You tried to perform the operation on a secret that's currently marked deleted.",
            )
        until = now + (days or DEFAULT_DAYS) * _DAY
        context.save(replace(secret, deletion_date=until, changed=now))
        context.storage.connection().execute("DELETE FROM rotations WHERE arn = ?", (secret.arn,))
    return {"ARN": secret.arn, "Name": secret.name, "DeletionDate": until}


def restore_secret(context: Context, request: Request) -> Result:
    """Cancel a scheduled deletion."""
    with context.storage.change():
        secret = context.find(request["SecretId"])
        if secret.deletion_date is not None:
            context.save(replace(secret, deletion_date=None, changed=context.clock()))
    return {"ARN": secret.arn, "Name": secret.name}


def _never_existed(context: Context, secret_id: str, now: float) -> Result:
    # "If you forcibly delete an already deleted or nonexistent secret, the operation does not return
    # ResourceNotFoundException": what ARN it shows then is not documented.
    arn = (
        secret_id
        if secret_id.startswith("arn:")
        else make_arn(account=context.account, region=context.region, name=secret_id)
    )
    return {"ARN": arn, "Name": secret_id, "DeletionDate": now}
