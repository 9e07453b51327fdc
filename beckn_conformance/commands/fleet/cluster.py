"""Plays the runs of a fleet on workers of Dask distributed, on this machine or others."""

from __future__ import annotations

import contextlib
import logging
import signal
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

import dask
import distributed
from dask.system import CPU_COUNT
from distributed.security import Security

from ...errors import UsageError
from ...process.bounded import Instruction
from .job import Job, Outcome, make

FAILURES = 3
"""Workers that may die during a run before it is given up. Each death before costs a retry."""
INTERVAL = 0.2
PATIENCE = 15.0
"""Seconds until a scheduler must answer and have a worker."""
LOST = "the scheduler was lost"
"""The reason of a run whose outcome nobody can fetch any more."""
TOPIC = "beckn-conformance-fleet"

Began = Callable[[str], None]


@contextlib.contextmanager
def local(workers: int | None = None) -> Iterator[distributed.Client]:
    """A cluster on this machine with this many workers, or one per CPU. It ends with the context."""
    settings: dict[str, Any] = {
        "distributed.scheduler.allowed-failures": FAILURES,
        # No run waits at one worker while another is idle.
        "distributed.scheduler.worker-saturation": 1.0,
        # No dashboard: nothing is served over HTTP.
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    with (
        _quietly(),
        tempfile.TemporaryDirectory(prefix="beckn-fleet-") as folder,
        # Otherwise Dask leaves its locks in the temporary folder of the machine.
        dask.config.set({**settings, "temporary-directory": folder}),
        distributed.LocalCluster(
            n_workers=workers or CPU_COUNT,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
            # Without TLS, any user of this machine could run code here.
            protocol="tls://",
            security=Security.temporary(),
            memory_limit=0,
            local_directory=folder,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.register_plugin(_IgnoresInterrupts())
        yield client


class _IgnoresInterrupts(distributed.WorkerPlugin):
    """Ignores Ctrl-C in workers. The runs that they start still receive it."""

    def setup(self, worker: distributed.Worker) -> None:
        signal.signal(signal.SIGINT, lambda number, frame: None)


@contextlib.contextmanager
def remote(address: str) -> Iterator[distributed.Client]:
    """The cluster of a running scheduler, without Dask's log; see ``connect``."""
    with _quietly(), connect(address) as client:
        yield client


def connect(address: str) -> distributed.Client:
    """Connects to a running scheduler, with the TLS settings of Dask's configuration.

    Raises UsageError where nothing answers there, or no worker comes.
    """
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, TimeoutError, TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"--scheduler {address}: no scheduler answers there ({error})") from error
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as error:
        client.close()
        raise UsageError(f"--scheduler {address}: it has no worker") from error
    return client


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Silences Dask's log of dead workers and lost connections, which the outcomes report."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def outcomes(client: distributed.Client, jobs: Sequence[Job], began: Began) -> Generator[Outcome]:
    """Plays every run, one at a time for each thread of a worker, and yields each outcome as it arrives.

    ``began`` is called with the name of each as it begins, and again if its worker died. Runs that are still going when
    the generator is closed are ended.
    """
    topic = f"{TOPIC}-{uuid.uuid4().hex}"
    client.subscribe_topic(topic, lambda event: began(event[1][0]))
    # Two runs with the same arguments are still two runs.
    futures = client.map(_play, jobs, [topic] * len(jobs), pure=False)
    names = {future: job.name for future, job in zip(futures, jobs, strict=True)}
    del futures
    try:
        for future in distributed.as_completed(list(names)):
            # A worker keeps the outcome of a run as long as this process refers to it.
            yield outcome_of(future, names.pop(future))
    finally:
        client.cancel(list(names))
        client.unsubscribe_topic(topic)


def outcome_of(future: Any, name: str) -> Outcome:
    """The outcome of a run that has ended, however that was."""
    try:
        outcome = future.result()
    except distributed.KilledWorker as error:
        times = error.allowed_failures + 1
        return Outcome(name, reason=f"{times} workers died while they ran it")
    except CancelledError:
        return Outcome(name, reason=LOST)
    # An exception in a worker concerns this gateway only, and is no verdict on it.
    except Exception as error:
        return Outcome(name, reason=f"its worker failed: {type(error).__name__}: {error}")
    assert isinstance(outcome, Outcome)
    return outcome


def followed(client: distributed.Client, job: Job, topic: str, instruction: Callable[[], Instruction]) -> Outcome:
    """Plays one run, and ends or kills it as ``instruction`` says.

    Its name and new lines of its progress are logged under a topic; None in their place says that it begins.
    """
    end = f"{topic}-{job.name}-{uuid.uuid4().hex}"
    future = client.submit(_play, job, topic, end, pure=False)
    told, done = False, threading.Event()
    future.add_done_callback(lambda _: done.set())
    while not future.done():
        asked = instruction()
        if asked == "kill":
            future.cancel(force=True)
            return Outcome(job.name, reason=LOST)
        if asked == "end" and not told:
            distributed.Event(end, client=client).set()
            told = True
        done.wait(INTERVAL)
    return outcome_of(future, job.name)


def _play(job: Job, topic: str, end: str = "") -> Outcome:
    """Plays a run, in a worker. One with an ``end`` logs its progress, and ends once the event of that name is set."""
    worker = distributed.get_worker()
    worker.log_event(topic, (job.name, None))
    wanted = _instruction(worker)
    if not end:
        return make(job, worker.local_directory, wanted)
    event = distributed.Event(end)
    due = 0.0

    def instruction() -> Instruction:
        nonlocal due
        now = time.monotonic()
        # The scheduler is asked, so not at every moment.
        if now < due:
            return wanted()
        due = now + 1.0
        return "end" if event.is_set() else wanted()

    return make(job, worker.local_directory, instruction, lambda lines: worker.log_event(topic, (job.name, lines)))


def _instruction(worker: distributed.Worker) -> Callable[[], Instruction]:
    """Returns a function that says whether the present task of a worker is still wanted."""
    key = worker.get_current_task()

    def instruction() -> Instruction:
        task = worker.state.tasks.get(key)
        return "play" if task is not None and task.state == "executing" else "kill"

    return instruction
