"""`secretsctl rotate`: rotate secrets now, and wait until they are."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog.kind import FirstValue
from catalog.model import Secret
from secretsctl import options, talk, workspace
from secretsctl.rotation import Outcome, Rotation, Rotations
from secretsctl.selection import secrets_named
from secretsctl.verdict import CommandError, ExitCode
from secretsctl.workspace import Workspace
from stores.aws import SERVERS
from stores.store import SUPPLIED, StoreError

TIMEOUT_SECONDS = 300

NoWait = Annotated[bool, typer.Option("--no-wait", help="Start only, do not wait for the end.")]
Resume = Annotated[bool, typer.Option("--resume", help="Try an unfinished rotation again and follow it.")]
Timeout = Annotated[int, typer.Option("--timeout", min=1, metavar="SECONDS", help="Longest wait for all of them.")]


def rotate(
    ctx: typer.Context,
    names: options.SecretNames,
    no_wait: NoWait = False,
    resume: Resume = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Rotate secrets now and wait until their new version is the current one. Shows version ids, never a value.

    Refused before anything is started: a secret without a first value, one whose rotation is under way (see --resume),
    and one whose previous credential consumers may still use.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    secrets = secrets_named(workspace.files(given).catalog, names)
    work = workspace.opened(given)
    rotations = Rotations(work.store, work.log, work.catalog)
    for secret in secrets:
        _require_rotatable(work, rotations, secret, resume=resume)
    started, ended = _start(rotations, secrets, resume=resume)
    if not no_wait:
        with talk.progress() as bar:
            task = bar.add_task("rotate", total=len(started))

            ended += rotations.wait(started, timeout_seconds=timeout, done=lambda _: bar.advance(task))
    failed = [outcome for outcome in ended if outcome.error]
    _show(started if no_wait else [], ended, as_json=given.json)
    if failed:
        raise typer.Exit(int(ExitCode.FAILED if len(failed) == len(secrets) else ExitCode.PARTLY))


def _require_rotatable(work: Workspace, rotations: Rotations, secret: Secret, *, resume: bool) -> None:
    metadata = work.store.describe(secret.name)
    if not metadata.has_value and secret.spec.first_value is FirstValue.SUPPLIED:
        command = "bootstrap" if secret.spec.target in SERVERS else f"set {secret.name}"
        raise CommandError(
            f"secret '{secret.name}': has no value yet that could be rotated; give it one with `secretsctl {command}`"
        )
    if metadata.rotating_to is not None and not resume:
        error = rotations.last_error(secret.name, metadata.rotating_to.id)
        raise CommandError(
            f"secret '{secret.name}': a rotation is under way"
            + (f" and last failed with: {error}" if error else "")
            + f"; try it again and follow it with `secretsctl rotate {secret.name} --resume`"
        )
    if metadata.rotating_to is None:
        if secret.spec.assisted and metadata.holder(SUPPLIED) is None:
            raise CommandError(
                f"secret '{secret.name}': only a person can get its next value at the issuer; give it with "
                f"`secretsctl set {secret.name}`, which rotates it"
            )
        rotations.require_quiet(secret.name)


def _start(rotations: Rotations, secrets: list[Secret], *, resume: bool) -> tuple[list[Rotation], list[Outcome]]:
    """Start each; one that cannot be started is an outcome already and keeps no other from starting."""
    started: list[Rotation] = []
    ended: list[Outcome] = []
    for secret in secrets:
        try:
            started.append(rotations.start(secret.name, resume=resume))
        except StoreError as exc:
            rotation = Rotation(secret=secret.name, target=secret.spec.target, old=None, new="")
            ended.append(Outcome(rotation=rotation, error=str(exc)))
    return started, ended


def _show(started: list[Rotation], ended: list[Outcome], *, as_json: bool) -> None:
    if as_json:
        lines = [_as_json(rotation, "started", None) for rotation in started]
        lines += [_as_json(end.rotation, "failed" if end.error else "rotated", end.error) for end in ended]
        talk.show_json({"rotations": lines})
    for rotation in started if not as_json else []:
        talk.show(f"{rotation.secret}: rotation to version {rotation.new} started")
    for outcome in ended:
        rotation = outcome.rotation
        if outcome.error:
            talk.say(f"error: secret '{rotation.secret}': rotation failed: {outcome.error}")
        elif not as_json:
            talk.show(f"{rotation.secret}: version {rotation.new} is current (before: {rotation.old or 'none'})")


def _as_json(rotation: Rotation, state: str, error: str | None) -> dict[str, object]:
    return {
        "secret": rotation.secret,
        "state": state,
        "old_version": rotation.old,
        "new_version": rotation.new or None,
        "error": error,
    }
