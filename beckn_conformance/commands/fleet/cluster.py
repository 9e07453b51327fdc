"""Plays the runs of a fleet on workers of Dask distributed, on this machine or others."""

from __future__ import annotations

import contextlib
import logging
import signal
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import CancelledError
from typing import Any

import dask
import distributed
from dask.system import CPU_COUNT
from distributed.security import Security

from ...errors import UsageError
from .job import Job, Outcome, Wish, make

FAILURES = 3
"""Workers that may die during a run before it is given up. Each death before costs a retry."""
PATIENCE = 15.0
"""Seconds until a scheduler must answer and have a worker."""
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
    """The cluster of a running scheduler, with the TLS settings of Dask's configuration.

    Raises UsageError where nothing answers there, or no worker comes.
    """
    with _quietly():
        try:
            client = distributed.Client(address, timeout=PATIENCE)
        except (OSError, TimeoutError, TypeError, ValueError, RuntimeError) as error:
            raise UsageError(f"--scheduler {address}: no scheduler answers there ({error})") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError as error:
                raise UsageError(f"--scheduler {address}: it has no worker") from error
            yield client


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
    client.subscribe_topic(topic, lambda event: began(event[1]))
    # Two runs with the same arguments are still two runs.
    futures = client.map(_play, jobs, [topic] * len(jobs), pure=False)
    names = {future: job.name for future, job in zip(futures, jobs, strict=True)}
    del futures
    try:
        for future in distributed.as_completed(list(names)):
            # A worker keeps the outcome of a run as long as this process refers to it.
            yield _outcome(future, names.pop(future))
    finally:
        client.cancel(list(names))
        client.unsubscribe_topic(topic)


def _outcome(future: Any, name: str) -> Outcome:
    try:
        outcome = future.result()
    except distributed.KilledWorker as error:
        times = error.allowed_failures + 1
        return Outcome(name, reason=f"{times} workers died while they ran it")
    except CancelledError:
        return Outcome(name, reason="the scheduler was lost")
    # An exception in a worker concerns this gateway only, and is no verdict on it.
    except Exception as error:
        return Outcome(name, reason=f"its worker failed: {type(error).__name__}: {error}")
    assert isinstance(outcome, Outcome)
    return outcome


def _play(job: Job, topic: str) -> Outcome:
    """Plays a run, in a worker."""
    worker = distributed.get_worker()
    key = worker.get_current_task()
    worker.log_event(topic, job.name)

    def wish() -> Wish:
        task = worker.state.tasks.get(key)
        return "play" if task is not None and task.state == "executing" else "kill"

    return make(job, worker.local_directory, wish)
