"""A run of the suite under pytest: options in, verdict and exit status out. The plugin's hooks call it."""

from __future__ import annotations

import contextlib
import functools
import gc
import hashlib
import inspect
import json
import os
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .. import suite
from ..config.paths import path_of
from ..errors import KitError, Unreachable, UsageError
from ..judging.obligations import obligations
from ..judging.outcome import Verdict
from ..messages.faults import FaultCase
from ..process import crash
from ..process.interrupts import take_termination
from ..record.journal import EXCHANGES, file_of, prepare
from ..report import document, files, junit, markdown, terminal
from ..run import embedded
from ..run.assessment import TestOutcome
from ..run.examples import CHUNK, Examples
from ..run.properties import Explorer, share
from ..run.session import Session
from ..specification.loading import choose, load
from ..untrusted.text import printable
from ..untrusted.writing import locked
from . import LETTERS, workers
from .completion import Told, consistent
from .progress import Progress, Screen
from .schedule import shares

if TYPE_CHECKING:
    from .allure import Results

SUITE = Path(suite.__file__).resolve().parent
ORDER = (
    *("test_signup", "test_get", "test_info_update", "test_documents_add", "test_others", "test_header"),
    *("test_transport", "test_concurrency", "test_lifecycle", "test_network", "test_fuzz", "test_schemathesis"),
    "test_robustness",
)
"""The files of the suite: what is made for one requirement first, since it tells most; what may do harm last."""
WINDOW = 400
"""Scenarios that play ahead of the one that is judged; what they exchanged is held until then."""
CALLS = 8
"""Calls of a scenario, or more, by which fewer of them play ahead where replies take much memory."""


