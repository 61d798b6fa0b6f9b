"""Staging labels: how they move. Pure rules of PutSecretValue and UpdateSecretVersionStage.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html and
API_PutSecretValue.html; quota of 20 labels across all versions of a secret: userguide/reference_limits.html.
"""

from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.model import CURRENT, PREVIOUS, Secret

MAX_LABELS = 20


def attach(secret: Secret, version_id: str, stages: tuple[str, ...]) -> Secret:
    """Put labels on a version, taking each from the version that has it; AWSPREVIOUS follows AWSCURRENT."""
    for stage in stages:
        secret = _move(secret, stage, version_id)
    return _within_quota(secret)


def update_stage(secret: Secret, stage: str, *, remove_from: str | None, move_to: str | None) -> Secret:
    """UpdateSecretVersionStage: move, add or remove one label; a label in use moves only with RemoveFromVersionId."""
    if remove_from is None and move_to is None:
        raise AwsError(
            "InvalidParameterException", "You must include RemoveFromVersionId, MoveToVersionId, or both parameters."
        )
    for version_id in (remove_from, move_to):
        if version_id is not None and version_id not in secret.versions:
            raise AwsError(
                "ResourceNotFoundException",
                f"Secrets Manager can't find the specified secret value for VersionId: {version_id}",
            )
    holder = secret.holder(stage)
    if remove_from is not None and (holder is None or holder.id != remove_from):
        raise AwsError(
            "InvalidParameterException", f"Staging label {stage} isn't currently attached to version {remove_from}."
        )
    if move_to is None:
        if stage == CURRENT:
            raise AwsError(
                "InvalidParameterException",
                f"You can only move staging label {CURRENT} to a different secret version. "
                "It can't be completely removed.",
            )
        return _move(secret, stage, None)
    if holder is not None and remove_from is None and holder.id != move_to:
        raise AwsError(
            "InvalidParameterException",
            f"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version "
            f"{holder.id}, so you must explicitly reference that version in RemoveFromVersionId.",
        )
    return _within_quota(_move(secret, stage, move_to))


def _move(secret: Secret, stage: str, to: str | None) -> Secret:
    holder = secret.holder(stage)
    if holder is not None and holder.id == to:
        return secret
    if holder is not None:
        left = tuple(other for other in holder.stages if other != stage)
        secret = secret.with_version(replace(holder, stages=left))
    if to is not None:
        target = secret.versions[to]
        secret = secret.with_version(replace(target, stages=(*target.stages, stage)))
    if stage == CURRENT and holder is not None and to is not None:
        secret = _move(secret, PREVIOUS, holder.id)
        # The new current version may have been the previous one: moving AWSPREVIOUS to the old holder took it off.
    return secret


def _within_quota(secret: Secret) -> Secret:
    labels = sum(len(version.stages) for version in secret.versions.values())
    if labels > MAX_LABELS:
        raise AwsError(
            "LimitExceededException",
            f"You have {labels} staging labels on secret {secret.name}; at most {MAX_LABELS} are allowed. "
            "Remove one with UpdateSecretVersionStage.",
        )
    return secret
