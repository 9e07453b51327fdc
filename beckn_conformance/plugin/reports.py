"""Writes the files of the report folder, and what other options of pytest ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..judging.outcome import Verdict
from ..report import document, files, html, junit, markdown
from ..run.session import Session

if TYPE_CHECKING:
    from .allure import Results


def load() -> None:
    """Compiles the page, after this module was imported with all that writes reports.

    Both take a while, and are done while the first requests are on their way.
    """
    html.template()


def write(
    session: Session, verdict: Verdict, config: pytest.Config, allure: Results | None, *, shared: bool
) -> dict[str, Any]:
    """Writes all reports of a run and returns the content of report.json.

    Trouble with a file that the kit only adds to becomes a note. ``shared``: worker processes wrote results.
    """
    assert session.folder is not None
    run, mask = session.run, session.masker.text
    report = document.document(run, verdict, session.tally.statistics.to_json(), session.masker)
    files.write(report, session.folder, session.specification)
    troubles = [markdown.append_to_job_summary(markdown.summary(report))]
    if option := config.getoption("xmlpath", None):
        troubles.append(junit.complete(junit.place(option, config.invocation_params.dir), report, mask))
    report["observations"] = [*filter(None, troubles), *report["observations"]]
    if allure is not None:
        if shared:
            allure.mask_again(mask)
        allure.conclude(report)
    return report
