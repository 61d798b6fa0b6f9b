"""`secretsctl emergency`: rotate all secrets, a tier or some at once, and end what was before them."""

from __future__ import annotations

from typing import Annotated

import typer

from catalog.emergency.scope import BY_HAND
from catalog.model import Catalog
from secretsctl import emergency_view, options, supplied, talk, workspace
from secretsctl.emergency import Emergencies, Order, Run, Scope, scope_of
from secretsctl.emergency_progress import Follower, Progress, concerned
from secretsctl.selection import secrets_named
from secretsctl.verdict import CommandError, ExitCode
from secretsctl.workspace import Workspace

INTERRUPTED = 130
LONGEST = 200

Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Some secrets.", autocompletion=options.complete_secret),
]
Everything = Annotated[bool, typer.Option("--all", help="Every secret, tier 1 first.")]
Tier = Annotated[int | None, typer.Option("--tier", metavar="N", help="The secrets of one tier.")]
Incident = Annotated[
    str | None, typer.Option("--incident", metavar="ID", help="What it is called; the same one rotates nothing twice.")
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why; it goes into the record.")]
Follow = Annotated[
    str | None, typer.Option("--follow", metavar="INCIDENT", help="Follow what was started for an incident.")
]
Redrive = Annotated[
    str | None,
    typer.Option("--redrive", metavar="INCIDENT", help="Start an incident's last order again: only what is left."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for the environment's name.")]


def emergency(
    ctx: typer.Context,
    names: Names = None,
    everything: Everything = False,
    tier: Tier = None,
    incident: Incident = None,
    reason: Reason = None,
    follow: Follow = None,
    redrive: Redrive = None,
    yes: Yes = False,
    env: options.Env = None,
    config: options.Config = None,
    as_json: options.Json = False,
) -> None:
    """Rotate secrets now whatever their overlap, end the old credentials and their sessions, and follow it to its end.

    Give --all, --tier N or names, with --incident and --reason. Says first what it will do and who is expected to fail,
    and asks for the environment's name. Ctrl-C leaves it running: --follow goes on watching. Exit code 3 when
    something is left: put it right, then --redrive.
    """
    given = ctx.ensure_object(options.Options).with_command(env=env, config=config, json=as_json)
    catalog = workspace.files(given).catalog
    asked = [bool(names), everything, tier is not None, follow is not None, redrive is not None]
    if sum(asked) != 1:
        raise CommandError("give one of --all, --tier N, names, --follow INCIDENT, --redrive INCIDENT", ExitCode.USAGE)
    if follow is not None or redrive is not None:
        if incident is not None or reason is not None:
            raise CommandError(
                "--follow and --redrive know the incident and its reason; leave --incident and --reason out",
                ExitCode.USAGE,
            )
        work = workspace.opened(given)
        emergencies = work.emergencies()
        run = emergencies.last(follow) if follow is not None else _again(emergencies, work, str(redrive), yes=yes)
    else:
        order = _order(catalog, incident, reason, everything=everything, tier=tier, names=names or [])
        work = workspace.opened(given)
        emergencies = work.emergencies()
        _confirm(work, order.scope, yes=yes)
        run = emergencies.start(order)
    talk.say(f"{run.order.incident}: {run.name} {'runs' if not run.is_over else 'is over'}")
    progress = _followed(work, emergencies, run)
    told = emergency_view.report(progress, work.environment.name)
    if given.json:
        talk.show_json(told)
    else:
        emergency_view.tell(told, progress)
    if code := emergency_view.verdict(progress):
        raise typer.Exit(int(code))


def _order(
    catalog: Catalog, incident: str | None, reason: str | None, *, everything: bool, tier: int | None, names: list[str]
) -> Order:
    missing = [
        option
        for option, text in (("--incident", incident), ("--reason", reason))
        if text is None or not text.strip() or len(text) > LONGEST or not text.isprintable()
    ]
    if missing:
        raise CommandError(
            f"{' and '.join(missing)}: must be one line that says something, at most {LONGEST} characters; "
            "the record keeps it",
            ExitCode.USAGE,
        )
    if tier is not None and tier not in catalog.tier_by_number:
        known = ", ".join(str(number) for number in sorted(catalog.tier_by_number))
        raise CommandError(f"there is no tier {tier}; there are {known}", ExitCode.USAGE)
    secrets = [secret.name for secret in secrets_named(catalog, names)]
    scope = scope_of(everything=everything, tier=tier, secrets=secrets)
    if not any(found for stage, found in concerned(catalog, scope).items() if stage != BY_HAND):
        raise CommandError(
            "nothing of that is rotated by a function; set it by hand with `secretsctl set`", ExitCode.USAGE
        )
    return Order(incident=str(incident), reason=str(reason), scope=scope)


def _again(emergencies: Emergencies, work: Workspace, incident: str, *, yes: bool) -> Run:
    _confirm(work, emergencies.last(incident).order.scope, yes=yes)
    return emergencies.again(incident)


def _confirm(work: Workspace, scope: Scope, *, yes: bool) -> None:
    name = work.environment.name
    emergency_view.announce(work.catalog, concerned(work.catalog, scope), name)
    if not yes and supplied.typed(f"Type the environment's name to start ({name}):") != name:
        raise CommandError("nothing was started; type the environment's name, or add --yes where nobody can be asked")


def _followed(work: Workspace, emergencies: Emergencies, run: Run) -> Progress:
    follower = Follower(emergencies, work.store, work.catalog)
    try:
        with emergency_view.shown() as show:
            for progress in follower.follow(run):
                show(progress)
    except KeyboardInterrupt:
        incident = run.order.incident
        talk.say(f"{incident}: goes on by itself; follow it again with `secretsctl emergency --follow {incident}`")
        raise typer.Exit(INTERRUPTED) from None
    return progress
