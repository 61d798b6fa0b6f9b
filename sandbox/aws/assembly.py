"""One local AWS put together: moto, its memory, Lambda and Secrets Manager, and how they stop."""

import os
import shutil
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sandbox.aws.access.access import Access
from sandbox.aws.access.moto_patches import install_access_patches
from sandbox.aws.access.service_sessions import ServiceSessions
from sandbox.aws.application import Application, Interceptor
from sandbox.aws.athena_patches import install_athena_patches
from sandbox.aws.clock.agenda import Agenda
from sandbox.aws.clock.clock import Clock
from sandbox.aws.clock.sources import due_sources
from sandbox.aws.cloud import MotoCloud
from sandbox.aws.control import Control, Handler
from sandbox.aws.ec2_patches import install_ec2_patches
from sandbox.aws.events.wiring import EventBridge
from sandbox.aws.faults.faults import Faults
from sandbox.aws.faults.invocations import FaultyFunctions
from sandbox.aws.functions.backlog import Backlog
from sandbox.aws.functions.code_signing import CodeSigning
from sandbox.aws.functions.deployed import Function
from sandbox.aws.functions.dispatcher import Dispatcher
from sandbox.aws.functions.executor import Executor
from sandbox.aws.functions.pool import EnvironmentPool
from sandbox.aws.functions.runtime import ensure_runtime
from sandbox.aws.functions.senders import install_senders
from sandbox.aws.functions.service import FunctionService
from sandbox.aws.kms_patches import install_kms_patches
from sandbox.aws.lambda_patches import install_lambda_patches
from sandbox.aws.memory.memory import Memory
from sandbox.aws.monitoring.monitoring import Monitoring
from sandbox.aws.moto_dispatch import MotoDispatch
from sandbox.aws.pod_identities import PodIdentities
from sandbox.aws.preparation import prepare_process
from sandbox.aws.s3_lifecycle import install_lifecycle_patches
from sandbox.aws.s3_locks import install_lock_patches
from sandbox.aws.s3_patches import install_s3_patches
from sandbox.aws.secretsmanager.rotation_worker import RotationWorker
from sandbox.aws.secretsmanager.service import SecretsManager
from sandbox.aws.secretsmanager.storage import SecretStorage
from sandbox.aws.settings import LOOPBACK, Settings
from sandbox.aws.signing_jobs import SigningJobs
from sandbox.aws.sns_patches import install_sns_patches
from sandbox.aws.states.loading import StepFunctions
from sandbox.aws.trail.wiring import CloudTrail

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
        self._access = Access(
            settings, memory=self._memory, storage=storage, on_assumed=lambda *role: trail.role_assumed(*role)
        )
        ServiceSessions(self._access).serve(control)
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
        self._state_machines = StepFunctions(
            agenda=self._agenda,
            account=settings.account,
            endpoint=f"http://{LOOPBACK}:{port}",
            memory=self._memory,
            metrics=self._monitoring.metrics,
            role_session=lambda role, name, machine: self._access.role_session(
                role, service="states.amazonaws.com", session_name=name, source_arn=machine
            ),
            publish=lambda event: publish(event),
        )
        executor = Executor(
            pool=self._pool,
            put_logs=cloud.put_logs,
            may_log=self._may_log,
            init_timeout=settings.functions.init_timeout,
            on_invoked=self._monitoring.invoked,
            on_throttled=self._monitoring.throttled,
        )
        self._backlog = Backlog(settings.state)
        self._dispatcher = Dispatcher(
            backlog=self._backlog,
            executor=executor,
            cloud=cloud,
            settings=settings.functions,
            on_dropped=self._monitoring.dropped,
        )
        functions = FunctionService(
            executor=executor, dispatcher=self._dispatcher, cloud=cloud, service_may=self._access.service_may
        )
        install_kms_patches()
        install_athena_patches()
        install_ec2_patches()
        install_lock_patches()
        install_s3_patches(self._access.service_may)
        install_lifecycle_patches()
        install_sns_patches()
        install_lambda_patches(functions.invoke_later)
        install_senders(self._access.service_may)
        code_signing = CodeSigning(account=settings.account, memory=self._memory)
        self._cloudtrail = CloudTrail(
            settings, memory=self._memory, permissions=self._access, outlet=cloud, publish=publish
        )
        trail = self._cloudtrail.trail
        self._cloudtrail.serve(control, self._agenda)  # at a step's end before the alarms, which look at what it logged
        self._monitoring.serve(control, self._agenda)
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
        for source in due_sources(
            account=settings.account, memory=self._memory, storage=storage, wake_rotation=self._worker.queue.wake
        ):
            self._agenda.add(source)
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
                "lambda": lambda call: code_signing.answer(call) or functions.answer(call),
                "signer": SigningJobs(account=settings.account, memory=self._memory).answer,
                "eks": PodIdentities(account=settings.account, memory=self._memory).answer,
                "sts": self._access.tokens.answer,
                **self._events.services(),
                "cloudtrail": trail.answer,
                "states": self._state_machines.answer,
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
        self._cloudtrail.start()
        self._monitoring.start()
        self._state_machines.resume()
        threading.Thread(target=self._sweep, name="function-sweep", daemon=True).start()

    def stop(self) -> None:
        """End background work; what was under way is resumed by the next process."""
        self._stopped.set()
        self._agenda.stop()
        self._cloudtrail.stop()
        self._monitoring.stop()
        self._pool.close()
        self._agenda.join()
        self._cloudtrail.join()
        self._monitoring.join()
        self._memory.close()
        self._access.close()
        self._events.close()
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

    def _may_log(self, function: Function) -> bool:
        group = f"arn:aws:logs:{self._settings.region}:{self._settings.account}:log-group:{function.log_group}"
        may = self._access.role_may
        return all(
            may(function.role, f"logs:{action}", f"{group}:log-stream:x", session_name=function.name)
            for action in ("CreateLogStream", "PutLogEvents")
        )

    def _sweep(self) -> None:
        while not self._stopped.wait(_SWEEP_SECONDS):
            self._pool.sweep()
