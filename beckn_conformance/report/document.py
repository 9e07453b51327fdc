"""Everything a run says, as report.json has it and ``schemas/report.json`` describes it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from .. import __version__
from ..session import Session
from ..verdict import Outcome, Verdict

FORMAT = "beckn-conformance-report/1"


def document(session: Session, verdict: Verdict) -> dict[str, Any]:
    """The report as JSON, masked."""
    config, specification = session.config, session.specification
    finished = session.started + datetime.timedelta(seconds=session.seconds)
    report = {
        "format": FORMAT,
        "verdict": verdict.verdict,
        "class": "strict" if session.strict else "core",
        "kit": {"name": "beckn-conformance", "version": __version__},
        "specification": {
            "title": specification.title,
            "source": specification.source,
            "digest": specification.digest,
        },
        "gateway": {
            "url": config.url,
            "name": config.gateway.get("name", ""),
            "vendor": config.gateway.get("vendor", ""),
            "version": config.gateway.get("version", ""),
            "binding": session.probed.binding.name if session.probed else config.binding,
        },
        "run": {
            "id": session.run_id,
            "started": session.started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
            "seconds": round(session.seconds, 3),
            "seed": session.seed,
            "exchanges": session.exchanges,
            "configuration_digest": config.digest,
            "reason": session.unreachable,
        },
        "summary": verdict.summary,
        "requirements": [_requirement(outcome) for outcome in verdict.outcomes],
        "configuration": _declared(config.declared),
        "waivers": [
            {
                "requirement": waiver.requirement,
                "pointer": waiver.pointer,
                "reason": waiver.reason,
                "owner": waiver.owner,
                "expires": waiver.expires.isoformat(),
                "class": waiver.kind,
                "matched": any(waiver in outcome.waivers for outcome in verdict.outcomes),
            }
            for waiver in config.waivers
        ],
        "statistics": session.tally.statistics.to_json(),
        "registrations": session.registrations,
        "observations": [*session.notes, *verdict.notes],
    }
    masked = session.masker.value(report)
    assert isinstance(masked, dict)
    return masked


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
    }


def _declared(declared: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration as written, with every secret that was written out replaced."""
    shown = dict(declared)
    if "signup_token" in shown and not str(shown["signup_token"]).startswith("env:"):
        shown["signup_token"] = "<secret>"
    if "headers" in shown:
        shown["headers"] = {
            name: value if str(value).startswith("env:") else "<secret>" for name, value in shown["headers"].items()
        }
    if "registrations" in shown:
        shown["registrations"] = [{"id": row["id"], "token": "<secret>"} for row in shown["registrations"]]
    return shown
