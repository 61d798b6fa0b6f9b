"""Puts the commands together."""

from __future__ import annotations

import typer

from secretsctl import options
from secretsctl.commands import bootstrap, emergency, fetch, heal, retire, rotate, run
from secretsctl.commands import list as list_command
from secretsctl.commands import set as set_command
from secretsctl.verdict import EPILOG, VerdictGroup

app = typer.Typer(
    cls=VerdictGroup,
    epilog=EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def settings(
    ctx: typer.Context,
    env: options.GlobalEnv = None,
    config: options.GlobalConfig = None,
    as_json: options.Json = False,
) -> None:
    """Work with the secrets of LLM Observatory: see, give, rotate, retire, fetch them, and run programs with them.

    Results go to stdout, talk to stderr. No value is shown without --reveal.
    """
    ctx.obj = options.Options(env=env, config=config, json=as_json)


app.command("list", epilog=EPILOG)(list_command.list_secrets)
app.command("bootstrap", epilog=EPILOG)(bootstrap.bootstrap)
app.command("set", epilog=EPILOG)(set_command.set_secret)
app.command("rotate", epilog=EPILOG)(rotate.rotate)
app.command("retire", epilog=EPILOG)(retire.retire)
app.command("heal", epilog=EPILOG)(heal.heal)
app.command("emergency", epilog=EPILOG)(emergency.emergency)
app.command("fetch", epilog=EPILOG)(fetch.fetch)
app.command(
    "run",
    epilog="Exit codes: those of CMD; 127 if there is no such command; else as for every other command.",
    context_settings={"allow_interspersed_args": False},
)(run.run)
