"""The summary on the terminal: findings worst first, counts, and the verdict last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from ..judging.outcome import STATUSES
from ..messages.text import counted
from ..untrusted.text import printable
from .document import verdict_text
from .findings import FindingView, views

Line = tuple[str, str]
"""A line with its style: ``red``, ``yellow``, ``green``, ``bold`` or none."""
STYLES = {"failed": "red", "warned": "yellow"}
"""By status of a finding."""
NOTES = {"not-applicable": " (nothing to test under this configuration)"}
"""Explains a status that is not obvious."""
MOST = 60
"""Findings of one status that are printed; the report has them all."""
MOST_INCONCLUSIVE = 20
"""Inconclusive requirements that are printed."""
MOST_REASONS = 5
"""Reasons of inconclusive tests that are printed."""
IN_COMMON = 5
"""Inconclusive requirements with the same hindrance that are printed as one line."""


def lines(
    report: Mapping[str, Any], left_out: Collection[str], folder: Path | None, reasons: Iterable[str] = ()
) -> Iterator[Line]:
    """Yields the lines of a masked report that lies in ``folder``, or nowhere.

    ``left_out`` are the requirements that only the selection of tests keeps from being settled, and ``reasons`` are
    those of inconclusive tests.
    """
    run, selected = report["run"], [row for row in report["requirements"] if row["id"] not in left_out]
    yield from _findings(report, folder)
    if not run["reason"]:
        rows = [row for row in selected if row["status"] == "inconclusive"]
        yield from _inconclusive(rows)
        if not rows:
            # The requirements of such tests passed by others, and then nothing else says why.
            yield from ((text, "") for text in inconclusive_tests(reasons))
    yield "", ""
    for note in report["observations"]:
        yield f"note: {printable(note)}", ""
    if run["reason"]:
        yield f"the gateway gives no usable answer: {printable(run['reason'])}", "yellow"
    yield f"requirements: {_counts(selected, len(left_out))}", ""
    yield _traffic(run), ""
    if folder is not None:
        yield f"report: {folder / 'report.html'}", ""
    yield _verdict(report)


def _findings(report: Mapping[str, Any], folder: Path | None) -> Iterator[Line]:
    for _, same in groupby(views(report), key=lambda view: view.status):
        for number, view in enumerate(same):
            if number == MOST:
                yield "  … more of them in the report", ""
                break
            yield from _finding(view, folder)


def _finding(view: FindingView, folder: Path | None) -> Iterator[Line]:
    requirement = view.requirement
    yield "", ""
    yield f"{requirement['id']}  {requirement['level']}  {requirement['section']}", STYLES.get(view.status, "")
    for name, text in view.rows(folder):
        yield f"  {name:9} {printable(text)}", ""


def _inconclusive(rows: list[Mapping[str, Any]]) -> Iterator[Line]:
    if rows:
        yield "", ""
        yield f"inconclusive ({len(rows)})", "bold"
    hindrances = Counter(row.get("hindrance", "") for row in rows)
    common = {why: count for why, count in hindrances.most_common() if why and count >= IN_COMMON}
    for why, count in common.items():
        yield f"  {count} requirements  {printable(why)}", ""
    rows = [row for row in rows if row.get("hindrance", "") not in common]
    for row in rows[:MOST_INCONCLUSIVE]:
        yield f"  {row['id']}  {row['level']}  {printable(row['reason'])}", ""
    if len(rows) > MOST_INCONCLUSIVE:
        yield f"  … {len(rows) - MOST_INCONCLUSIVE} more in the report", ""


def inconclusive_tests(reasons: Iterable[str]) -> Iterator[str]:
    """Yields the reasons of inconclusive tests, the most common first."""
    counts = Counter(reasons)
    for reason, count in counts.most_common(MOST_REASONS):
        yield f"  i  {printable(reason)}{f' ({count} tests)' if count > 1 else ''}"
    if len(counts) > MOST_REASONS:
        yield f"  i  … {len(counts) - MOST_REASONS} more reasons"


def _counts(selected: list[Mapping[str, Any]], left_out: int) -> str:
    by_status = Counter(row["status"] for row in selected)
    counts = [f"{by_status[status]} {status}{NOTES.get(status, '')}" for status in STATUSES if by_status[status]]
    return ", ".join([*counts, *([f"{left_out} not or only partly tested"] if left_out else [])])


def _traffic(run: Mapping[str, Any]) -> str:
    count = counted(run["exchanges"], "exchange")
    if run.get("recorded"):
        # How fast somebody else called says nothing of this run.
        return f"{count} over {run['seconds']:.1f} s"
    rate = f" ({run['exchanges'] / run['seconds']:.0f}/s)" if run["seconds"] else ""
    return f"{count} in {run['seconds']:.1f} s{rate}, seed {run['seed']}"


def _verdict(report: Mapping[str, Any]) -> Line:
    style = {"conformant": "green", "non-conformant": "red"}.get(report["verdict"], "yellow")
    if report["waived"] and style == "green":
        style = "yellow"
    name = report["gateway"]["name"] or report["gateway"]["url"]
    return f"{printable(name)}: {verdict_text(report)} ({report['class']})", style
