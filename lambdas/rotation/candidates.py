"""What a target may log in with or take up besides the two documents of its step, read only when it asks."""

from collections.abc import Iterator

from rotation.document import Document
from rotation.errors import RotationError
from rotation.settings import Settings
from rotation.targets.target import Fallbacks, Target
from rotation.versions import CURRENT, PENDING, PREVIOUS, SUPPLIED, Secret, SecretVersions

_CREDENTIALS = frozenset({"key", "password"})


def fallbacks(
    settings: Settings, versions: SecretVersions, secret: Secret, target: Target, known: frozenset[str]
) -> Fallbacks:
    """The other versions of a secret than the `known` ones, its admin's, and what a person supplied."""

    def own() -> Iterator[Document]:
        for document in _existing(versions, secret.arn, (PENDING, PREVIOUS), known):
            if target.value in document and document.keys() >= target.credential:
                yield document

    def admin() -> Iterator[Document]:
        kind = secret.tags["Kind"]
        if kind not in settings.admin_secret_ids:
            raise RotationError(
                f"variable ADMIN_SECRET_IDS names no admin secret for kind '{kind}'; add {kind}=secret-name to it"
            )
        for document in _existing(versions, settings.admin_secret_ids[kind], (CURRENT, PENDING, PREVIOUS), frozenset()):
            if document.keys() & _CREDENTIALS:
                yield document

    def supplied() -> Document | None:
        version = versions.labelled(secret.arn, SUPPLIED)
        return None if version is None else version.document

    def unchanged() -> None:
        now = versions.describe(secret.arn)
        moved = any(now.holder(stage) != secret.holder(stage) for stage in (CURRENT, PREVIOUS))
        if moved or now.unfinished not in {None, *known}:
            raise RotationError(
                f"secret '{secret.name}': a rotation was started meanwhile; nothing was changed, and its end plans the "
                f"retirement again"
            )

    return Fallbacks(own=own, admin=admin, supplied=supplied, unchanged=unchanged)


def _existing(
    versions: SecretVersions, secret_id: str, stages: tuple[str, ...], known: frozenset[str]
) -> Iterator[Document]:
    """Documents of a secret, each read only when it is asked for: by label first, then all the others."""
    seen = set(known)
    for stage in stages:
        version = versions.labelled(secret_id, stage)
        if version is not None and version.id not in seen:
            seen.add(version.id)
            yield version.document
    for version in versions.others(secret_id, frozenset(seen)):
        yield version.document
