"""The pages that take files: recorded traffic to judge, and certificates to verify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import RedirectResponse, Response

from ....judging.outcome import worded
from ....untrusted.archive import is_zip
from ..refusals import Invalid
from ..store import Run
from . import presentation
from .pages import failed, show
from .visits import Visit

LARGEST_KEY = 64 * 1024
"""Bytes of a public key."""
MOST_RECENT = 20


def judge(visit: Visit) -> Response:
    values = {name: visit.text(name).strip() for name in ("url", "gateway", "class")}
    errors: Mapping[str, str] = {}
    if visit.request.method == "POST":
        try:
            return RedirectResponse(f"/runs/{judged(visit).id}", 303)
        except Invalid as error:
            errors = error.fields
    laboratory = visit.laboratory
    common: dict[str, Any] = {
        "values": values,
        "gateways": laboratory.gateways.list(visit.account),
        "recent": [run for run in laboratory.runs.list(visit.account) if run.kind == "judged"][:MOST_RECENT],
    }
    if errors:
        return failed(visit, "judge.html", errors, **common)
    return show(visit, "judge.html", errors={}, first="", **common)


def judged(visit: Visit) -> Run:
    """Judges the recorded traffic that was sent. Raises Invalid."""
    class_ = visit.text("class").strip()
    if class_ not in ("", "core", "strict"):
        raise Invalid({"class": "core or strict"})
    file = _file(visit)
    return visit.laboratory.examinations.judge(
        visit.account,
        file.file,
        file.filename or "",
        gateway=visit.text("gateway").strip(),
        url=visit.text("url").strip(),
        strict=class_ == "strict",
    )


def verify(visit: Visit) -> Response:
    own_key = bool(visit.site.public_key)
    values = {"key": visit.text("key")}
    if visit.request.method == "GET":
        return show(visit, "verify.html", values=values, errors={}, first="", own_key=own_key, result=None)
    try:
        result = _result(examined(visit), alone=not _is_zip(_file(visit)))
    except Invalid as error:
        return failed(visit, "verify.html", error.fields, values=values, own_key=own_key, result=None)
    return show(visit, "verify.html", values=values, errors={}, first="", own_key=own_key, result=result)


def examined(visit: Visit) -> dict[str, Any]:
    """Verifies the certificate that was sent, with the public key that was sent as text or file. Raises Invalid."""
    file = _file(visit)
    key = visit.form.get("key")
    content = key.file.read(LARGEST_KEY) if isinstance(key, UploadFile) else visit.text("key").strip().encode()
    return dict(visit.laboratory.examinations.verify(visit.account, file.file, file.filename or "", content))


def _file(visit: Visit) -> UploadFile:
    file = visit.form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid({"file": "choose a file"})
    return file


def _is_zip(file: UploadFile) -> bool:
    file.file.seek(0)
    return is_zip(file.file.read(4))


def _result(found: Mapping[str, Any], *, alone: bool) -> dict[str, Any]:
    """Puts the result of an examination into words; ``alone`` without the files that the certificate is about."""
    about = found["statement"]["predicate"]
    gateway, run = about["gateway"], about["run"]
    name = " ".join(filter(None, (gateway["name"], gateway["version"]))) or gateway["url"]
    said = f"{worded(about['verdict'], about['waived'])} ({about['class']})"
    facts = [
        ("URL", gateway["url"]),
        ("Verdict", said),
        ("Run", f"{presentation.day(run['started'])}, {run['exchanges']:,} exchanges"),
        ("Issued", presentation.day(about["issued"])),
        ("Valid until", presentation.day(about["expires"])),
        *(("Waiver", f"{one['requirement']} until {one['expires']}: {one['reason']}") for one in about["waivers"]),
    ]
    if found["valid"]:
        tone, title, what = "conformant", "It holds", f"It says that {name} is {said}."
    elif alone:
        tone, title = "inconclusive", "Its files are needed"
        what = f"It says that {name} is {said}. That holds only together with the files of the report."
    else:
        tone, title, what = "non-conformant", "It does not hold", f"Nothing follows from it about {name}."
    return {
        "tone": tone,
        "title": title,
        "what": what,
        "gateway": name,
        "facts": facts,
        "problems": found["problems"],
        "notes": found["notes"],
    }
