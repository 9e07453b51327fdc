"""Reports and rows of exchanges written down by hand, as runs leave them."""

import copy
import json
from types import MappingProxyType

from beckn_conformance.judging.statistics import BOUNDS
from tests.exchanges import GET, PENDING, SIGNUP, SPECIFICATION, UPDATE, VERIFIED

FOUND = "SIGNUP-NACK-PHONE"
HOSTILE = (
    "a | b `c` ``` ```` </code></details><script>alert(1)</script><img src=x onerror=alert(1)> ![i](https://evil.example/i)"
    " [l](javascript:alert(1)) @everyone #1 www.evil.example https://evil.example a@evil.example **b** _i_ ~~s~~ &amp;"
    " &#60;b&#62; \"q\" 's' <!-- $(id) \x1b[31m\x00\r\n\n# heading\n- item\n```\n<b>\u202e\ud800"
)
"""Text of a gateway that tries to be more than text."""
BODY = {
    "info": {"name": "Acme Buses", "phone": "+918023329991", "email": "a@example.org", "company_id": "X"},
    "documents": [{"name": "Fleet Insurance.pdf", "data": "JVBERi0x" * 40}],
    "api": {"endpoint_url": "https://api.example.org/beckn"},
}


def row(id_="x1", *, sent=BODY, received=BODY, **changes):
    """An exchange as ``exchanges.jsonl`` has it, with JSON bodies."""
    made = {
        "id": id_,
        "operation": SIGNUP,
        "started": 1777888800.0,
        "seconds": 0.0125,
        "purpose": "",
        "tags": [],
        "about": "",
        "trouble": "",
        "message": True,
        "request": {
            "method": "POST",
            "url": f"https://gw.example/api/{SIGNUP}",
            "headers": [["Action", SIGNUP], ["Token", "signup"], ["Content-Type", "application/json"]],
            "content": json.dumps(sent),
        },
        "reply": {
            "status": 200,
            "headers": [["action", "ACK"], ["message", "received"]],
            "content": json.dumps(received),
        },
    }
    return {**made, **changes}


def finding(requirement=FOUND, *, number=1, **changes):
    made = {
        "id": f"{requirement}-{number:08x}",
        "operation": SIGNUP,
        "pointer": "/info/phone",
        "message": "a faulty value is acknowledged",
        "sent": 'Provider/signup with /info/phone = "+918023329991" (malformed: no dash)',
        "expected": "NACK, with a message at /info/phone",
        "observed": 'ACK "received"',
        "cases": [f"{SIGNUP} /info/phone malformed"],
        "exchanges": ["x1"],
        "count": 3,
        "curl": 'U=https://gw.example/api; curl -sS "$U/Provider/signup"',
        "steps": [],
        "script": "",
        "replay": "beckn-conformance run URL --pyargs 'beckn_conformance.suite.test_signup::test_one_fault[x]'",
    }
    return {**made, **changes}


def waiver(requirement=FOUND, **changes):
    made = {
        "requirement": requirement,
        "pointer": None,
        "reason": "known",
        "owner": "ops",
        "expires": "2030-01-31",
        "class": "gateway-defect",
        "state": "used",
        "findings": [f"{requirement}-00000001"],
    }
    return {**made, **changes}


def report(*findings, statuses=MappingProxyType({}), **changes):
    """A report in which everything passed, but for requirements with findings, which go by their ids.

    ``statuses`` gives some requirements a status of their own; other changes replace members of the report.
    """
    rows = []
    for requirement in SPECIFICATION.requirements.values():
        mine = [copy.deepcopy(dict(f)) for f in findings if f["id"].rpartition("-")[0] == requirement.id]
        failed = "failed" if requirement.level == "MUST" else "warned"
        untested = bool(requirement.untestable)
        rows.append(
            {
                "id": requirement.id,
                "level": requirement.level,
                "section": requirement.section,
                "title": requirement.title,
                "source": requirement.basis,
                "reading": list(requirement.reading),
                "status": statuses.get(requirement.id, failed if mine else "untested" if untested else "passed"),
                "reason": requirement.untestable,
                "obligations": {"exercised": 0 if untested else 2, "of": 0 if untested else 2},
                "tests": [] if untested else ["beckn_conformance.suite.test_signup::test_plain_signup"],
                "sample": "" if untested else "x2",
                "findings": mine,
            }
        )
    reached = [row["status"] for row in rows]
    made = {
        "format": "beckn-conformance-report/1",
        "verdict": "non-conformant" if "failed" in reached else "conformant",
        "waived": {},
        "class": "core",
        "kit": {"name": "beckn-conformance", "version": "0.1.0"},
        "specification": {"title": SPECIFICATION.title, "source": SPECIFICATION.source, "digest": SPECIFICATION.digest},
        "gateway": {
            "url": "https://gw.example/api",
            "name": "Acme Gateway",
            "vendor": "Acme",
            "version": "4.2",
            "binding": "http",
        },
        "run": {
            "id": "0123456789ab",
            "started": "2026-05-04T10:00:00+00:00",
            "finished": "2026-05-04T10:00:09+00:00",
            "seconds": 9.5,
            "seed": 7,
            "exchanges": 3000,
            "configuration_digest": "0" * 64,
            "reason": "",
        },
        "summary": {status: reached.count(status) for status in dict.fromkeys(reached)},
        "requirements": rows,
        "configuration": {},
        "waivers": [],
        "statistics": statistics(),
        "registrations": ["reg-1", "reg-2"],
        "observations": ["the gateway speaks the binding http"],
    }
    return {**made, **changes}


def transition(before, after, operation=GET, **changes):
    made = {
        "subject": "registration",
        "before": before,
        "after": after,
        "operation": operation,
        "answer": "ACK",
        "count": 5,
        "findings": [],
    }
    return {**made, **changes}


def statistics(*transitions):
    seen = transitions or (
        transition(None, PENDING, SIGNUP),
        transition(PENDING, "UPDATE-PENDING", UPDATE),
        transition("UPDATE-PENDING", VERIFIED),
        transition(None, PENDING, SIGNUP, subject="document"),
    )
    counts = [0] * (len(BOUNDS) + 1)
    counts[BOUNDS.index(0.01)], counts[BOUNDS.index(0.1)] = 19, 1
    return {
        "answer_times": {
            "bounds": list(BOUNDS),
            "operations": {SIGNUP: {"count": 20, "unanswered": 1, "counts": counts}},
        },
        "transitions": [dict(one) for one in seen],
    }
