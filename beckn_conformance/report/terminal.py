"""The summary on the terminal: findings worst first, counts, and the verdict last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..config.gateway import Waiver
from ..judging.outcome import STATUSES, Outcome, Verdict, worded
from ..judging.tally import Found
from ..messages.shell import command
from ..record.run import Run
from ..untrusted.text import printable
from .files import SCRIPTS

NOTES = {"not-applicable": " (nothing to test under this configuration)"}
"""Explains a status that is not obvious."""
MOST = 60
"""Findings of one kind that are printed; the report has them all."""


def lines(
    run: Run, verdict: Verdict, report: Path | None, mask: Callable[[str], str] = str
) -> Iterator[tuple[str, str]]:
    """Lines with a style each: ``red``, ``yellow``, ``green``, ``bold`` or nothing."""
    for status, style in (("failed", "red"), ("warned", "yellow"), ("waived", "")):
        left = MOST
        for outcome in verdict.outcomes:
            if outcome.status != status:
                continue
            for found in outcome.findings:
                if left == 0:
                    yield "  … more of them in the report", ""
                left -= 1
                if left >= 0:
                    yield from _finding(outcome, found, style, mask, report)
    selected = [o for o in verdict.outcomes if not o.left_out]
    open_ = [o for o in selected if o.status == "inconclusive"]
    if open_ and not run.unreachable:
        yield "", ""
        yield f"inconclusive ({len(open_)})", "bold"
        for outcome in open_[:20]:
            yield (
                f"  {outcome.requirement.id}  {outcome.requirement.level}  {printable(mask(outcome.reason))}",
                "",
            )
        if len(open_) > 20:
            yield f"  … {len(open_) - 20} more in the report", ""
    yield "", ""
    for note in (*run.notes, *verdict.notes):
        yield f"note: {printable(mask(note))}", ""
    if run.unreachable:
        yield f"the gateway gives no usable answer: {printable(mask(run.unreachable))}", "yellow"
    yield f"requirements: {_counts(selected, len(verdict.outcomes) - len(selected))}", ""
    rate = run.exchanges / run.seconds if run.seconds else 0
    seed = "" if run.recorded else f", seed {run.seed}"
    yield f"{run.exchanges} exchanges in {run.seconds:.1f} s ({rate:.0f}/s){seed}", ""
    if report is not None:
        yield f"report: {report.with_suffix('.html')}", ""
    style = {"conformant": "green", "non-conformant": "red"}.get(verdict.verdict, "yellow")
    if verdict.waived and style == "green":
        style = "yellow"
    name = run.config.gateway.get("name") or run.config.url
    yield (
        f"{printable(mask(name))}: {worded(verdict.verdict, verdict.waived)} ({'strict' if run.strict else 'core'})",
        style,
    )


def _counts(selected: Sequence[Outcome], left_out: int) -> str:
    by_status = Counter(outcome.status for outcome in selected)
    counts = [f"{by_status[status]} {status}{NOTES.get(status, '')}" for status in STATUSES if by_status[status]]
    return ", ".join([*counts, *([f"{left_out} not or only partly tested"] if left_out else [])])


def _finding(
    outcome: Outcome, found: Found, style: str, mask: Callable[[str], str], report: Path | None
) -> Iterator[tuple[str, str]]:
    requirement, finding = outcome.requirement, found.finding
    yield "", ""
    title = f"{requirement.id}  {requirement.level}  {requirement.section}"
    waivers = outcome.waived.get(finding.id, ())
    yield title, "" if waivers else style
    times = f" ({found.count} times)" if found.count > 1 else ""
    cases = sorted(str(case).removeprefix(finding.operation).strip() for case in found.cases)
    cases = [case for case in cases if case]
    again = found.curl
    if found.script and report is not None:
        again = command(["sh", str(report.parent / SCRIPTS / f"{finding.id}.sh")])
    rows = (
        ("sent", finding.sent),
        ("expected", finding.expected),
        ("observed", finding.observed + times),
        *([("cases", ", ".join(cases[:12]) + (" …" if len(cases) > 12 else ""))] if len(cases) > 1 else []),
        ("finding", f"{finding.id}: {finding.message} at {finding.pointer or 'the whole body'}"),
        *(("waived", _excuse(waiver)) for waiver in waivers),
        ("reading", ", ".join(requirement.reading)),
        *(("steps" if number == 0 else "", step) for number, step in enumerate(found.steps)),
        *([("again", again)] if again else []),
    )
    for name, text in rows:
        yield f"  {name:9} {printable(mask(text))}", ""


def _excuse(waiver: Waiver) -> str:
    return f"until {waiver.expires.isoformat()} by {waiver.owner} ({waiver.kind}): {waiver.reason}"
