"""Inline maps, with a bound on threads and none on items.

moto starts a thread for each item and calls itself for each further one, so that a thousand items end in an error.
AWS runs up to 40 iterations at once: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import IterationWorker

_MOST_AT_ONCE = 40


def install_inline_maps() -> None:
    """Change moto's inline maps for the life of the process."""
    launched = InlineIterationComponent._launch_worker

    def launch(component: Any, env: Any, eval_input: Any, job_pool: Any) -> Any:
        number = getattr(job_pool, "sandbox_workers", 0)
        if number >= _MOST_AT_ONCE:
            return None  # moto does not use what this returns
        job_pool.sandbox_workers = number + 1
        return launched(component, env=env, eval_input=eval_input, job_pool=job_pool)

    InlineIterationComponent._launch_worker = launch  # type: ignore[method-assign, assignment]
    IterationWorker._eval_pool = _eval_pool  # type: ignore[method-assign, assignment]
    # moto takes the name of an iteration's error for one that the definition made up, which may not be States.Runtime.
    vars(iteration_worker)["CustomErrorName"] = ErrorName


def _eval_pool(worker: Any, job: Any, worker_frame: Any) -> None:
    while job is not None:
        frame = worker_frame.open_inner_frame()
        worker._eval_job(env=frame, job=job)
        worker_frame.close_frame(frame)
        following = None
        if not isinstance(job.job_output, Exception) and not worker.stopped():
            following = worker._job_pool.next_job()
            if following is None:
                # The last event of the last iteration is the source of the events that follow the map.
                worker_frame.event_history_context.source_event_id = frame.event_history_context.last_published_event_id
        if following is None:
            # The frame closes before the job: a map waits for its jobs, not for its workers.
            worker._env.close_frame(worker_frame)
            worker._job_pool.close_job(job)
            return
        worker._job_pool.close_job(job)
        job = following
    worker._env.close_frame(worker_frame)
