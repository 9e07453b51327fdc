"""Runs the suite under pytest: options in, verdict and exit status out. The plugin's hooks call it."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ..errors import KitError, SpecificationError, Unreachable, UsageError
from ..judging.outcome import Verdict
from ..process import crash
from ..process.interrupts import take_termination
from ..report import document, terminal
from ..run.assessment import TestOutcome
from ..run.session import Session
from ..untrusted.text import printable
from . import LETTERS, options
from .completion import Completion
from .distribution import groups
from .items import ScenarioTest
from .options import Settings
from .outcomes import OUTCOME, Outcomes, allure_results, reasons
from .progress_stream import streamed
from .schedule import Schedule
from .selection import Selection, names_tests
from .workers import Controller, hand_over, worker_of

CAME_TO_ITS_END = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""Exit statuses of pytest that the verdict's own replaces."""


class Campaign:
    """Composes the parts of a run under pytest, in this process."""

    def __init__(self, settings: Settings, config: pytest.Config) -> None:
        self._settings = settings
        self._config = config
        self._process = os.getpid()
        self.session = Session(
            settings.specification,
            settings.gateway,
            settings.seed,
            folder=settings.folder,
            worker=settings.worker,
            mask_key=settings.mask_key,
            strict=settings.strict,
            examples=settings.examples,
        )
        self._forget_termination = take_termination()
        self.selection = Selection(self.session)
        self.completion = Completion()
        self.workers = Controller(self.session)
        self._shared = bool(getattr(config.option, "numprocesses", None)) and not settings.worker
        """True if this process controls workers that play the tests."""
        self._schedule = Schedule(self.session, config)
        self._resources = contextlib.ExitStack()
        stream = streamed(settings.progress, self.session, lambda: len(self.selection.tests))
        self._resources.enter_context(stream)
        self._allure = allure_results(config, self.session, settings.worker)
        self.outcomes = Outcomes(self.session, self._allure)
        self.verdict: Verdict | None = None
        self.kit_fault = ""
        self.finished = False
        """True once the run was concluded, even if that failed."""
        self._report: dict[str, Any] = {}
        self._interrupted = False

    def select(self, items: list[pytest.Item]) -> None:
        """Takes the tests that -k and -m select, and schedules those of this process."""
        self.selection.selected(items)
        worker = worker_of(self._config)
        processes = worker["workercount"] if worker else 1
        self._schedule.arrange(self.selection.tests, groups((item.nodeid for item in items), processes))

    def begin(self, session: pytest.Session) -> bool | None:
        """Sends the first request; True ends the run, without an answer or after a plan."""
        if self._settings.plan:
            self._print_plan()
            return True
        if session.testsfailed and not self._config.option.continue_on_collection_errors:
            return None
        if self._config.option.collectonly or not (self._shared or self.selection.tests):
            return None
        # A worker writes no reports.
        loading = threading.Thread(target=_load_reports, daemon=True)
        if self._shared:
            loading.start()
            return None
        # Everything loaded by now stays, so the garbage collector need not search it.
        gc.freeze()
        self._schedule.draw()
        try:
            self.session.start()
        except Unreachable:
            # A worker has to go through its tests, or it counts as crashed.
            return None if self._settings.worker else True
        if not self._settings.worker:
            loading.start()
        return None

    def _print_plan(self) -> None:
        from .plan import plan

        print()
        for line in plan(self.session.config.url, self._settings.examples, self.selection.tests):
            print(self.session.masker.text(line))

    def run(self, item: pytest.Function) -> bool | None:
        """Plays the scenario of a test and ends the test with its outcome; None if it has no scenario."""
        test = ScenarioTest.of(item)
        if test is None:
            return None
        if os.getpid() != self._process:
            raise KitError("a plugin runs tests in processes of their own, in which no scenario can be played; use -n")
        if OUTCOME in item.stash:
            del item.stash[OUTCOME]
        catalogue = self.session.specification.requirements
        unknown = [name for name in test.requirements if name not in catalogue]
        if unknown:
            raise KitError(f"{item.nodeid} exercises {unknown[0]}, which the catalogue does not have")
        if self._allure is not None and test.requirements:
            self._allure.describe(item, [catalogue[name] for name in test.requirements])
        if self.session.run.unreachable:
            return self.outcomes.end(test, TestOutcome("inconclusive", self.session.run.unreachable))
        try:
            return self.outcomes.end(test, self._schedule.play(test))
        except OSError as error:
            # Nothing can be written any more. A worker still has to go through its tests, or it counts as crashed.
            self.kit_fault = f"{self.session.folder} cannot be written: {error.strerror}"
            if not self._settings.worker:
                item.session.shouldfail = self.kit_fault
            raise

    def finish(self, session: pytest.Session, exitstatus: int) -> None:
        """Concludes the run, writes the reports and sets the exit status. Status 3 if the kit fails at that."""
        self.finished = True
        plugins = self._config.pluginmanager
        # Hypothesis' own plugin would import it now, to say that no test has used it.
        if "hypothesis" not in sys.modules and (unused := plugins.get_plugin("hypothesispytest")):
            plugins.unregister(unused)
        try:
            self._finish(session, exitstatus)
        except Exception as error:
            # The summary prints what happened.
            self.crashed(error)
            session.exitstatus = 3

    def _finish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._settings.plan:
            self.session.close()
            if exitstatus in CAME_TO_ITS_END:
                session.exitstatus = 3 if self.completion.fault else 0
            return
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self.session.play_left()
        self.session.close()
        if self._settings.worker:
            hand_over(self._config, self.session, self.selection.available, self.kit_fault)
            return
        if self._config.option.collectonly or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not self.completion.fault:
            return
        verdict = self._conclude(exitstatus)
        from . import reports

        self._report = reports.write(self.session, verdict, self._config, self._allure, shared=self._shared)
        if exitstatus in CAME_TO_ITS_END or self.completion.uncollected:
            session.exitstatus = 3 if self.kit_fault else verdict.exit_status

    def _conclude(self, exitstatus: int) -> Verdict:
        """Draws the verdict from what this process and its workers have seen."""
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED and not self.completion.uncollected
        self._interrupted = interrupted
        if self._shared:
            self.session.take_over(self.workers.shares)
        if not interrupted:
            self.kit_fault = self.kit_fault or self.workers.fault or self.completion.fault
        if number := self.completion.skipped:
            subject = "1 test was" if number == 1 else f"{number} tests were"
            self.session.run.notes.append(f"{subject} skipped by something else than the kit, and did not run")
        left_out = self.completion.completed < max(self.selection.available, self.workers.available)
        narrowed = names_tests(self._config) or left_out or bool(self.workers.lost)
        narrowed = (narrowed or interrupted or bool(self.kit_fault)) and not self.session.run.unreachable
        self.verdict = self.session.conclude(narrowed=narrowed)
        unreported = self.completion.unreported(test.item.nodeid for test in self.selection.tests)
        # After a finding, options such as -x may end a run early, as asked for.
        if unreported and self.verdict.exit_status == 0 and not (interrupted or self.session.run.unreachable):
            why = f"something else than the kit ended the run before {unreported} of its tests"
            self.kit_fault = self.kit_fault or why
        return self.verdict

    def summarise(self, reporter: Any) -> None:
        """Prints findings, counts and verdict."""
        if self.verdict is None and not self.kit_fault:
            if not self.selection.tests and self.selection.available:
                reporter.write_line(
                    "nothing was selected; --conformance-plan lists all tests, each with its requirements"
                )
            return
        reporter.section("conformance")
        if letters := [f"{letter} {status}" for status, letter in LETTERS.items() if reporter.stats.get(status)]:
            reporter.write_line(f"letters above: {', '.join(letters)}")
        if self.verdict is not None:
            left_out = document.left_out(self.verdict)
            why = reasons(reporter.stats.get("inconclusive", ()))
            for text, style in terminal.lines(self._report, left_out, self.session.folder, why):
                reporter.write_line(text, **({style: True} if style else {}))
        if self._interrupted:
            reporter.write_line("interrupted: this covers what was judged until then")
        if self.kit_fault:
            reporter.write_line(f"a fault of the kit or of what runs it, no finding: {self.kit_fault}", red=True)

    def crashed(self, error: Exception) -> str:
        """Notes that an unexpected exception kept the kit from a verdict; returns why, in one line."""
        self.verdict = None
        line = crash.report(error, self.session.folder, self.session.masker.text)
        # If tests failed before, this may be a consequence.
        self.kit_fault = self.kit_fault or "; ".join(filter(None, (self.completion.fault, line)))
        return self.kit_fault

    def end(self) -> None:
        """Releases everything, however the run ended."""
        # The process ends, and pytest would search all that is left for garbage five times.
        gc.freeze()
        self._schedule.close()
        self._forget_termination()
        self.session.end()
        self._resources.close()
        if self._allure is not None:
            self._allure.close()
        if self._settings.server is not None:
            self._settings.server.stop()
        self._settings.lock.close()


