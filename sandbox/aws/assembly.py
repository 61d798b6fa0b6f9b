"""One local AWS put together: moto, its memory, Lambda and Secrets Manager, and how they stop."""

import os
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

from moto.core.config import default_user_config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.aws.application import Application, Interceptor
from sandbox.aws.cloud import MotoCloud
from sandbox.aws.functions.backlog import Backlog
from sandbox.aws.functions.dispatcher import Dispatcher
from sandbox.aws.functions.executor import Executor
from sandbox.aws.functions.pool import EnvironmentPool
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.aws.functions.service import FunctionService
from sandbox.aws.kms_patches import install_kms_patches
from sandbox.aws.lambda_patches import install_lambda_patches
from sandbox.aws.memory.memory import Memory
from sandbox.aws.secretsmanager.rotation_worker import RotationWorker
from sandbox.aws.secretsmanager.service import SecretsManager
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, LOOPBACK, Settings

_SWEEP_SECONDS = 10.0


class LocalAwsParts:
    """The parts of one local AWS in this process; there can be one only, because moto's state is global."""

    def __init__(
        self,
        settings: Settings,
        *,
        port: int,
        shutdown: Callable[[], None],
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        """Restore the state and be ready to answer; nothing runs in the background before `start`."""
        prepare_process(settings, port)
        self._settings = settings
        self._port = port
        self._stopped = threading.Event()
        self._memory = Memory(settings.state, account=settings.account)
        cloud = MotoCloud(account=settings.account, region=settings.region, memory=self._memory)
        cloud.ensure_administrator()
        shutil.rmtree(settings.state / "functions" / "scratch", ignore_errors=True)
        self._pool = EnvironmentPool(
            state=settings.state,
            endpoint=f"http://{LOOPBACK}:{port}",
            region=settings.region,
            idle=settings.functions.idle,
            interpreter=lru_cache(maxsize=1)(ensure_runtime),
            assume_role=cloud.assume_role,
        )
        executor = Executor(pool=self._pool, put_logs=cloud.put_logs, init_timeout=settings.functions.init_timeout)
        self._backlog = Backlog(settings.state)
        self._dispatcher = Dispatcher(
            backlog=self._backlog, executor=executor, cloud=cloud, settings=settings.functions
        )
        functions = FunctionService(
            account=settings.account, executor=executor, dispatcher=self._dispatcher, cloud=cloud
        )
        install_kms_patches()
        install_lambda_patches(
            lambda region, name, qualifier, payload: functions.invoke_later(
                region=region, name=name, qualifier=qualifier, payload=payload
            )
        )
        storage = SecretStorage(settings.state)
        self._worker = RotationWorker(storage=storage, functions=functions, settings=settings.rotation)
        secrets = SecretsManager(
            account=settings.account, storage=storage, keys=cloud, functions=functions, worker=self._worker
        )
        self.application = Application(
            settings=settings,
            moto=DomainDispatcherApplication(create_backend_app),
            memory=self._memory,
            services={"secretsmanager": secrets.answer, "lambda": functions.answer},
            interceptors=interceptors,
            health=self.health,
            shutdown=shutdown,
        )

    def start(self) -> None:
        """Resume rotations and asynchronous events, and sweep idle environments."""
        self._dispatcher.start()
        self._worker.start()
        threading.Thread(target=self._sweep, name="function-sweep", daemon=True).start()

    def stop(self) -> None:
        """End background work; what was under way is resumed by the next process."""
        self._stopped.set()
        self._worker.stop()
        self._dispatcher.stop()
        self._pool.close()
        self._worker.join()
        self._dispatcher.join()
        self._memory.close()
        self._backlog.close()

    def health(self) -> dict[str, Any]:
        """What /_sandbox/health answers; `undurable` names moto services whose state could not be written."""
        return {
            "token": self._settings.token,
            "pid": os.getpid(),
            "port": self._port,
            "account": self._settings.account,
            "region": self._settings.region,
            "undurable": sorted(self._memory.undurable),
        }

    def _sweep(self) -> None:
        while not self._stopped.wait(_SWEEP_SECONDS):
            self._pool.sweep()


def prepare_process(settings: Settings, port: int) -> None:
    """Set the environment that moto reads, and drop whatever would let its own clients reach a real account."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        {
            "MOTO_ACCOUNT_ID": settings.account,
            "MOTO_PORT": str(port),
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
            "AWS_ACCESS_KEY_ID": ADMINISTRATOR_KEY,
            "AWS_SECRET_ACCESS_KEY": ADMINISTRATOR_SECRET,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{port}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    )
    # Executions run, instead of being recorded as running for ever.
    default_user_config["stepfunctions"]["execute_state_machine"] = True
