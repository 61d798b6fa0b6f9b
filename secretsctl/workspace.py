"""Everything that a command works with: the catalogue, the environment, its store, its functions' logs."""

from __future__ import annotations

from dataclasses import dataclass

from catalog import load, names
from catalog.environment import Environment
from catalog.model import Catalog
from secretsctl.emergency import Emergencies
from secretsctl.function_log import FunctionLog
from secretsctl.functions import Functions
from secretsctl.options import Options
from stores.aws import AwsStore
from stores.aws_session import AwsSession


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """An environment that was found to be the one that the credentials are of.

    `consumer` is the one whose role they are of, None if they are of something else.
    """

    environment: Environment
    catalog: Catalog
    store: AwsStore
    log: FunctionLog
    session: AwsSession
    consumer: str | None = None

    def emergencies(self) -> Emergencies:
        """The emergency's state machine."""
        return Emergencies(self.session.states(), self.environment)

    def functions(self) -> Functions:
        """The functions that are called by hand."""
        return Functions(self.session.functions(), self.environment)


@dataclass(frozen=True, kw_only=True)
class Files:
    """The catalogue and an environment as the files say, before anything was asked of AWS."""

    environment: Environment
    catalog: Catalog


def files(options: Options) -> Files:
    """The two files of an invocation: what is wrong with the arguments is said before AWS is asked.

    Raises:
        CommandError, CatalogError: no environment was given, or a file is wrong.
    """
    name = options.environment_name()
    return Files(environment=load.environment(name, options.config), catalog=load.catalog())


def opened(options: Options) -> Workspace:
    """The workspace for an invocation: two files and one call of GetCallerIdentity.

    Raises:
        CommandError, CatalogError: no environment was given, or a file is wrong.
        StoreError: AWS is not reachable, or the credentials are of another account.
    """
    read = files(options)
    environment, catalog = read.environment, read.catalog
    session = AwsSession(environment)
    caller = session.require_account()
    return Workspace(
        environment=environment,
        catalog=catalog,
        store=AwsStore(session.secretsmanager(), environment, catalog),
        log=FunctionLog(session.logs(), environment),
        session=session,
        consumer=_consumer(environment, catalog, caller),
    )


def _consumer(environment: Environment, catalog: Catalog, caller: str) -> str | None:
    """The consumer whose role `caller` is a session of: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION."""
    kind, _, rest = caller.rpartition(":")[2].partition("/")
    role = rest.partition("/")[0]
    if kind != "assumed-role":
        return None
    return next((entry.name for entry in catalog.consumers if names.named(environment, entry.name) == role), None)
