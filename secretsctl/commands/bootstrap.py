"""`secretsctl bootstrap`: the first value of every secret."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated

import typer

from catalog import derive
from catalog.kind import FirstValue
from catalog.model import Catalog, Secret
from secretsctl import bootstrap_plan, options, supplied, talk, workspace
from secretsctl.bootstrap_plan import Plan
from secretsctl.rotation import Outcome, Rotation, Rotations
from secretsctl.verdict import CommandError, ExitCode
from secretsctl.workspace import Workspace
from stores.document import Document
from stores.store import Metadata, StoreError

TIMEOUT_SECONDS = 600
_TOKENS = uuid.UUID("6f0a5a2e-6c0f-4f6b-9f4e-0c9a7f2f1d11")  # any fixed id: the space of this command's tokens

Replace = Annotated[
    bool,
    typer.Option(
        "--replace", help="Correct values that were supplied before, as long as nothing was rotated with them."
    ),
]
Timeout = Annotated[int, typer.Option("--timeout", min=1, metavar="SECONDS", help="Longest wait for all rotations.")]
Extra = Annotated[list[str] | None, typer.Argument(hidden=True, metavar="")]


def bootstrap(
    ctx: typer.Context,
    extra: Extra = None,
    replace: Replace = False,
    timeout: Timeout = TIMEOUT_SECONDS,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Give every secret its first value: write what you supply, then let rotation make all the others.

    Takes lines NAME=value from a pipe, or asks without echo. DB_PASSWORD and REDIS_PASSWORD are needed; SMTP_PASSWORD,
    API keys and the like can come later with `secretsctl set`. Secrets that have a value are left alone, so run it
    again after an interruption or a failure at any point.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    catalog = workspace.files(given).catalog
    supplied.refuse(
        ["values are not taken from the command line, which others can read; pipe them in"] if extra else []
    )
    known = supplied.suppliable(catalog)
    text = supplied.from_pipe()
    values = supplied.lines(text, known) if text is not None else {}
    work = workspace.opened(given)
    metadata = _described(work)
    if text is None:
        values = supplied.asked(bootstrap_plan.required(catalog, metadata))
        supplied.refuse(supplied.faults(values, known))
    plan = bootstrap_plan.plan(catalog, metadata, frozenset(values), replace=replace)
    for secret in plan.unused:
        talk.say(f"'{secret.name}' has a value already and keeps it; correct it with --replace or `secretsctl set`")
    for secret in plan.write:
        _write(work, secret, values, metadata[secret.name])
        talk.say(f"{secret.name}: value written")
    outcomes = _rotate(work, plan, timeout)
    left = bootstrap_plan.left(catalog, metadata, frozenset(secret.name for secret in plan.write))
    _show(plan, outcomes, left, as_json=given.json)
    _conclude(catalog, plan, outcomes)


def _described(work: Workspace) -> Mapping[str, Metadata]:
    secrets = work.catalog.secrets
    with talk.progress() as bar:
        metadata = {
            secret.name: work.store.describe(secret.name)
            for secret in bar.track(secrets, description="look at secrets")
        }
    if empty := [name for name, found in metadata.items() if found.current is None]:
        raise CommandError(f"secret '{empty[0]}': has no first version; run `pulumi up`, then this again")
    return metadata


def _write(work: Workspace, secret: Secret, values: Mapping[str, str], metadata: Metadata) -> None:
    credentials = {secret.names[name]: values[name] for name in derive.supplied_names(secret)}
    document = Document(derive.marker(work.environment, secret) | credentials)
    # From what is replaced, and not from the value, which a token would help to guess: of two people who bootstrap at
    # once with different values one is refused.
    before = metadata.current.id if metadata.current else "none"
    token = uuid.uuid5(_TOKENS, f"{derive.secret_name(work.environment, secret)} after {before}")
    work.store.put(secret.name, document, str(token))


def _rotate(work: Workspace, plan: Plan, timeout: int) -> list[Outcome]:
    rotations = Rotations(work.store, work.log, work.catalog)
    started: list[Rotation] = []
    outcomes: list[Outcome] = []
    with talk.progress() as bar:
        task = bar.add_task("first rotations", total=len(plan.rotate))

        def done(outcome: Outcome) -> None:
            bar.advance(task)
            verdict = f"failed: {outcome.error}" if outcome.error else "first value made"
            talk.say(f"{outcome.rotation.secret}: {verdict}")

        for secret in plan.rotate:
            try:
                started.append(rotations.start(secret.name, resume=True))
            except StoreError as exc:
                rotation = Rotation(secret=secret.name, target=secret.spec.target, old=None, new="")
                outcomes.append(Outcome(rotation=rotation, error=str(exc)))
                done(outcomes[-1])
        outcomes += rotations.wait(started, timeout_seconds=timeout, done=done)
    return outcomes


def _show(plan: Plan, outcomes: list[Outcome], left: tuple[Secret, ...], *, as_json: bool) -> None:
    if as_json:
        results: list[dict[str, object]] = [{"secret": secret.name, "state": "written"} for secret in plan.write]
        results += [
            {"secret": end.rotation.secret, "state": "failed" if end.error else "rotated", "error": end.error}
            for end in outcomes
        ]
        talk.show_json({"done": results, "left": [secret.name for secret in left]})
        return
    if left:
        talk.say("these have no value yet; give each one when you have it:")
    for secret in left:
        talk.show(f"secretsctl set {secret.name}  # {', '.join(derive.supplied_names(secret))}")


def _conclude(catalog: Catalog, plan: Plan, outcomes: list[Outcome]) -> None:
    failed = [outcome for outcome in outcomes if outcome.error]
    if not failed:
        talk.say("every required secret has a value")
        return
    talk.say(f"error: {len(failed)} of {len(outcomes)} first rotations failed; mend the cause and run this again")
    for target in sorted({outcome.rotation.target for outcome in failed}):
        supplied_secrets = [s for s in catalog.targeting(target) if s.spec.first_value is FirstValue.SUPPLIED]
        names = [name for secret in supplied_secrets for name in derive.supplied_names(secret)]
        for name in names:
            talk.say(
                f"if the server refused {name}: give the right one with "
                f"`secretsctl bootstrap --replace` and a line {name}=value"
            )
    done = plan.write or len(failed) < len(outcomes)
    raise typer.Exit(int(ExitCode.PARTLY if done else ExitCode.FAILED))
