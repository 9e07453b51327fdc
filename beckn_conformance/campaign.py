"""A run of the suite under pytest: options in, verdict and exit status out. The plugin's hooks call it."""

from __future__ import annotations

import functools
import hashlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from . import embedded, suite
from .config import check_url, load_config
from .errors import KitError, Unreachable, UsageError
from .faults import FaultCase
from .journal import prepare
from .obligations import obligations
from .report import document, terminal
from .session import Session
from .specification import choose, load
from .verdict import Verdict

SUITE = Path(suite.__file__).resolve().parent
LAST = "test_robustness"
WINDOW = 400
"""Scenarios that play ahead of the one that is judged; what they exchanged is held until then."""


class Campaign:
    """Everything that a conformance run under pytest holds on to."""

    def __init__(self, session: Session, server: embedded.Embedded | None, config: pytest.Config) -> None:
        self.session = session
        self.verdict: Verdict | None = None
        self.kit_fault = ""
        self._server = server
        self._config = config
        self._worker: dict[str, Any] | None = getattr(config, "workeroutput", None)
        self._controller = bool(getattr(config.option, "numprocesses", None)) and self._worker is None
        self._due = obligations(session.specification, session.config)
        self._all = 0
        self._chosen: list[pytest.Function] = []
        self._ran = 0
        self._lost_workers = 0
        self._named = config.args_source == pytest.Config.ArgsSource.ARGS
        self._report: Path | None = None

    @classmethod
    def from_pytest(cls, config: pytest.Config) -> Campaign:
        """Reads options and configuration, before any request; a bad one becomes pytest's usage error (status 4)."""
        option = config.getoption
        server = None
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
            file = Path(option("--gateway-config")) if option("--gateway-config") else None
            folder = Path(config.invocation_params.dir) / option("--conformance-report")
            name = "exchanges.jsonl"
            worker = getattr(config, "workerinput", None)
            if worker:
                name = f"exchanges-{worker['workerid']}.jsonl"
            if embedded.wanted(url):
                planted = embedded.planted(url)
                overrides = {**planted.configuration, **{k: v for k, v in overrides.items() if v is not None}}
                gateway = load_config("http://127.0.0.1", file, specification, overrides)
                prepare(folder)
                if not option("--conformance-plan"):
                    server = embedded.Embedded(planted.arguments, gateway.binding)
                    gateway = server.configured(gateway)
            else:
                gateway = load_config(check_url(url), file, specification, overrides)
                prepare(folder)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None
        except KitError as error:
            raise pytest.exit.Exception(str(error), returncode=3) from None
        seed = option("--conformance-seed")
        session = Session(
            specification,
            gateway,
            random.SystemRandom().randrange(2**31) if seed is None else seed,
            folder=folder,
            journal_name=name,
            mask_key=_mask_key(worker),
            strict=option("--conformance-class") == "strict",
            crowded=worker is not None,
        )
        campaign = cls(session, server, config)
        if not campaign._named:
            config.args[:] = [str(SUITE)]
        # Settings of a project around the run may look for tests under other names.
        config.addinivalue_line("python_files", "test_*.py")
        config.addinivalue_line("python_functions", "test_")
        if option("tbstyle", "auto") == "auto":
            config.option.tbstyle = "no"
        # The findings say what failed; a list of the tests that found them would only hide the verdict.
        config.option.reportchars = config.option.reportchars.replace("f", "")
        return campaign

    # Collection.

    def _applies(self, item: pytest.Item) -> bool:
        """Whether a test is of use under what the vendor declared."""
        requirements = self.session.specification.requirements
        if not self.session.can_verify and any(
            name in requirements and requirements[name].needs == "verification" for name in requirements_of(item)
        ):
            return False
        fault = item.callspec.params.get("fault") if hasattr(item, "callspec") else None
        return not isinstance(fault, FaultCase) or fault.obligation in self._due.get(fault.requirement, ())

    def collected(self, items: list[pytest.Item]) -> None:
        """Before -k and -m: leaves out what was declared away, names requirements as keywords, counts the rest."""
        items[:] = [item for item in items if self._applies(item)]
        # What a gateway may not survive comes after everything else.
        items.sort(key=lambda item: item.path.stem == LAST)
        for item in items:
            if hasattr(getattr(item, "obj", None), "play"):
                self._all += 1
                item.extra_keyword_matches.update(requirements_of(item))

    def selected(self, items: Sequence[pytest.Item]) -> None:
        """After -k and -m: what is going to run."""
        self._chosen = [i for i in items if isinstance(i, pytest.Function) and hasattr(i.obj, "play")]

    @property
    def narrowed(self) -> bool:
        """Whether any test of the suite was left out."""
        named = self._named and not all(
            Path(arg.split("::")[0]).resolve() == SUITE or arg == "beckn_conformance.suite" for arg in self._config.args
        )
        return named or self._ran < self._all or self._lost_workers > 0

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
        try:
            self.session.start()
        except Unreachable:
            # A worker process has to go through its tests, or it is taken for a crashed one.
            return None if self._worker is not None else True
        return None

    def _plan(self) -> None:
        from .plan import plan

        writer = self._config.get_terminal_writer()
        writer.line()
        for line in plan(self.session, [(i.nodeid, requirements_of(i), _play(i)) for i in self._chosen]):
            writer.line(line)

    def run(self, item: pytest.Function) -> bool | None:
        """Plays a scenario together with its neighbours and turns its outcome into that of the test."""
        if not hasattr(item.obj, "play"):
            return None
        self._ran += 1
        if self.session.unreachable:
            item.stash[OUTCOME] = ("inconclusive", self.session.unreachable)
            return True
        self._prefetch(item)
        requirements = requirements_of(item)
        unknown = [name for name in requirements if name not in self.session.specification.requirements]
        if unknown:
            raise KitError(f"{item.nodeid} exercises {unknown[0]}, which the catalogue does not have")
        outcome = self.session.play(item.nodeid, _play(item), requirements, node_id(item))
        item.stash[OUTCOME] = (outcome.status, outcome.text)
        if outcome.status == "failed":
            pytest.fail(outcome.text, pytrace=False)
        return True

    def _prefetch(self, item: pytest.Function) -> None:
        """Sets the tests that follow playing as well, so that a far gateway is not waited for in turn."""
        if self._worker is not None and getattr(self._config.option, "dist", "no") not in (
            "loadfile",
            "loadscope",
        ):
            return
        ahead = 16 if self._config.option.maxfail else WINDOW
        place = self._chosen.index(item, self._place)
        self._place = place
        for other in self._chosen[max(place, self._ahead) : place + ahead]:
            if self._worker is None or other.path == item.path:
                self.session.prefetch({other.nodeid: _play(other)})
        self._ahead = max(self._ahead, place + ahead)

    _place = 0
    _ahead = 0

    def report(self, item: pytest.Item, call: pytest.CallInfo[None], report: Any) -> None:
        """Marks the report of a test with what it means; anything but a finding is a fault of the kit."""
        status, text = item.stash.get(OUTCOME, ("", ""))
        if status and report.when == "call":
            report.conformance = status
            report.user_properties += [
                ("conformance", status),
                ("requirements", " ".join(requirements_of(item))),
            ]
            if text:
                report.sections.append(("conformance", text))
        if (
            call.excinfo is not None
            and not call.excinfo.errisinstance(
                (pytest.fail.Exception, pytest.skip.Exception, pytest.exit.Exception, KeyboardInterrupt)
            )
            and hasattr(getattr(item, "obj", None), "play")
        ):
            self.kit_fault = f"{item.nodeid}: {call.excinfo.exconly()}"

    def worker_done(self, output: dict[str, Any] | None) -> None:
        """Takes over what a worker process has shown; a crashed one leaves nothing, and the run is incomplete."""
        if not output or "conformance" not in output:
            self._lost_workers += 1
            self.kit_fault = self.kit_fault or "a worker process ended before its time; what it had shown is lost"
            return
        theirs = output["conformance"]
        self.session.tally.merge(theirs["tally"])
        self.session.registrations += theirs["registrations"]
        self.session.notes += [note for note in theirs["notes"] if note not in self.session.notes]
        self.session.unreachable = self.session.unreachable or theirs["unreachable"]
        self._elsewhere += theirs["exchanges"]
        self._ran += theirs["ran"]
        self._all = max(self._all, theirs["all"])
        self.kit_fault = self.kit_fault or theirs["kit_fault"]

    _elsewhere = 0

    # The end.

    def finish(self, session: pytest.Session, exitstatus: int) -> None:
        """Concludes, writes the report and sets the exit status."""
        if self._config.getoption("--conformance-plan"):
            self.session.close()
            session.exitstatus = 0
            return
        self.session.close()
        if self._worker is not None:
            self._worker["conformance"] = {
                "tally": self.session.masker.value(self.session.tally.to_json()),
                "registrations": self.session.registrations,
                "notes": self.session.notes,
                "unreachable": self.session.unreachable,
                "exchanges": self.session.exchanges,
                "ran": self._ran,
                "all": self._all,
                "kit_fault": self.kit_fault,
            }
            return
        if (
            exitstatus in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)
            or self._config.option.collectonly
        ):
            return
        self.session.elsewhere = self._elsewhere
        self.verdict = self.session.conclude(narrowed=self.narrowed and not self.session.unreachable)
        assert self.session.folder is not None
        self._report = document.write(document.document(self.session, self.verdict), self.session.folder)
        if exitstatus in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR):
            return
        session.exitstatus = 3 if self.kit_fault else self.verdict.exit_status

    def summarise(self, reporter: Any) -> None:
        """Prints findings, counts and verdict."""
        if self.verdict is None:
            return
        reporter.section("conformance")
        for text, style in terminal.lines(self.session, self.verdict, self._report):
            reporter.write_line(text, **({style: True} if style else {}))
        if self.kit_fault:
            reporter.write_line(f"a fault of the kit itself, no finding: {self.kit_fault}", red=True)

    def end(self) -> None:
        """Lets go of everything, however the run ended."""
        self.session.close()
        if self._server is not None:
            self._server.stop()


OUTCOME: pytest.StashKey[tuple[str, str]] = pytest.StashKey()


def requirements_of(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a test is there to exercise."""
    names: dict[str, None] = {}
    for mark in item.iter_markers("conformance"):
        names.update(dict.fromkeys(mark.args))
    return tuple(names)


def node_id(item: pytest.Item) -> str:
    """A node id that can be pasted after --pyargs, from any folder."""
    return f"beckn_conformance.suite.{item.path.stem}::{item.nodeid.partition('::')[2]}"


def _play(item: pytest.Function) -> Any:
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return functools.partial(item.obj.play, **parameters)


def _folder(option: str | None) -> Path | None:
    if option is None:
        return None
    folder = Path(option).resolve()
    if not (folder / "requirements.yaml").is_file():
        raise UsageError(f"--conformance-spec {option}: there is no requirements.yaml")
    return folder


def _mask_key(worker: dict[str, Any] | None) -> bytes | None:
    return hashlib.sha256(str(worker["testrunuid"]).encode()).digest() if worker else None
