"""The pytest plugin: hooks only. Nothing else of the kit is imported before --gateway-url is given."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .campaign import Campaign

OUTPUT: pytest.StashKey[contextlib.ExitStack] = pytest.StashKey()
CAMPAIGN: pytest.StashKey[Campaign] = pytest.StashKey()
LETTERS = {"warned": "w", "inconclusive": "i", "waived": "x"}
"""What pytest has no word for; to be waived is nearest to what it calls an expected failure."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("beckn-conformance", "conformance of a Beckn gateway")
    add = group.addoption
    add(
        "--gateway-url",
        metavar="URL",
        help="base URL of the gateway, or reference[:NAME] for the embedded one",
    )
    add("--gateway-config", metavar="FILE", help="what the gateway's vendor declares (YAML)")
    add("--gateway-binding", choices=("auto", "http", "envelope"), help="where the header of a message lives")
    add("--gateway-timeout", type=float, metavar="SECONDS", help="until a reply must have come (default 10)")
    add(
        "--gateway-patience",
        type=float,
        metavar="SECONDS",
        help="for waiting out a gateway that is busy or away (default 30)",
    )
    add("--gateway-concurrency", type=int, metavar="N", help="requests in flight at most (default 24)")
    add("--gateway-rate", type=float, metavar="N", help="requests a second at most")
    add(
        "--conformance-class",
        choices=("core", "strict"),
        default="core",
        help="strict: a SHOULD not met fails too",
    )
    add(
        "--conformance-report",
        metavar="DIR",
        default="reports",
        help="folder of the report (default reports/)",
    )
    add(
        "--conformance-plan",
        action="store_true",
        help="print what would be sent, send nothing to the gateway",
    )
    add("--conformance-spec", metavar="DIR", help="a changed copy of schemas/")
    add(
        "--fuzz-examples",
        type=int,
        metavar="N",
        default=25,
        help="examples of each property (default 25); --hypothesis-seed draws the same ones again",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "conformance(*requirements): requirements that a conformance test exercises")
    if config.getoption("--gateway-url") is None:
        return
    from ..process import crash
    from ..process.output import lasting
    from .campaign import Campaign

    if not hasattr(config, "workerinput"):
        output = contextlib.ExitStack()
        output.enter_context(lasting())
        config.stash[OUTPUT] = output
    try:
        campaign = Campaign.from_pytest(config)
    except (pytest.UsageError, pytest.exit.Exception):
        raise
    except Exception as error:
        raise pytest.exit.Exception(crash.told(error, None), returncode=3) from None
    config.stash[CAMPAIGN] = campaign
    config.pluginmanager.register(campaign.told)
    config.pluginmanager.register(_Around(campaign))


@contextlib.contextmanager
def _guarded(campaign: Campaign) -> Iterator[None]:
    """Has an exception that nobody expected end the run in one line, and with the status of a fault of the kit."""
    try:
        yield
    except (pytest.UsageError, pytest.exit.Exception):
        raise
    except Exception as error:
        raise pytest.exit.Exception(campaign.crashed(error), returncode=3) from None


class _Around:
    """What goes around the hooks of all other plugins."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Iterator[None]:
        """Has a plugin that cannot write its own report take away neither the kit's nor the meaning of the status."""
        with _guarded(self._campaign):
            try:
                return (yield)
            finally:
                if not self._campaign.finished:
                    self._campaign.finish(session, exitstatus)


def _campaign(config: pytest.Config) -> Campaign | None:
    return config.stash.get(CAMPAIGN, None)


@pytest.fixture
def actor() -> None:
    """Stands for the provider that a scenario plays; the plugin hands the real one to the scenario."""


@pytest.fixture
def example() -> None:
    """Stands for the example of a property; the plugin draws the real ones."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if campaign := _campaign(metafunc.config):
        with _guarded(campaign):
            campaign.divide(metafunc)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    if campaign := _campaign(config):
        with _guarded(campaign):
            campaign.collected(items)
    yield
    if campaign:
        with _guarded(campaign):
            campaign.selected(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    if campaign := _campaign(session.config):
        with _guarded(campaign):
            return campaign.begin(session)
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    campaign = _campaign(pyfuncitem.config)
    return campaign.run(pyfuncitem) if campaign else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if campaign := _campaign(item.config):
        with _guarded(campaign):
            campaign.report(item, call, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: Any, config: pytest.Config) -> tuple[str, str, str] | None:
    status = getattr(report, "conformance", None)
    if report.when == "call" and status in LETTERS:
        return status, LETTERS[status], status.upper()
    return None


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    if campaign := _campaign(node.config):
        with _guarded(campaign):
            campaign.equip(node)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if not _campaign(config):
        return None
    from .schedule import scheduler

    return scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    if campaign := _campaign(node.config):
        with _guarded(campaign):
            campaign.worker_done(node.gateway.id, getattr(node, "workeroutput", {}))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """No timer of pytest-timeout for a scenario: it waits for all that play beside it, within bounds of its own."""
    return True if _campaign(item.config) and hasattr(getattr(item, "obj", None), "play") else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if campaign := _campaign(session.config):
        try:
            campaign.finish(session, exitstatus)
        except Exception as error:
            # The terminal is told in the summary.
            campaign.crashed(error)
            session.exitstatus = 3


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if campaign := _campaign(config):
        with _guarded(campaign):
            campaign.summarise(terminalreporter)


def pytest_unconfigure(config: pytest.Config) -> None:
    if campaign := _campaign(config):
        campaign.end()
    if output := config.stash.get(OUTPUT, None):
        output.close()
