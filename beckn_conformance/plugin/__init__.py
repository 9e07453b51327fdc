"""The pytest plugin: hooks only. Nothing else of the kit is imported before --gateway-url is given.

PYTEST_DONT_REWRITE: it asserts nothing, and a process that has imported it already is not to be warned of that.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .campaign import Campaign

T = TypeVar("T")

OUTPUT: pytest.StashKey[contextlib.ExitStack] = pytest.StashKey()
CAMPAIGN: pytest.StashKey[Campaign] = pytest.StashKey()
YOUNG = 20_000
"""New objects among which garbage is searched for. Little of what a run makes is garbage."""
LETTERS = {"warned": "w", "inconclusive": "i", "waived": "x"}
"""Outcomes that pytest has no word for. A waived one is nearest to its expected failure."""


def _call(config: pytest.Config, call: Callable[[Campaign], T]) -> T | None:
    """Calls the run, if there is one. An unexpected exception ends it with status 3."""
    campaign = config.stash.get(CAMPAIGN, None)
    if campaign is None:
        return None
    from .campaign import guarded

    with guarded(campaign):
        return call(campaign)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("beckn-conformance", "conformance of a Beckn gateway")
    add = group.addoption
    add("--gateway-url", metavar="URL", help="base URL of the gateway, or reference[:NAME] for the embedded one")
    add("--gateway-config", metavar="FILE", help="what the gateway's vendor declares (YAML)")
    add(
        "--gateway-binding",
        choices=("auto", "http", "envelope"),
        help="where Action, Token and Timestamp go (default auto)",
    )
    # Numbers are read as text, so that anything else is refused in one line; pytest would print four.
    add("--gateway-timeout", metavar="SECONDS", help="seconds to wait for a reply (default 10)")
    patience = "seconds to wait for a gateway that is busy or away (default 30)"
    add("--gateway-patience", metavar="SECONDS", help=patience)
    concurrency = "most requests in flight (default 24, and up to 64 if the gateway keeps up)"
    add("--gateway-concurrency", metavar="N", help=concurrency)
    add("--gateway-rate", metavar="N", help="most requests a second (default: no limit)")
    add(
        "--conformance-class",
        choices=("core", "strict"),
        default="core",
        help="strict: a SHOULD that is not met fails, too (default core)",
    )
    add("--conformance-report", metavar="DIR", default="reports", help="folder of the report (default reports/)")
    add("--conformance-plan", action="store_true", help="print what would be sent, and send nothing")
    add("--conformance-progress", metavar="FILE", help="write the progress of the run to this file, as JSON lines")
    add("--conformance-spec", metavar="DIR", help="judge by this changed copy of schemas/")
    add(
        "--fuzz-examples",
        metavar="N",
        default=25,
        help="examples of each property (default 25); --hypothesis-seed draws the same ones again",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "conformance(*requirements): requirements that a conformance test exercises")
    if config.getoption("--gateway-url") is not None:
        _start(config)


def _start(config: pytest.Config) -> None:
    gc.set_threshold(YOUNG)
    from ..process.output import lasting
    from .options import read

    if not hasattr(config, "workerinput"):
        output = contextlib.ExitStack()
        output.enter_context(lasting())
        config.stash[OUTPUT] = output
    settings = read(config)
    # The embedded gateway starts while this is imported, which takes as long.
    from .campaign import start

    config.stash[CAMPAIGN] = start(config, settings)


@pytest.fixture
def example() -> None:
    """Placeholder for the example of a property. The plugin draws the real ones."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    _call(metafunc.config, lambda campaign: campaign.selection.divide(metafunc))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Iterator[None]:
    _call(config, lambda campaign: campaign.selection.collected(items))
    yield
    _call(config, lambda campaign: campaign.select(items))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    return _call(session.config, lambda campaign: campaign.begin(session))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    campaign = pyfuncitem.config.stash.get(CAMPAIGN, None)
    return campaign.run(pyfuncitem) if campaign else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    _call(item.config, lambda campaign: campaign.outcomes.mark(item, call, report))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any) -> tuple[str, str, str] | None:
    status = getattr(report, "conformance", None)
    return (status, LETTERS[status], status.upper()) if report.when == "call" and status in LETTERS else None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    _call(node.config, lambda campaign: campaign.workers.equip(node))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    def scheduler(_: Campaign) -> Any:
        from . import distribution

        return distribution.scheduler(config, log)

    return _call(config, scheduler)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    output = getattr(node, "workeroutput", {})
    _call(node.config, lambda campaign: campaign.workers.worker_ended(node.gateway.id, output))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """Sets no timer of pytest-timeout for a scenario. It waits for those beside it, and has limits of its own."""
    return _call(item.config, lambda campaign: campaign.selection.plays(item) or None)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if campaign := session.config.stash.get(CAMPAIGN, None):
        campaign.finish(session, exitstatus)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    _call(config, lambda campaign: campaign.summarise(terminalreporter))


def pytest_unconfigure(config: pytest.Config) -> None:
    if campaign := config.stash.get(CAMPAIGN, None):
        try:
            campaign.end()
        except Exception as error:
            # Too late for pytest.exit: an exception from this hook ends the process with a traceback and status 1.
            print(campaign.crashed(error), file=sys.stderr)
            if session := config.pluginmanager.get_plugin("session"):
                session.exitstatus = 3
    if output := config.stash.get(OUTPUT, None):
        output.close()