def _load_reports() -> None:
    from . import reports

    reports.load()


@contextlib.contextmanager
def guarded(campaign: Campaign) -> Iterator[None]:
    """Ends the run in one line on an exception: with status 4 for a bad configuration, else 3."""
    try:
        yield
    except (pytest.UsageError, pytest.exit.Exception):
        raise
    except (UsageError, SpecificationError) as error:
        reason = printable(campaign.session.masker.text(str(error)))
        raise pytest.exit.Exception(reason, returncode=pytest.ExitCode.USAGE_ERROR) from None
    except Exception as error:
        raise pytest.exit.Exception(campaign.crashed(error), returncode=3) from None


class _Last:
    """Finishes a run in which another plugin failed to write its own report."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Iterator[None]:
        """Finishes after the hooks of all other plugins, if the kit's own hook was not reached."""
        with guarded(self._campaign):
            try:
                return (yield)
            finally:
                if not self._campaign.finished:
                    self._campaign.finish(session, exitstatus)


def start(config: pytest.Config, settings: Settings) -> Campaign:
    """Prepares a run, and registers the parts that are plugins of their own."""
    try:
        campaign = Campaign(settings, config)
        options.adapt(config)
    except (pytest.UsageError, pytest.exit.Exception):
        raise
    except (UsageError, SpecificationError) as error:
        raise pytest.UsageError(printable(str(error))) from None
    except Exception as error:
        raise pytest.exit.Exception(crash.report(error, None), returncode=3) from None
    config.pluginmanager.register(campaign.completion)
    config.pluginmanager.register(_Last(campaign))
    return campaign