CAME_TO_ITS_END = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""Exit statuses of pytest in whose place that of the verdict is given."""
HANDOVER = 1.0
"""Seconds between two times that a worker process writes down what it has shown."""
SECRETS = "conformance_secrets"
"""Key of ``workeroutput`` for the secrets of a worker process."""
MOST_PARTS = 16
"""Tests that one property is divided into at most."""


class Campaign:
    """Everything that a conformance run under pytest holds on to."""

    def __init__(self, session: Session, server: embedded.Embedded | None, config: pytest.Config) -> None:
        self.session = session
        self.verdict: Verdict | None = None
        self.kit_fault = ""
        self.finished = False
        """Whether the run was concluded, or that was tried."""
        self._server = server
        self._config = config
        self._process = os.getpid()
        self._screen = Screen(config)
        worker = getattr(config, "workerinput", None)
        self._worker_id: str | None = worker["workerid"] if worker else None
        self._forget_termination = take_termination()
        self._controller = bool(getattr(config.option, "numprocesses", None)) and worker is None
        self._handed_over = time.monotonic()
        self._due = obligations(session.specification, session.config)
        self._all = 0
        self._chosen: list[pytest.Function] = []
        self._shares: dict[str, str] = {}
        self._waiting: defaultdict[str, deque[pytest.Function]] = defaultdict(deque)
        """By share, the tests that were not set playing yet, in the order of that."""
        self._begun: set[str] = set()
        self.told = Told()
        self._lost_workers = 0
        self._named = config.args_source == pytest.Config.ArgsSource.ARGS
        self._report: Path | None = None
        self._explorers: dict[str, Explorer] = {}
        self._holding = contextlib.ExitStack()
        """The lock on the report folder, where this process has it."""
        self._allure: Results | None = None
        if config.getoption("allure_report_dir", None):
            from .allure import Results

            assert session.folder is not None
            results = Path(config.invocation_params.dir) / config.getoption("allure_report_dir")
            self._allure = Results(results, session.folder / file_of(EXCHANGES, self._worker_id or ""))

    @classmethod
    def from_pytest(cls, config: pytest.Config) -> Campaign:
        """Reads options and configuration, before any request; a bad one becomes pytest's usage error (status 4)."""
        option = config.getoption
        server = None
        holding = contextlib.ExitStack()
        try:
            choose(_folder(option("--conformance-spec")))
            specification = load()
            url = option("--gateway-url")
            overrides = {
                "binding": option("--gateway-binding"),
                "timeout": option("--gateway-timeout"),
                "patience": option("--gateway-patience"),
                "concurrency": option("--gateway-concurrency"),
                "rate": option("--gateway-rate"),
            }
            file = path_of(option("--gateway-config")) if option("--gateway-config") else None
            folder = config.invocation_params.dir / path_of(option("--conformance-report"))
            worker = getattr(config, "workerinput", None)
            prepare(folder)
            if not worker:
                holding.enter_context(locked(folder))
            gateway, server = embedded.reach(
                url, file, specification, overrides, start=not option("--conformance-plan")
            )
            if option("--forked", False):
                raise UsageError("--forked: tests are played side by side, which forked ones cannot be; use -n")
            if option("--fuzz-examples") < 1:
                raise UsageError(f"--fuzz-examples {option('--fuzz-examples')}: it takes at least one")
            if not worker:
                workers.clear(folder)
                (folder / crash.NAME).unlink(missing_ok=True)
        except UsageError as error:
            holding.close()
            raise pytest.UsageError(printable(str(error))) from None
        except KitError as error:
            holding.close()
            raise pytest.exit.Exception(printable(str(error)), returncode=3) from None
        session = Session(
            specification,
            gateway,
            _seed(worker, option("--hypothesis-seed", None)),
            folder=folder,
            worker=worker["workerid"] if worker else "",
            mask_key=_mask_key(worker),
            strict=option("--conformance-class") == "strict",
            examples=option("--fuzz-examples"),
        )
        campaign = cls(session, server, config)
        campaign._holding = holding
        if not campaign._named:
            config.args[:] = [str(SUITE)]
        # Settings of a project around the run may look for tests under other names.
        config.addinivalue_line("python_files", "test_*.py")
        config.addinivalue_line("python_functions", "test_")
        if option("tbstyle", "auto") == "auto":
            config.option.tbstyle = "no"
        # The findings say what failed; a list of the tests that found them would only hide the verdict.
        config.option.reportchars = option("reportchars", "").translate({ord("f"): None, ord("E"): None})
        return campaign

    # Collection.

    def _applies(self, item: pytest.Item) -> bool:
        """Whether a test is of use under what the vendor declared."""
        requirements = self.session.specification.requirements
        drawn = hasattr(getattr(item, "obj", None), "examples")
        needs = {requirements[name].needs for name in requirements_of(item) if name in requirements}
        if "verification" in needs and not (drawn or self.session.can_verify):
            return False
        if "peers" in needs and not self.session.config.peers:
            return False
        if "hostile" in needs and self.session.config.hostile == "none":
            return False
        fault = item.callspec.params.get("fault") if hasattr(item, "callspec") else None
        return not isinstance(fault, FaultCase) or fault.obligation in self._due.get(fault.requirement, ())

    def collected(self, items: list[pytest.Item]) -> None:
        """Before -k and -m: leaves out what was declared away, names requirements as keywords, counts the rest."""
        # What waits for the gateway to settle is begun first and judged last, so that the others fill the time; what
        # a gateway may not survive comes after everything else.
        items[:] = sorted(
            (item for item in items if self._applies(item)),
            key=lambda item: (may_do_harm(item), _settles(item), _place(item)),
        )
        for item in items:
            if hasattr(getattr(item, "obj", None), "play"):
                self._all += 1
                item.extra_keyword_matches.update(requirements_of(item))

    def selected(self, items: list[pytest.Item]) -> None:
        """After -k and -m: what is going to run, and what of it in one process."""
        # A plugin may have another order, such as a random one.
        items.sort(key=may_do_harm)
        self._chosen = [i for i in items if isinstance(i, pytest.Function) and hasattr(i.obj, "play")]
        processes = self._config.workerinput["workercount"] if self._worker_id is not None else 1  # type: ignore[attr-defined]
        self._shares = shares((item.nodeid for item in items), processes)
        # A property that is divided would leave no room for the others until all of it is judged.
        for item in sorted(self._chosen, key=lambda item: not _settles(item) or _is_divided(item)):
            self._waiting[self._shares[item.nodeid]].append(item)

    @property
    def narrowed(self) -> bool:
        """Whether any test of the suite was left out."""
        named = self._named and not all(
            Path(arg.split("::")[0]).resolve() == SUITE or arg == "beckn_conformance.suite" for arg in self._config.args
        )
        return named or self.told.ran < self._all or self._lost_workers > 0

    def divide(self, metafunc: pytest.Metafunc) -> None:
        """Makes a long property several tests, so that worker processes can share it."""
        if hasattr(metafunc.function, "examples"):
            parts = min(-(-self._count(metafunc.function) // CHUNK), MOST_PARTS)
            if parts > 1:
                names = [f"{n}_of_{parts}" for n in range(1, parts + 1)]
                metafunc.parametrize("example", [(n, parts) for n in range(parts)], ids=names)

    def _count(self, test: Any) -> int:
        """Examples of a property that are drawn in all."""
        share: float = test.share
        return max(1, round(int(self._config.getoption("--fuzz-examples")) * share))

    def scenarios(self, item: pytest.Function) -> int:
        """How many scenarios a test has, or examples where it is a property."""
        if not hasattr(item.obj, "examples"):
            return 1
        return share(self._count(item.obj), *_part(item))

    # Running.

    def begin(self, session: pytest.Session) -> bool | None:
        """Speaks to the gateway for the first time; a gateway that gives no answer ends the run."""
        if self._config.getoption("--conformance-plan"):
            self._plan()
            return True
        if session.testsfailed and not self._config.option.continue_on_collection_errors:
            return None
        if self._controller or self._config.option.collectonly or not self._chosen:
            return None
        # What is loaded by now stays; to search it for garbage again and again would only cost time.
        gc.freeze()
        try:
            self.session.start()
        except Unreachable:
            # A worker process has to go through its tests, or it is taken for a crashed one.
            return None if self._worker_id is not None else True
        return None

    def _plan(self) -> None:
        from .plan import plan

        print()
        for line in plan(self.session, [(i.nodeid, requirements_of(i), *self._plays(i)) for i in self._chosen]):
            print(self.session.masker.text(line))

    def _plays(self, item: pytest.Function) -> tuple[list[Any], float]:
        """What a test plays, and how often as much: of a property so much as is drawn at a time."""
        if not hasattr(item.obj, "examples"):
            return [play_of(item)], 1.0
        test: Any = item.obj
        drawn = self._examples_of(item).chunk(0, min(self._count(test), CHUNK))
        _, parts = _part(item)
        return [functools.partial(test.play, example=one) for one in drawn], self._count(test) / len(drawn) / parts

    def _examples_of(self, item: pytest.Function) -> Examples:
        test: Any = item.obj
        name = f"{item.path.stem}::{test.__name__}"
        return Examples(test.examples(self.session.config), self.session.run.seed, name)

    def run(self, item: pytest.Function) -> bool | None:
        """Plays a scenario together with its neighbours and turns its outcome into that of the test."""
        if not hasattr(item.obj, "play"):
            return None
        if os.getpid() != self._process:
            raise KitError("a plugin runs tests in processes of their own, in which no scenario can be played; use -n")
        if OUTCOME in item.stash:
            del item.stash[OUTCOME]
        requirements = requirements_of(item)
        unknown = [name for name in requirements if name not in self.session.specification.requirements]
        if unknown:
            raise KitError(f"{item.nodeid} exercises {unknown[0]}, which the catalogue does not have")
        if self._allure is not None and requirements:
            self._allure.describe(item, [self.session.specification.requirements[name] for name in requirements])
        if self.session.run.unreachable:
            return self._tell(item, TestOutcome("inconclusive", self.session.run.unreachable))
        if item.nodeid not in self._begun:
            self._begin(item)
        self._prefetch(item)
        try:
            return self._tell(item, self._outcome(item, requirements))
        except OSError:
            # Nothing can be written down any more. Workers go through their tests, or they are taken for crashed ones.
            if self._worker_id is None:
                item.session.shouldfail = "the record of the run cannot be written"
            raise

    def _outcome(self, item: pytest.Function, requirements: tuple[str, ...]) -> TestOutcome:
        if hasattr(item.obj, "examples"):
            explorer = self._explorer(item)
            progress = Progress(self._screen, self.session, item.name, explorer.count)
            outcome = explorer.run(requirements, node_id(item), progress)
            progress.close()
            del self._explorers[item.nodeid]
        else:
            outcome = self.session.play(item.nodeid, play_of(item), requirements, node_id(item))
        self._hand_over()
        return outcome

    def _tell(self, item: pytest.Function, outcome: TestOutcome) -> bool:
        """Ends a test the way that its outcome is told in: JUnit and Allure know nothing nearer to *inconclusive*
        than a test that was skipped, and nothing to *warned* or *waived* but a test that passed and has findings."""
        item.stash[OUTCOME] = outcome
        item.user_properties += self._properties(item, outcome)
        if self._allure is not None:
            found = [self.session.tally.record_of(finding) for finding in outcome.findings]
            self._allure.attach(outcome.status, found, self.session.masker.text)
        text = _printable(outcome.text)
        if outcome.status == "failed":
            pytest.fail(text, pytrace=False)
        if outcome.status == "inconclusive":
            pytest.skip(text)
        return True

    def _prefetch(self, item: pytest.Function) -> None:
        """Sets the tests that follow playing as well, so that a far gateway is not waited for in turn."""
        waiting = self._waiting[self._shares[item.nodeid]]
        most = 16 if self._config.option.maxfail else max(min(self.session.room / CALLS, WINDOW), 1)
        drawn = []
        # What was exchanged is held until it is judged, so what plays ahead is bounded; a property counts for all that
        # it draws at a time.
        room = most - self.session.playing
        while waiting and room > 0:
            other = waiting.popleft()
            if other.nodeid in self._begun:
                continue
            if hasattr(other.obj, "examples"):
                drawn.append(other)
                room -= min(self._count(other.obj), CHUNK)
            else:
                self._begin(other)
                room -= 1
        # To draw examples takes a while, in which the others are played.
        for other in drawn:
            self._begin(other)

    def _begin(self, item: pytest.Function) -> None:
        self._begun.add(item.nodeid)
        if hasattr(item.obj, "examples"):
            self._explorer(item)
        else:
            self.session.prefetch({item.nodeid: play_of(item)})

    def _explorer(self, item: pytest.Function) -> Explorer:
        """What plays a property; its first examples are drawn and under way from the first call on."""
        explorer = self._explorers.get(item.nodeid)
        if explorer is None:
            test: Any = item.obj
            explorer = Explorer(
                self.session, self._examples_of(item), test.play, item.nodeid, self._count(test), *_part(item)
            )
            explorer.begin()
            self._explorers[item.nodeid] = explorer
        return explorer

    def report(self, item: pytest.Item, call: pytest.CallInfo[None], report: Any) -> None:
        """Marks the report of a test with what it means."""
        outcome = item.stash.get(OUTCOME, None)
        plays = hasattr(getattr(item, "obj", None), "play")
        if report.when == "call" and outcome is not None and consistent(outcome.status, report):
            report.conformance = outcome.status
            if outcome.text:
                report.sections.append(("conformance", _printable(outcome.text)))
            if outcome.status == "inconclusive":
                report.longrepr = (str(item.path), item.location[1], call.excinfo.exconly() if call.excinfo else "")
        elif report.failed and call.excinfo is not None:
            error, mask = call.excinfo.value, self.session.masker.text
            expected = isinstance(error, pytest.fail.Exception) or not plays
            report.amiss = (
                _one_line(mask(call.excinfo.exconly())) if expected else crash.told(error, self.session.folder, mask)
            )
            report.longrepr = mask(str(report.longrepr))
        elif report.when == "call" and plays and not report.skipped:
            report.amiss = "it ended without telling its outcome"

    def _properties(self, item: pytest.Item, outcome: TestOutcome) -> Iterator[tuple[str, str]]:
        """What JUnit XML and whoever else reads the properties of a test are told; each requirement is followed by
        its level and section, each finding by its pointer."""
        yield "conformance", outcome.status
        for name in requirements_of(item):
            requirement = self.session.specification.requirements[name]
            yield "requirement", name
            yield "level", requirement.level
            yield "section", requirement.section
        for finding in outcome.findings:
            yield "finding", finding.id
            yield "pointer", printable(self.session.masker.text(finding.pointer))

    def equip(self, node: Any) -> None:
        """Gives a worker process what all of a run share."""
        node.workerinput["conformance_seed"] = self.session.run.seed

    def worker_done(self, worker: str, output: Mapping[str, Any]) -> None:
        """Takes over what a worker process has shown; what a crashed one had not handed over is lost."""
        assert self.session.folder is not None
        self.session.masker.add(*json.loads(output.get(SECRETS, "[]")))
        theirs = workers.take_over(self.session.folder, worker)
        if theirs is None or not theirs["complete"]:
            self._lost_workers += 1
            self.kit_fault = self.kit_fault or f"worker process {worker} ended before its time"
        if theirs is None:
            return
        self.session.tally.merge(theirs["tally"])
        self.session.run.registrations += theirs["registrations"]
        self.session.run.notes += [note for note in theirs["notes"] if note not in self.session.run.notes]
        self.session.run.unreachable = self.session.run.unreachable or theirs["unreachable"]
        self.session.run.binding = self.session.run.binding or theirs["binding"]
        self._elsewhere += theirs["exchanges"]
        self._all = max(self._all, theirs["all"])
        self.kit_fault = self.kit_fault or theirs["kit_fault"]

    def _hand_over(self, *, complete: bool = False) -> None:
        """In a worker process: writes down what was shown so far, now and then."""
        if self._worker_id is None or (not complete and time.monotonic() < self._handed_over + HANDOVER):
            return
        self._handed_over = time.monotonic()
        assert self.session.folder is not None
        shown = {
            "tally": self.session.tally.to_json(),
            "registrations": self.session.run.registrations,
            "notes": self.session.run.notes,
            "unreachable": self.session.run.unreachable,
            "binding": self.session.run.binding,
            "exchanges": self.session.exchanges,
            "all": self._all,
            "kit_fault": self.kit_fault,
            "complete": complete,
        }
        workers.hand_over(self.session.folder, self._worker_id, self.session.masker.value(shown))

    _elsewhere = 0

    # The end.

    def finish(self, session: pytest.Session, exitstatus: int) -> None:
        """Concludes, writes the report and sets the exit status."""
        self.finished = True
        if self._config.getoption("--conformance-plan"):
            self.session.close()
            session.exitstatus = 3 if self.told.fault else 0
            return
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            self.session.play_left()
        self.session.close()
        if self._worker_id is not None:
            self._hand_over(complete=True)
            # What one process knows to be secret, a gateway may have told another; it goes over no disk.
            self._config.workeroutput[SECRETS] = json.dumps(self.session.masker.secrets)  # type: ignore[attr-defined]
            return
        if self._config.option.collectonly or exitstatus == pytest.ExitCode.USAGE_ERROR:
            return
        fault = self.told.fault
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and not fault:
            return
        assert self.session.folder is not None
        interrupted = exitstatus == pytest.ExitCode.INTERRUPTED and not self.told.uncollected
        if self._controller and interrupted:
            for worker in workers.left(self.session.folder):
                self.worker_done(worker, {})
            self.kit_fault = ""
        if not interrupted:
            self.kit_fault = self.kit_fault or fault
        self.session.elsewhere = self._elsewhere
        if number := self.told.skipped:
            said = "1 test was" if number == 1 else f"{number} tests were"
            self.session.run.notes.append(f"{said} skipped by something else than the kit, and did not run")
        narrowed = self.narrowed or interrupted or bool(self.kit_fault)
        self.verdict = self.session.conclude(
            narrowed=narrowed and not self.session.run.unreachable, shared=self._controller
        )
        statistics = self.session.tally.statistics.to_json()
        report = document.document(self.session.run, self.verdict, statistics, self.session.masker)
        self._report = files.write(report, self.session.folder, self.session.specification)
        if trouble := markdown.append_to_job_summary(markdown.summary(report)):
            self.session.run.notes.append(trouble)
        if (option := self._config.getoption("xmlpath", None)) and (
            trouble := junit.complete(
                junit.place(option, self._config.invocation_params.dir), report, self.session.masker.text
            )
        ):
            self.session.run.notes.append(trouble)
        if self._allure is not None:
            if self._controller:
                self._allure.mask_again(self.session.masker.text)
            self._allure.conclude(report)
        if exitstatus not in CAME_TO_ITS_END and not self.told.uncollected:
            return
        session.exitstatus = 3 if self.kit_fault else self.verdict.exit_status

    def summarise(self, reporter: Any) -> None:
        """Prints findings, counts and verdict."""
        if self.verdict is None and not self.kit_fault:
            return
        reporter.section("conformance")
        if letters := [f"{letter} {status}" for status, letter in LETTERS.items() if reporter.stats.get(status)]:
            reporter.write_line(f"letters of tests: {', '.join(letters)}")
        if self.verdict is not None:
            for text, style in terminal.lines(self.session.run, self.verdict, self._report, self.session.masker.text):
                reporter.write_line(text, **({style: True} if style else {}))
        if self.kit_fault:
            reporter.write_line(f"a fault of the kit or of what runs it, no finding: {self.kit_fault}", red=True)

    def crashed(self, error: Exception) -> str:
        """Notes that the kit came to no verdict, for an exception that nobody expected; returns that in one line."""
        self.verdict = None
        said = crash.told(error, self.session.folder, self.session.masker.text)
        # Where tests failed before, the rest may only follow from that.
        self.kit_fault = "; ".join(filter(None, (self.told.fault, said)))
        return self.kit_fault

    def end(self) -> None:
        """Lets go of everything, however the run ended."""
        self._screen.close()
        self._forget_termination()
        self.session.end()
        if self._server is not None:
            self._server.stop()
        self._holding.close()


OUTCOME: pytest.StashKey[TestOutcome] = pytest.StashKey()


def requirements_of(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a test is there to exercise."""
    names: dict[str, None] = {}
    for mark in item.iter_markers("conformance"):
        names.update(dict.fromkeys(mark.args))
    return tuple(names)


def _printable(lines: str) -> str:
    return "\n".join(map(printable, lines.split("\n")))


def node_id(item: pytest.Item) -> str:
    """A node id that can be pasted after --pyargs, from any folder."""
    return f"beckn_conformance.suite.{item.path.stem}::{item.nodeid.partition('::')[2]}"


def _place(item: pytest.Item) -> int:
    """Where the file of a test stands in the order of the suite; tests of other folders come last."""
    return ORDER.index(item.path.stem) if item.path.stem in ORDER else len(ORDER)


def may_do_harm(item: pytest.Item) -> bool:
    """Whether a gateway may not survive the test, so that it comes after all others."""
    return _place(item) == len(ORDER) - 1


def _part(item: pytest.Function) -> tuple[int, int]:
    """Which part of a property a test is, and of how many."""
    parameters: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    part, parts = parameters.get("example", (0, 1))
    return part, parts


def _is_divided(item: pytest.Function) -> bool:
    """Whether the test is a part of a long property."""
    return hasattr(item, "callspec") and isinstance(item.callspec.params.get("example"), tuple)


def _settles(item: pytest.Item) -> bool:
    return getattr(getattr(item, "obj", None), "settles", False)


def play_of(item: pytest.Function) -> Any:
    """The scenario of a test, with the parameters that it takes: a plugin may have added some of its own."""
    given: dict[str, Any] = item.callspec.params if hasattr(item, "callspec") else {}
    taken = inspect.signature(item.obj.play).parameters
    return functools.partial(item.obj.play, **{name: value for name, value in given.items() if name in taken})


def _one_line(text: str) -> str:
    """A text of several lines in one."""
    return printable(" ".join(text.split()))


def _folder(option: str | None) -> Path | None:
    if option is None:
        return None
    folder = path_of(option).resolve()
    if not (folder / "requirements.yaml").is_file():
        raise UsageError(f"--conformance-spec {option}: there is no requirements.yaml")
    return folder


def _seed(worker: dict[str, Any] | None, option: object) -> int:
    """The seed of a run, the same in all its processes: the given one, also where it is a word, or a random one."""
    if worker and "conformance_seed" in worker:
        return int(worker["conformance_seed"])
    if option is None:
        return random.SystemRandom().randrange(2**31)
    try:
        return int(str(option))
    except ValueError:
        return int.from_bytes(hashlib.sha256(str(option).encode()).digest()[:4], "big")


def _mask_key(worker: dict[str, Any] | None) -> bytes | None:
    return hashlib.sha256(str(worker["testrunuid"]).encode()).digest() if worker else None
