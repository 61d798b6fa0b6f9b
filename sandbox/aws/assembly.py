"""One local AWS put together: moto, its memory, Lambda and Secrets Manager, and how they stop."""

import os
import shutil
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from moto.core.config import default_user_config

from sandbox.aws.access.access import Access
from sandbox.aws.access.moto_patches import install_access_patches
from sandbox.aws.application import Application, Interceptor
from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.clock.clock import Clock
from sandbox.aws.cloud import MotoCloud
from sandbox.aws.control import Control, Handler
from sandbox.aws.events.wiring import EventBridge
from sandbox.aws.executions import Executions
from sandbox.aws.faults.faults import Faults
from sandbox.aws.faults.invocations import FaultyFunctions
from sandbox.aws.functions.backlog import Backlog
from sandbox.aws.functions.dispatcher import Dispatcher
from sandbox.aws.functions.executor import Executor
from sandbox.aws.functions.pool import EnvironmentPool
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.aws.functions.service import FunctionService
from sandbox.aws.kms_patches import install_kms_patches
from sandbox.aws.lambda_patches import install_lambda_patches
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.monitoring import Monitoring
from sandbox.aws.moto_dispatch import MotoDispatch
from sandbox.aws.secretsmanager.coming_due import DueDeletions, DueRotations
from sandbox.aws.secretsmanager.rotation_worker import RotationWorker
from sandbox.aws.secretsmanager.service import SecretsManager
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import ADMINISTRATOR_KEY, ADMINISTRATOR_SECRET, LOOPBACK, Settings
from sandbox.aws.trail.delivery import Delivery
from sandbox.aws.trail.digest import Signer
from sandbox.aws.trail.history import History
from sandbox.aws.trail.trail import Trail

_SWEEP_SECONDS = 10.0


class LocalAwsParts:
    """The parts of one local AWS in this process; there can be one only, because moto's state is global."""

    def __init__(
        self,
        settings: Settings,
        *,
        port: int,
        shutdown: Handler,
        interceptors: Sequence[Interceptor] = (),
    ) -> None:
        """Restore the state and be ready to answer; nothing runs in the background before `start`."""
        prepare_process(settings, port)
        self._settings = settings
        self._port = port
        clock = Clock(settings.state)
        self._agenda = Agenda(clock)
        control = Control(settings.token)
        control.add("GET", "health", lambda _given: self.health(), is_open=True)
        control.add("POST", "shutdown", shutdown)
        faults = Faults()
        faults.serve(control)
        self._stopped = threading.Event()
        install_access_patches()
        self._memory = Memory(settings.state, account=settings.account)
        storage = SecretStorage(settings.state)
        self._access = Access(settings, memory=self._memory, storage=storage)
        self._events = EventBridge(
            account=settings.account,
            endpoint=f"http://{LOOPBACK}:{port}",
            state=settings.state,
            memory=self._memory,
            access=self._access,
        )
        publish = self._events.bus.publish
        cloud = MotoCloud(account=settings.account, region=settings.region, memory=self._memory, publish=publish)
        cloud.ensure_administrator()
        shutil.rmtree(settings.state / "functions" / "scratch", ignore_errors=True)
        self._pool = EnvironmentPool(
            state=settings.state,
            endpoint=f"http://{LOOPBACK}:{port}",
            region=settings.region,
            idle=settings.functions.idle,
            interpreter=lru_cache(maxsize=1)(ensure_runtime),
            assume_role=self._access.execution_session,
            clock_offset=lambda: clock.offset,
        )
        self._monitoring = Monitoring(
            settings,
            memory=self._memory,
            service_may=self._access.service_may,
            invoke_later=lambda *event: functions.invoke_later(*event),
            publish=lambda event: publish(event),
        )
        self._monitoring.serve(control, self._agenda)
        executions = Executions(
            endpoint=f"http://{LOOPBACK}:{port}",
            memory=self._memory,
            metrics=self._monitoring.metrics,
            role_session=lambda role, name: self._access.role_session(
                role, service="states.amazonaws.com", session_name=name
            ),
            publish=lambda event: publish(event),
        )
        executions.install()
        executions.end_interrupted(settings.account)
        executor = Executor(
            pool=self._pool,
            put_logs=cloud.put_logs,
            init_timeout=settings.functions.init_timeout,
            on_invoked=self._monitoring.invoked,
            on_throttled=self._monitoring.throttled,
        )
        self._backlog = Backlog(settings.state)
        self._dispatcher = Dispatcher(
            backlog=self._backlog, executor=executor, cloud=cloud, settings=settings.functions
        )
        functions = FunctionService(
            executor=executor, dispatcher=self._dispatcher, cloud=cloud, service_may=self._access.service_may
        )
        install_kms_patches()
        install_lambda_patches(functions.invoke_later)
        self._history = History(settings.state)
        self._delivery = Delivery(
            account=settings.account,
            history=self._history,
            memory=self._memory,
            outlet=cloud,
            signer=Signer(settings.state / "trail.pem"),
            may_put=lambda resource, trail_arn: self._access.service_may(
                "cloudtrail.amazonaws.com",
                "s3:PutObject",
                resource,
                source_arn=trail_arn,
                given={"s3:x-amz-acl": "bucket-owner-full-control"},
            ),
            interval=settings.trail_interval,
        )
        trail = Trail(account=settings.account, history=self._history, delivery=self._delivery, publish=publish)
        trail.serve(control)
        self._worker = RotationWorker(
            storage=storage,
            functions=FaultyFunctions(functions, faults),
            settings=settings.rotation,
            on_event=trail.rotation,
        )
        secrets = SecretsManager(
            account=settings.account,
            storage=storage,
            keys=lambda call: self._access.secret_keys(call, trail.key_use),
            authorize=self._access.check,
            functions=functions,
            worker=self._worker,
        )
        self._agenda.add(DueRotations(storage=storage, wake=self._worker.queue.wake))
        self._agenda.add(DueDeletions(storage=storage))
        self._agenda.add_queue(self._worker.queue)
        self._agenda.add_queue(self._dispatcher.queue)
        self._events.join_agenda(self._agenda, dispatcher=self._dispatcher, cloud=cloud)
        self._agenda.serve(control)
        self.application = Application(
            settings=settings,
            moto=MotoDispatch(),
            memory=self._memory,
            services={
                "secretsmanager": secrets.answer,
                "lambda": functions.answer,
                "sts": self._access.tokens.answer,
                **self._events.services(),
                "cloudtrail": trail.answer,
                "monitoring": self._monitoring.cloudwatch.answer,
                "logs": self._monitoring.cloudwatch.check_filter,
            },
            identify=self._access.identify,
            interceptors=(trail.intercept, *interceptors, faults.intercept, self._access.judge),
            control=control,
        )

    def start(self) -> None:
        """Resume rotations and asynchronous events, and sweep idle environments."""
        self._agenda.start()
        self._delivery.start()
        self._monitoring.start()
        threading.Thread(target=self._sweep, name="function-sweep", daemon=True).start()

    def stop(self) -> None:
        """End background work; what was under way is resumed by the next process."""
        self._stopped.set()
        self._agenda.stop()
        self._delivery.stop()
        self._monitoring.stop()
        self._pool.close()
        self._agenda.join()
        self._delivery.join()
        self._monitoring.join()
        self._memory.close()
        self._access.close()
        self._events.close()
        self._history.close()
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
