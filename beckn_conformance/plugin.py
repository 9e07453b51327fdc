"""The pytest plugin: hooks only. Nothing else of the kit is imported before --gateway-url is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .campaign import Campaign

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
    from .campaign import Campaign

    config.stash[CAMPAIGN] = Campaign.from_pytest(config)


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
        campaign.divide(metafunc)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    if campaign := _campaign(config):
        campaign.collected(items)
    yield
    if campaign:
        campaign.selected(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    campaign = _campaign(session.config)
    return campaign.begin(session) if campaign else None


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    campaign = _campaign(pyfuncitem.config)
    return campaign.run(pyfuncitem) if campaign else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if campaign := _campaign(item.config):
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
        campaign.equip(node)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if not _campaign(config):
        return None
    from .shares import scheduler

    return scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    if campaign := _campaign(node.config):
        campaign.worker_done(node.gateway.id, getattr(node, "workeroutput", {}))


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item) -> bool | None:
    """No timer of pytest-timeout for a scenario: it waits for all that play beside it, within bounds of its own."""
    return True if _campaign(item.config) and hasattr(getattr(item, "obj", None), "play") else None


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    if campaign := _campaign(session.config):
        campaign.finish(session, exitstatus)


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if campaign := _campaign(config):
        campaign.summarise(terminalreporter)


def pytest_unconfigure(config: pytest.Config) -> None:
    if campaign := _campaign(config):
        campaign.end()
