"""Makes the content of report.json, which ``schemas/report.json`` describes."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from ..judging.outcome import Outcome, Verdict, worded
from ..judging.waivers import Standing
from ..record.masking import Masker
from ..record.run import Run

FORMAT = "beckn-conformance-report/1"


def document(run: Run, verdict: Verdict, statistics: Mapping[str, Any], masker: Masker) -> dict[str, Any]:
    """Makes the masked report."""
    config, specification = run.config, run.specification
    finished = run.started + datetime.timedelta(seconds=run.seconds)
    report = {
        "format": FORMAT,
        "verdict": verdict.verdict,
        "waived": {level: list(ids) for level, ids in verdict.waived.items()},
        "class": "strict" if run.strict else "core",
        "kit": {"name": "beckn-conformance", "version": run.kit},
        "specification": {"title": specification.title, "source": specification.source, "digest": specification.digest},
        "gateway": {
            "url": config.url,
            "name": config.gateway.get("name", ""),
            "vendor": config.gateway.get("vendor", ""),
            "version": config.gateway.get("version", ""),
            "binding": run.binding or config.binding,
        },
        "run": {
            "id": run.id,
            "started": run.started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
            "seconds": round(run.seconds, 3),
            "seed": run.seed,
            "exchanges": run.exchanges,
            "recorded": run.recorded,
            "configuration_digest": config.digest,
            "reason": run.unreachable,
        },
        "summary": verdict.summary,
        "requirements": [_requirement(outcome) for outcome in verdict.outcomes],
        "configuration": config.shown,
        "waivers": [_waiver(standing) for standing in verdict.waivers],
        "statistics": statistics,
        "registrations": run.registrations,
        "observations": [*run.notes, *verdict.notes],
    }
    masked = masker.value(report)
    assert isinstance(masked, dict)
    return masked


def left_out(verdict: Verdict) -> frozenset[str]:
    """The requirements that only the selection of tests keeps from being settled."""
    return frozenset(outcome.requirement.id for outcome in verdict.outcomes if outcome.left_out)


def verdict_text(report: Mapping[str, Any]) -> str:
    """The verdict of a report in words, such as "conformant, 1 MUST waived"."""
    return worded(report["verdict"], report["waived"])


def _requirement(outcome: Outcome) -> dict[str, Any]:
    requirement = outcome.requirement
    return {
        "id": requirement.id,
        "level": requirement.level,
        "section": requirement.section,
        "title": requirement.title,
        "source": requirement.basis,
        "reading": list(requirement.reading),
        "status": outcome.status,
        "reason": outcome.reason,
        "obligations": {"exercised": outcome.exercised, "of": outcome.of},
        "tests": list(outcome.tests),
        "sample": outcome.sample,
        "findings": [found.to_json() for found in outcome.findings],
        **({"hindrance": outcome.hindrance} if outcome.hindrance else {}),
    }


def _waiver(standing: Standing) -> dict[str, Any]:
    waiver = standing.waiver
    return {
        "requirement": waiver.requirement,
        "pointer": waiver.pointer,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "expires": waiver.expires.isoformat(),
        "class": waiver.kind,
        "state": standing.state,
        "findings": list(standing.findings),
    }
