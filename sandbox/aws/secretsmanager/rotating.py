"""RotateSecret and CancelRotateSecret: they configure and start; the worker does the steps.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html,
API_CancelRotateSecret.html, userguide/rotate-secrets_lambda.html (steps, retries, RotationToken).
"""

import uuid
from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.context import Context, Request, Result
from sandbox.aws.secretsmanager.labels import attach
from sandbox.aws.secretsmanager.model import CURRENT, PENDING, Rotation, RotationRules, Secret, Version
from sandbox.aws.secretsmanager.rotation_row import begin
from sandbox.aws.secretsmanager.schedule import check_rules, next_window


def rotate_secret(context: Context, request: Request) -> Result:
    """Store the configuration and start a rotation, or only test it with RotateImmediately false.

    Refuses while AWSPENDING is on another version than AWSCURRENT, and does what the refusal says: "That rotation will
    be reattempted." Unverified, because the page says only that the
    token
    guards against making a version twice: the same token again while its rotation runs, or after it succeeded, starts
    nothing; after it failed and its label was removed, it takes up the version that is there.
    """
    token = request.get("ClientRequestToken") or str(uuid.uuid4())
    immediately = request.get("RotateImmediately", True)
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        rotation = _configured(context, secret, request)
        if _running_token(context, secret) == token:
            return {"ARN": secret.arn, "Name": secret.name, "VersionId": token}
        unfinished = unfinished_token(secret)
        known = secret.versions.get(token)
        if unfinished is None and known is not None and CURRENT in known.stages:
            return {"ARN": secret.arn, "Name": secret.name, "VersionId": token}
        now = context.clock()
        if unfinished is None:
            context.save(replace(staged(secret, token, now), rotation=rotation, changed=now))
            begin(context.storage, secret.arn, token, "rotate" if immediately else "test", now)
        elif _running_token(context, secret) is None and secret.rotation is not None and secret.rotation.enabled:
            begin(context.storage, secret.arn, unfinished, "rotate", now)
    context.wake_rotation()
    if unfinished is not None:
        raise AwsError(
            "InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."
        )
    result: Result = {"ARN": secret.arn, "Name": secret.name}
    if immediately:
        # A test leaves no version behind; that the answer then names none is unverified.
        result["VersionId"] = token
    return result


def cancel_rotate_secret(context: Context, request: Request) -> Result:
    """Turn rotation off and stop a running one; AWSPENDING stays where it is."""
    with context.storage.change():
        secret = context.writable(request["SecretId"])
        if secret.rotation is None:
            raise AwsError(
                "InvalidRequestException",
                f"You can't cancel the rotation of secret {secret.name}: it has never been configured for rotation.",
            )
        running = _running_token(context, secret)
        context.storage.connection().execute("DELETE FROM rotations WHERE arn = ?", (secret.arn,))
        stopped = replace(secret.rotation, enabled=False, next_date=None, starts=None)
        context.save(replace(secret, rotation=stopped, changed=context.clock()))
    result: Result = {"ARN": secret.arn, "Name": secret.name}
    if running is not None:
        result["VersionId"] = running
    return result


def staged(secret: Secret, token: str, now: float) -> Secret:
    """The secret with AWSPENDING on the version `token`, made when missing.

    "When rotation is unsuccessful, the AWSPENDING label might be attached to an empty secret version": the label is
    there before the function is first called, because its guard wants the token staged.
    """
    pending = secret.versions.get(token) or Version(id=token, created=now, key_id=secret.key_id)
    return attach(secret.with_version(pending), token, (PENDING,))


def unfinished_token(secret: Secret) -> str | None:
    """The version of a rotation that did not come to its end: it has AWSPENDING and is not the current one."""
    pending, current = secret.holder(PENDING), secret.holder(CURRENT)
    return pending.id if pending is not None and (current is None or pending.id != current.id) else None


def after_manual_change(secret: Secret, now: float) -> Secret:
    """The secret after a value was set by hand, which "is considered a valid rotation" for the next date.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html.
    """
    return replace(secret, rotation=rescheduled(secret.rotation, now)) if secret.rotation is not None else secret


def rescheduled(rotation: Rotation, now: float) -> Rotation:
    """The configuration with the next date counted from `now`."""
    if not rotation.enabled or rotation.rules is None:
        return rotation
    starts, ends = next_window(rotation.rules, now)
    return replace(rotation, anchor=now, next_date=ends, starts=starts)


def after_failure(rotation: Rotation, now: float) -> Rotation:
    """The configuration after a scheduled rotation failed for good: the next window, and the date stays in the past.

    That it is tried again only in the window that its rules name next is our reading (unverified).
    """
    if not rotation.enabled or rotation.rules is None:
        return rotation
    return replace(rotation, starts=next_window(rotation.rules, now)[0])


def _configured(context: Context, secret: Secret, request: Request) -> Rotation:
    lambda_arn = request.get("RotationLambdaARN") or (secret.rotation.lambda_arn if secret.rotation else None)
    if not lambda_arn:
        raise AwsError(
            "InvalidRequestException",
            "You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured "
            "and you didn't include such an ARN as a parameter in this call.",
        )
    given = request.get("RotationRules")
    rules = secret.rotation.rules if secret.rotation is not None else None
    if given is not None:
        rules = check_rules(
            RotationRules(
                days=given.get("AutomaticallyAfterDays"),
                schedule=given.get("ScheduleExpression"),
                duration=given.get("Duration"),
            )
        )
    context.functions.check_invocable(lambda_arn, source_arn=secret.arn)
    now = context.clock()
    anchor = secret.rotation.anchor if secret.rotation is not None and given is None else now
    configured = Rotation(enabled=True, lambda_arn=lambda_arn, rules=rules, anchor=anchor)
    return rescheduled(configured, now)


def _running_token(context: Context, secret: Secret) -> str | None:
    row = context.storage.connection().execute("SELECT token FROM rotations WHERE arn = ?", (secret.arn,)).fetchone()
    return row[0] if row is not None else None
