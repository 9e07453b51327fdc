"""Reports and rows of a record, written down for the tests of what is made from them."""

from __future__ import annotations

from typing import Any

from beckn_conformance.specification.loading import load

HOSTILE = (
    "a | b `c` ``` ```` </code></details><script>alert(1)</script><img src=x onerror=alert(1)> ![i](https://evil.example/i)"
    " [l](javascript:alert(1)) @everyone #1 www.evil.example https://evil.example a@evil.example **b** _i_ ~~s~~ &amp;"
    " &#60;b&#62; \"q\" 's' <!-- $(id) \x1b[31m\x00\r\n\n# heading\n- item\n```\n<b>\u202e\ud800"
)
"""What a gateway would say to get out of where its words are put."""


def finding(id: str = "SIGNUP-NACK-PHONE-e4a407f0", **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "operation": "Provider/signup",
        "pointer": "/info/phone",
        "message": "a faulty value is acknowledged",
        "sent": 'Provider/signup with /info/phone = "1"',
        "expected": "NACK, with a message at /info/phone",
        "observed": 'ACK "received"',
        "cases": [],
        "exchanges": ["x1"],
        "count": 2,
        "curl": "curl http://127.0.0.1/",
        "steps": [],
        "script": "",
        "replay": "beckn-conformance run URL --pyargs beckn_conformance.suite.test_signup::test_one_fault",
        **changes,
    }


def report(found: dict[str, list[dict[str, Any]]] | None = None, **changes: Any) -> dict[str, Any]:
    """A report in which everything passed, but for requirements with findings and those with a status of their own.

    ``statuses`` gives those by requirement; other changes replace members of the report.
    """
    found = found or {}
    statuses = changes.pop("statuses", {})
    rows = [
        {
            "id": requirement.id,
            "level": requirement.level,
            "section": requirement.section,
            "title": requirement.title,
            "source": requirement.basis,
            "reading": list(requirement.reading),
            "status": statuses.get(requirement.id, "failed" if requirement.id in found else "passed"),
            "reason": "",
            "obligations": {"exercised": 1, "of": 1},
            "tests": [],
            "findings": found.get(requirement.id, []),
        }
        for requirement in load().requirements.values()
    ]
    summary = {"passed": 0, "failed": 0, "warned": 0, "inconclusive": 0}
    for row in rows:
        summary[row["status"]] = summary.get(row["status"], 0) + 1
    return {
        "format": "beckn-conformance-report/1",
        "verdict": "non-conformant" if found else "conformant",
        "waived": {},
        "class": "core",
        "kit": {"name": "beckn-conformance", "version": "0.1.0"},
        "specification": {"title": "Beckn Gateway Registration API", "source": "the page", "digest": "0" * 64},
        "gateway": {"url": "http://127.0.0.1:1", "name": "", "vendor": "", "version": "", "binding": "http"},
        "run": {
            "id": "0123456789ab",
            "started": "2026-11-22T20:00:00+00:00",
            "finished": "2026-11-22T20:00:09+00:00",
            "seconds": 9.0,
            "seed": 1,
            "exchanges": 3,
            "configuration_digest": "0" * 64,
            "reason": "",
        },
        "summary": summary,
        "requirements": rows,
        "configuration": {},
        "waivers": [],
        "registrations": [],
        "observations": [],
        **changes,
    }


def row(id: str = "x1", **changes: Any) -> dict[str, Any]:
    """An exchange as the record of a run has it."""
    return {
        "id": id,
        "operation": "Provider/get",
        "started": 1795379813.718136,
        "seconds": 0.00512,
        "purpose": "",
        "tags": [],
        "about": "",
        "trouble": "",
        "message": True,
        "request": {
            "method": "POST",
            "url": "http://127.0.0.1:1/v1/Provider/get?tenant=a%20b&empty=",
            "headers": [["Action", "Provider/get"], ["Content-Type", "application/json"], ["Cookie", "a=b; c=d"]],
            "content": '{"registration":{"id":"reg-1"}}',
        },
        "reply": {
            "status": 200,
            "headers": [["content-type", "application/json"], ["action", "ACK"], ["Set-Cookie", "s=1; HttpOnly"]],
            "content": '{"registration":{"id":"reg-1","status":"VERIFIED"}}',
        },
        **changes,
    }
