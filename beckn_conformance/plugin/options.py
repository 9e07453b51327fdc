"""Reads options and configuration into the settings of a run."""

from __future__ import annotations

import contextlib
import hashlib
import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from ..config.gateway import GatewayConfig
from ..config.keys import OPTIONS
from ..config.paths import path_of
from ..errors import SpecificationError, UsageError
from ..process import crash
from ..record.journal import prepare
from ..run import embedded
from ..specification.loading import load
from ..specification.specification import Specification
from ..suite.specification import choose
from ..untrusted.text import printable
from ..untrusted.writing import locked
from . import workers
from .isolation import SUITE


@dataclass(frozen=True)
class Settings:
    """The options and the configuration of a run."""

    specification: Specification
    declared: GatewayConfig
    """The configuration, without the addresses of the embedded gateway."""
    server: embedded.Embedded | None
    """The embedded reference gateway, if that is under test. It may still be starting."""
    folder: Path
    """The report folder."""
    lock: contextlib.ExitStack
    """Holds the lock on the report folder; empty in a worker process."""
    seed: int
    mask_key: bytes | None
    """The key of masks, if worker processes share it."""
    worker: str
    """The name of this worker process; empty in the controller."""
    strict: bool
    examples: int
    plan: bool
    """True if the run prints what it would send, and sends nothing."""
    progress: Path | None
    """The file of lines about the progress of the run."""

    @cached_property
    def gateway(self) -> GatewayConfig:
        """The configuration, once the embedded gateway has started. Raises KitError if it does not."""
        return self.declared if self.server is None else self.server.configured(self.declared)


def read(config: pytest.Config) -> Settings:
    """Reads options and configuration, and starts the embedded gateway if it is asked for.

    Raises pytest.UsageError for a bad one (exit status 4), and pytest.exit.Exception for a fault of the kit (3).
    """
    with contextlib.ExitStack() as lock:
        try:
            settings = _read(config, lock)
        except (UsageError, SpecificationError) as error:
            raise pytest.UsageError(printable(str(error))) from None
        except Exception as error:
            raise pytest.exit.Exception(crash.report(error, None), returncode=3) from None
        lock.pop_all()
    return settings


def _read(config: pytest.Config, lock: contextlib.ExitStack) -> Settings:
    option = config.getoption
    specification = load(path_of(option("--conformance-spec")) if option("--conformance-spec") else None)
    choose(specification)
    file = path_of(option("--gateway-config")) if option("--gateway-config") else None
    folder = config.invocation_params.dir / path_of(option("--conformance-report"))
    worker = workers.worker_of(config)
    prepare(folder)
    if worker is None:
        lock.enter_context(locked(folder))
    plan = option("--conformance-plan")
    gateway, server = embedded.begin(option("--gateway-url"), file, specification, _overrides(config), start=not plan)
    if option("--forked", False):
        raise UsageError("--forked: tests are played side by side, which forked ones cannot be; use -n")
    examples = _number(option("--fuzz-examples"))
    if not isinstance(examples, int) or examples < 1:
        raise UsageError(f"--fuzz-examples {examples}: it takes a whole number, 1 or more")
    if worker is None and not plan:
        workers.clear(folder)
        (folder / crash.NAME).unlink(missing_ok=True)
    return Settings(
        specification=specification,
        declared=gateway,
        server=server,
        folder=folder,
        lock=lock,
        seed=_seed(worker, option("--hypothesis-seed", None)),
        mask_key=worker[workers.MASK_KEY] if worker else None,
        worker=worker["workerid"] if worker else "",
        strict=option("--conformance-class") == "strict",
        examples=examples,
        plan=plan,
        progress=_progress(config) if worker is None and not plan else None,
    )


def _progress(config: pytest.Config) -> Path | None:
    option = config.getoption("--conformance-progress")
    if option and getattr(config.option, "numprocesses", None):
        raise UsageError("--conformance-progress: what worker processes do is known at the end only; leave out -n")
    return config.invocation_params.dir / path_of(option) if option else None


def _overrides(config: pytest.Config) -> dict[str, Any]:
    """The keys of the configuration that options override."""
    return {key: _number(config.getoption(f"--gateway-{key}")) for key in ("binding", *OPTIONS)}


def _number(text: str | None) -> int | float | str | None:
    """The number that an option gives, if it is one."""
    for kind in (int, float):
        with contextlib.suppress(ValueError, TypeError):
            return kind(text)  # type: ignore[arg-type]
    return text


def adapt(config: pytest.Config) -> None:
    """Changes the settings of pytest to those of a run."""
    if config.args_source != pytest.Config.ArgsSource.ARGS:
        config.args[:] = [str(SUITE)]
    # The settings of a project around may name tests otherwise.
    config.addinivalue_line("python_files", "test_*.py")
    config.addinivalue_line("python_functions", "test_")
    # A warning, say of a library, is no fault of the gateway, nor a reason to give no verdict.
    config.addinivalue_line("filterwarnings", "default")
    if config.getoption("tbstyle", "auto") == "auto":
        config.option.tbstyle = "no"
    # The findings say what failed. A list of the failed tests would only push them off the screen.
    reported = config.getoption("reportchars", "")
    config.option.reportchars = reported.translate({ord("f"): None, ord("E"): None})


def _seed(worker: dict[str, Any] | None, option: object) -> int:
    """The seed of a run, the same in all its processes: the given number or word, or a random one."""
    if worker and workers.SEED in worker:
        return int(worker[workers.SEED])
    if option is None:
        return random.SystemRandom().randrange(2**31)
    try:
        return int(str(option))
    except ValueError:
        return int.from_bytes(hashlib.sha256(str(option).encode()).digest()[:4], "big")
