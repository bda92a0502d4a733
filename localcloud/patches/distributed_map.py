"""Distributed Maps: a failed child fails the Map, and neither items nor threads are without bounds.

moto makes a failed child's result null and lets the Map succeed. Here one failed child is one too many: tolerances
other than zero are not served, which errs on the closed side.
"""

import datetime
from typing import Any

from moto.s3.models import s3_backends
from moto.stepfunctions.parser.api import HistoryEventType, MapRunFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent, FailureEventException
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import StatesErrorNameType
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.eval.resource_eval_s3 import (
    ResourceEvalS3,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.item_reader.item_reader_decl import ItemReader
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.distributed_iteration_component import (
    DistributedIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as processor,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded

from localcloud.patches.hooks import execution_of, hooks_of
from localcloud.patches.patch import Patch


def _failure(env: Any, typ: StatesErrorNameType, cause: str) -> FailureEventException:
    name = StatesErrorName(typ)
    failed = MapRunFailedEventDetails(error=name.error_name or "", cause=cause)
    details = EventDetails(mapRunFailedEventDetails=failed)  # type: ignore[typeddict-item]  # one of many
    return FailureEventException(FailureEvent(env, name, HistoryEventType.MapRunFailed, details))


def _fails_with_its_child(original: Any) -> Any:
    def evaluate(self: Any, env: Any, job: Any) -> None:
        original(self, env, job)
        if hooks_of(env) is None or isinstance(env.program_state(), ProgramEnded):
            return
        # As AWS words it: which child failed and why is not said here.
        job.job_output = _failure(
            env,
            StatesErrorNameType.StatesExceedToleratedFailureThreshold,
            "The specified tolerated failure threshold was exceeded",
        )
        # Those still running are stopped, as AWS does; `env` here is the Map's, its frames are the children.
        with self._env._state_mutex:
            for child in list(self._env._frames):
                child.set_stop(datetime.datetime.now(datetime.UTC), cause=None, error=None)

    return evaluate


def _loops(original: Any) -> Any:
    """moto recurses once for each item that a thread takes, and runs into Python's limit at about a thousand."""

    def evaluate(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            frame = worker_frame.open_inner_frame()
            self._eval_job(env=frame, job=job)
            worker_frame.delete_frame(frame)
            failed = isinstance(job.job_output, Exception)
            following = None if failed or self.stopped() else self._job_pool.next_job()
            self._job_pool.close_job(job)
            job = following

    return evaluate


def _bounded(original: Any) -> Any:
    """moto starts a thread for each item, or MaxConcurrency of them; more than the workers can serve only wait."""

    def run(self: Any, env: Any, eval_input: Any) -> None:
        hooks = hooks_of(env)
        if hooks is not None:
            items, record = len(env.stack[-1]), eval_input.map_run_record
            hooks.fan_out(execution_of(env), eval_input.state_name, items)
            record.max_concurrency = max(1, min(record.max_concurrency or items, items, hooks.children))
        original(self, env, eval_input)

    return run


def _reads_the_object(original: Any) -> Any:
    """Straight from the store: moto would ask itself over HTTP at a port that the environment names."""

    def get_object(env: Any, resource_runtime_part: Any, state_credentials: Any) -> None:
        hooks = hooks_of(env)
        if hooks is None:
            original(env, resource_runtime_part, state_credentials)
            return
        wanted = env.stack.pop()
        backend = s3_backends[env.aws_execution_details.account]["aws"]
        found = backend.get_object(wanted["Bucket"], wanted["Key"], wanted.get("VersionId"))
        if found is None:
            raise KeyError(f"{wanted['Bucket']}/{wanted['Key']} does not exist")
        env.stack.append(found.value.decode())

    return get_object


def _names_its_failure(original: Any) -> Any:
    """An object that is absent or no JSON is States.ItemReaderFailed, not States.Runtime."""

    def evaluate(self: Any, env: Any) -> None:
        try:
            original(self, env)
        except FailureEventException:
            raise
        except Exception as error:
            raise _failure(env, StatesErrorNameType.StatesItemReaderFailed, str(error)) from error

    return evaluate


_worker = processor.DistributedItemProcessorWorker

PATCHES = (
    Patch("a failed child fails the distributed Map", _worker, "_eval_job", _fails_with_its_child),
    Patch("a distributed Map may have thousands of items", _worker, "_eval_pool", _loops),
    Patch("a Map runs as many children as there are workers", DistributedIterationComponent, "_map_run", _bounded),
    Patch("ItemReader reads from the store", ResourceEvalS3, "_handle_get_object", _reads_the_object),
    Patch("ItemReader failures have their name", ItemReader, "_eval_body", _names_its_failure),
)
