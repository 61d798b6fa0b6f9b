"""Versions: how one is made, found and pruned. Pure rules; values are compared by the caller's function."""

from collections.abc import Callable
from dataclasses import replace

from sandbox.aws.errors import AwsError
from sandbox.aws.secretsmanager.labels import attach
from sandbox.aws.secretsmanager.model import CURRENT, Kind, Secret, Version

KEPT = 100
KEPT_FOR = 24 * 3600.0


def put_version(
    secret: Secret,
    *,
    token: str,
    kind: Kind,
    stages: tuple[str, ...] | None,
    now: float,
    same: Callable[[], bool],
) -> Secret:
    """PutSecretValue: a new version named by the token, or nothing when the same token already holds the same value.

    `same` tells whether the stored value equals the given one. Without labels AWSCURRENT moves; the first version gets
    AWSCURRENT in any case. An empty version that a rotation made is filled. Source:
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html.
    """
    existing = secret.versions.get(token)
    if existing is not None and existing.kind is not None:
        if not same():
            raise AwsError(
                "ResourceExistsException",
                "A resource with the ID you requested already exists: you can't modify an existing version, "
                "you can only create a new one.",
            )
        return secret
    labels = stages or (CURRENT,)
    if CURRENT not in labels and secret.holder(CURRENT) is None:
        labels = (*labels, CURRENT)
    kept = existing.stages if existing is not None else ()
    version = Version(id=token, created=now, stages=kept, kind=kind, key_id=secret.key_id)
    return prune(attach(replace(secret, changed=now).with_version(version), token, labels), now=now)


def find_version(secret: Secret, *, version_id: str | None, stage: str | None) -> Version:
    """The version that GetSecretValue means: by id, by label, by both when they agree, else AWSCURRENT."""
    label = stage or CURRENT
    if version_id is not None:
        version = secret.versions.get(version_id)
        if version is not None and stage is not None and stage not in version.stages:
            raise AwsError(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.",
            )
        named = f"VersionId: {version_id}"
    else:
        version = secret.holder(label)
        named = f"staging label: {label}"
    if version is None or version.kind is None:
        raise AwsError(
            "ResourceNotFoundException", f"Secrets Manager can't find the specified secret value for {named}"
        )
    return version


def prune(secret: Secret, *, now: float) -> Secret:
    """Drop the oldest deprecated versions beyond 100, never a labelled one nor one younger than 24 hours.

    Source: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html.
    """
    excess = len(secret.versions) - KEPT
    if excess <= 0:
        return secret
    old = sorted(
        (item for item in secret.versions.values() if not item.stages and now - item.created >= KEPT_FOR),
        key=lambda item: item.created,
    )
    for version in old[:excess]:
        secret = secret.without_version(version.id)
    return secret
