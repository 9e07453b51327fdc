"""Writes earl.jsonld: the outcome of every requirement in W3C EARL 1.0, as JSON-LD."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..specification.specification import Specification
from ..untrusted.text import printable
from .document import verdict_text
from .findings import FindingView

URN = "urn:beckn-conformance:"

CONTEXT: dict[str, Any] = {
    "earl": "http://www.w3.org/ns/earl#",
    "dct": "http://purl.org/dc/terms/",
    "ptr": "http://www.w3.org/2009/pointers#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "kit": f"{URN}terms:",
    **{
        name: {"@id": f"earl:{name}", "@type": "@id"}
        for name in ("assertedBy", "subject", "test", "result", "mode", "outcome", "pointer")
    },
    "info": "earl:info",
    "reference": {"@id": "ptr:reference", "@type": "@id"},
    "expression": "ptr:expression",
    **{name: f"dct:{name}" for name in ("title", "description", "identifier", "source", "hasVersion")},
    "isPartOf": {"@id": "dct:isPartOf", "@type": "@id"},
    "date": {"@id": "dct:date", "@type": "xsd:dateTime"},
    **{name: f"kit:{name}" for name in ("level", "section", "reading", "status", "conformanceClass")},
}
"""Part of every report, so that reading one needs no network."""

OUTCOMES = {
    "passed": "earl:passed",
    "failed": "earl:failed",
    "warned": "earl:failed",
    "waived": "earl:failed",
    "inconclusive": "earl:cantTell",
    "not-applicable": "earl:inapplicable",
    "untested": "earl:untested",
}
"""By status of a requirement. One that is not met has failed, even if it only warns or is waived; ``level`` and
``status`` say how much that counts."""

VERDICTS = {
    "conformant": "earl:passed",
    "non-conformant": "earl:failed",
    "inconclusive": "earl:cantTell",
    "incomplete": "earl:cantTell",
}


def document(report: Mapping[str, Any], specification: Specification) -> dict[str, Any]:
    """Makes one assertion about the gateway as a whole, and one about each requirement."""
    run = f"{URN}run:{_iri(report['run']['id'])}"
    kit = f"{URN}kit:{_iri(report['kit']['version'])}"
    gateway = quote(printable(report["gateway"]["url"]), safe=":/?#[]@!$&'()*+,;=%-._~")
    criterion = f"{URN}specification:{_iri(report['specification']['digest'])}"
    common = {"@type": "earl:Assertion", "assertedBy": kit, "subject": gateway, "mode": "earl:automatic"}
    version = report["gateway"]["version"]
    graph: list[dict[str, Any]] = [
        {"@id": kit, "@type": "earl:Software", "title": report["kit"]["name"], "hasVersion": report["kit"]["version"]},
        {
            "@id": gateway,
            "@type": "earl:TestSubject",
            "title": printable(report["gateway"]["name"] or report["gateway"]["url"]),
            **({"hasVersion": printable(version)} if version else {}),
        },
        {
            "@id": criterion,
            "@type": "earl:TestCriterion",
            "title": report["specification"]["title"],
            "source": report["specification"]["source"],
        },
        {"@id": run, **common, "test": criterion, "result": _verdict(report)},
    ]
    for requirement in report["requirements"]:
        name = _iri(requirement["id"])
        test = f"{URN}requirement:{name}"
        result = _result(requirement, report["run"]["finished"], run)
        graph.append(_requirement(test, requirement, criterion, specification))
        graph.append({"@id": f"{run}:{name}", **common, "test": test, "isPartOf": run, "result": result})
    return {"@context": CONTEXT, "@graph": graph}


def _verdict(report: Mapping[str, Any]) -> dict[str, Any]:
    waived = report["verdict"] == "conformant" and report["waived"]
    return {
        "@type": "earl:TestResult",
        # As for a requirement: one that a waiver excuses was not met.
        "outcome": "earl:failed" if waived else VERDICTS[report["verdict"]],
        "date": report["run"]["finished"],
        "status": report["verdict"],
        "conformanceClass": report["class"],
        **_info([verdict_text(report) if report["waived"] else "", report["run"]["reason"]]),
    }


def _requirement(
    test: str, requirement: Mapping[str, Any], criterion: str, specification: Specification
) -> dict[str, Any]:
    known = specification.requirements.get(requirement["id"])
    return {
        "@id": test,
        "@type": "earl:TestRequirement",
        "identifier": requirement["id"],
        "title": requirement["title"],
        **({"description": known.text} if known else {}),
        "isPartOf": criterion,
        "level": requirement["level"],
        "section": requirement["section"],
        "reading": requirement["reading"],
    }


def _result(requirement: Mapping[str, Any], finished: str, run: str) -> dict[str, Any]:
    findings = requirement["findings"]
    return {
        "@type": "earl:TestResult",
        "outcome": OUTCOMES[requirement["status"]],
        "date": finished,
        "status": requirement["status"],
        **_info([requirement["reason"], *(FindingView(finding, requirement).sentence for finding in findings)]),
        **({"pointer": [_pointer(finding, run) for finding in findings]} if findings else {}),
    }


def _pointer(finding: Mapping[str, Any], run: str) -> dict[str, Any]:
    """The member that a finding is about, in the first exchange that shows it."""
    return {
        "@type": "ptr:ExpressionPointer",
        "expression": printable(finding["pointer"]),
        "identifier": finding["id"],
        "description": printable(f"{finding['operation']}: {finding['message']}"),
        **({"reference": f"{run}:exchange:{_iri(finding['exchanges'][0])}"} if finding["exchanges"] else {}),
    }


def _info(texts: list[str]) -> dict[str, list[str]]:
    said = [printable(text) for text in texts if text]
    return {"info": said} if said else {}


def _iri(text: str) -> str:
    """Quotes a text as one part of a URN."""
    return quote(text, safe="", errors="replace")
