"""Calls to the reference gateway, written down in the manner of other programs."""

from __future__ import annotations

import asyncio
import base64
import copy
import datetime
import functools
import gzip
import hashlib
import json
import re
import zipfile
from dataclasses import dataclass
from typing import Any

import httpx

import reference_server
from beckn_conformance.judging.outcome import Verdict
from beckn_conformance.record import traffic
from beckn_conformance.run.rejudge import rejudge
from beckn_conformance.specification.loading import load

Entry = dict[str, Any]
ORIGIN = "https://gw.example"
FIRST = datetime.datetime(2026, 11, 1, 10, tzinfo=datetime.UTC)
APART = 3.0
"""Seconds between calls; what a call has changed has settled before the next one."""


async def _call_all(defects):
    entries = []
    app = reference_server.create_app(defects=defects)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:

        async def call(action, body, token):
            when = FIRST + datetime.timedelta(seconds=APART * len(entries))
            header = {"Action": action, "Token": token, "Timestamp": f"{when:%Y-%m-%dT%H:%M:%S}"}
            response = await client.post(f"/{action}", headers=header, json=body)
            entries.append(_entry(response, when))
            return response.json()

        for number, name in enumerate(("Société Grüne Linie", "दिल्ली मेट्रो")):
            info = {
                "name": name,
                "phone": f"+91-802332999{number}-12",
                "email": f"office{number}@example.com",
                "company_id": f"L0000{number}KA2001PLC123456",
            }
            documents = [{"name": f"Permit {number}.pdf", "data": "JVBERi0xLjQKJUFjbWUK"}]
            signup = {"info": info, "documents": documents, "api": {"endpoint_url": "https://api.acme.example.com/b"}}
            made = await call("Provider/signup", signup, "signup")
            about, token = {"registration": {"id": made["registration"]["id"]}}, made["auth"]["token"]
            await call("Provider/get", about, token)
            update = {**info, "name": name.upper(), "phone": f"+91-802332998{number}"}
            await call("Provider/info/update", {**about, "info": update}, token)
            await call("Provider/get", about, token)
            for place in range(2):
                data = base64.b64encode(f"%PDF-1.4\n%AcmeTax{number}{place}\n".encode()).decode()
                more = [{"name": f"Tax {number}{place}.pdf", "data": data}]
                await call("Provider/documents/add", {**about, "documents": more}, token)
            await call("Provider/get", about, token)
            await call("Provider/signup", {**signup, "info": {**info, "phone": "12"}}, "signup")
            await call("Provider/info/update", {**about, "info": {**update, "email": "nobody"}}, token)
            await call("Provider/get", about, token)
    return entries


def _entry(response, when):
    request = response.request
    return {
        "startedDateTime": when.isoformat(timespec="milliseconds"),
        "time": 20.5,
        "request": {
            "method": request.method,
            "url": str(request.url),
            "headers": [{"name": name, "value": value} for name, value in request.headers.items()],
            "postData": {"mimeType": "application/json", "text": request.content.decode()},
            "bodySize": len(request.content),
        },
        "response": {
            "status": response.status_code,
            "headers": [{"name": name, "value": value} for name, value in response.headers.items()],
            "content": {
                "size": len(response.content),
                "mimeType": "application/json",
                "text": response.content.decode(),
            },
            "bodySize": len(response.content),
        },
        "cache": {},
        "timings": {"send": 0, "wait": 20.5, "receive": 0},
    }


@functools.lru_cache(maxsize=8)
def _recorded(defects):
    return asyncio.run(_call_all(defects))


def entries(*defects):
    """What a proxy records that does everything well."""
    return copy.deepcopy(_recorded(defects))


def archive(calls):
    return {"log": {"version": "1.2", "creator": {"name": "a recorder", "version": "1"}, "entries": calls}}


def field(part, name, value):
    """Sets a header field, or takes it out."""
    part["headers"] = [one for one in part["headers"] if one["name"].casefold() != name.casefold()]
    if value is not None:
        part["headers"].append({"name": name, "value": value})


@dataclass(frozen=True)
class Judged:
    """What judging a recording comes to."""

    found: set[tuple[str, str, str]]
    """Requirement, operation and pointer of each finding."""
    notes: str
    verdict: Verdict

    def status(self, requirement):
        return next(o.status for o in self.verdict.outcomes if o.requirement.id == requirement)


def judged(source, url=None):
    folder = source.parent / f"report of {source.name}"
    traffic.record(source, folder, load(), url=url, file=None, strict=True)
    result = rejudge(folder, load())
    found = {
        (record.finding.requirement, record.finding.operation, record.finding.pointer)
        for records in result.tally.found.values()
        for record in records.values()
        if not result.tally.takes_back(record)
    }
    return Judged(found, "\n".join(result.run.notes), result.conclude())


def judged_as(calls, folder, encoding="utf-8"):
    """What is found in calls that are written to a HAR."""
    path = folder / "traffic.har"
    path.write_text(json.dumps(archive(calls), ensure_ascii=False), encoding=encoding)
    return judged(path)


# The manners of recorders.


def _each(change):
    def style(calls):
        for call in calls:
            change(call)
        return calls

    return style


def _at(call):
    return datetime.datetime.fromisoformat(call["startedDateTime"])


def _timed(write):
    return _each(lambda call: call.update(startedDateTime=write(_at(call))))


def _chromium(call):
    """HTTP/2: pseudo fields, names in lower case, and a transfer size of its own."""
    request, response = call["request"], call["response"]
    request["headers"].insert(0, {"name": ":authority", "value": "gw.example"})
    response["headers"].insert(0, {"name": ":status", "value": "200"})
    response.update(bodySize=-1, _transferSize=12345, _error=None)
    call.update(connection="443", _initiator={"type": "script"}, _resourceType="fetch")


def _mitmproxy(call):
    """Replies came compressed: sizes are those of the wire, the text is not."""
    response = call["response"]
    packed = gzip.compress(response["content"]["text"].encode() + b" " * 5000)
    field(response, "content-encoding", "gzip")
    field(response, "content-length", str(len(packed)))
    response["content"].update(size=len(packed) * 40, compression=-1)
    call["startedDateTime"] = _at(call).isoformat(timespec="microseconds")


def _chrome_har(call):
    call["response"]["content"]["size"] *= 2


def _fiddler(call):
    when = _at(call).astimezone(datetime.timezone(datetime.timedelta(hours=5, minutes=30)))
    call["startedDateTime"] = when.strftime("%Y-%m-%dT%H:%M:%S.0000001+05:30")
    call["response"]["content"]["size"] = -1


def _charles(call):
    content = call["response"]["content"]
    content.update(text=base64.b64encode(content["text"].encode()).decode(), encoding="base64")
    call["response"]["status"] = str(call["response"]["status"])


def _still_packed(call):
    content = call["response"]["content"]
    packed = gzip.compress(content["text"].encode())
    content.update(text=base64.b64encode(packed).decode(), encoding="base64", size=len(packed))
    field(call["response"], "content-encoding", "gzip")
    field(call["response"], "content-length", str(len(packed)))


def _npm(call):
    """Neither times nor sizes, and the media type only where HAR has a place for it."""
    call.pop("time")
    call.pop("timings")
    call["response"]["content"].pop("size")
    field(call["request"], "content-type", None)
    field(call["response"], "content-type", None)


def _garbled(call):
    posted = call["request"]["postData"]
    posted["text"] = posted["text"].encode().decode("latin-1")


def _user(call):
    call["request"]["url"] = call["request"]["url"].replace("https://gw.example", "HTTPS://me:hunter2@GW.example:443")


def _half_in_capitals(calls):
    for call in calls[::2]:
        call["request"]["url"] = call["request"]["url"].replace("https://gw.example", "HTTPS://GW.EXAMPLE")
    return calls


def _by_a_service_worker(calls):
    """The page's call and the worker's, which comes a little later and ends a little sooner, without a body."""
    doubled = []
    for call in calls:
        worker = copy.deepcopy(call)
        worker["startedDateTime"] = (_at(call) + datetime.timedelta(milliseconds=2)).isoformat(timespec="milliseconds")
        worker["time"] = 16
        worker["response"]["content"].update(text="", size=0)
        field(worker["response"], "content-length", None)
        doubled += [{**call, "_fetchedViaServiceWorker": True}, worker]
    return doubled


def _newest_first(calls):
    for call in calls:
        call["startedDateTime"] = f"{_at(call):%Y-%m-%dT%H:%M:%SZ}"
    return calls[::-1]


def _fields_twice(call):
    call["response"]["headers"] *= 2


def _as_objects(call):
    """Header fields and bodies as the objects that a program had in its memory."""
    for message, part in ((call["request"], "postData"), (call["response"], "content")):
        message["headers"] = {one["name"]: one["value"] for one in message["headers"]}
        message[part]["text"] = json.loads(message[part]["text"])


def _unlabelled(call):
    """Base64 that is not called so, of a reply without a length."""
    content = call["response"]["content"]
    content["text"] = base64.b64encode(content["text"].encode()).decode()
    field(call["response"], "content-length", None)


def _a_day_later_again(calls):
    again = copy.deepcopy(calls)
    for call in again:
        call["startedDateTime"] = (_at(call) + datetime.timedelta(days=1)).isoformat()
    return [*calls, *again]


def _twice(calls):
    return [*calls, *copy.deepcopy(calls)]


STYLES = {
    "as it was": lambda calls: calls,
    "Chromium": _each(_chromium),
    "mitmproxy": _each(_mitmproxy),
    "chrome-har": _each(_chrome_har),
    "Fiddler": _each(_fiddler),
    "Charles": _each(_charles),
    "an npm recorder": _each(_npm),
    "base64 of what is still compressed": _each(_still_packed),
    "request text in another encoding": _each(_garbled),
    "user and password in the URL": _each(_user),
    "host in capitals now and then": _half_in_capitals,
    "a page with a service worker": _by_a_service_worker,
    "every call twice": _twice,
    "every call again, by a clock that is a day late": _a_day_later_again,
    "the newest call first, in whole seconds": _newest_first,
    "fields and bodies as objects": _each(_as_objects),
    "the fields of a reply twice": _each(_fields_twice),
    "base64 that is not called so": _each(_unlabelled),
    "times in whole seconds": _timed(lambda when: f"{when:%Y-%m-%dT%H:%M:%SZ}"),
    "times in milliseconds": _timed(lambda when: round(when.timestamp() * 1000)),
    "times in seconds, as text": _timed(lambda when: f"{when.timestamp():.3f}"),
    "times as in HTTP": _timed(lambda when: f"{when:%a, %d %b %Y %H:%M:%S GMT}"),
    "times with spaces": _timed(lambda when: f"{when:%Y/%m/%d %H:%M:%S.%f} +0000"),
    "times as JavaScript says them": _timed(lambda when: f"{when:%a %b %d %Y %H:%M:%S} GMT+0000 (UTC)"),
}
"""By name, what makes of sound entries those of a recorder; all of it can be judged as before."""


def redacted(token, *, in_replies):
    def style(calls):
        for call in calls:
            field(call["request"], "token", token)
            content = call["response"]["content"]
            body = json.loads(content["text"])
            if in_replies and "auth" in body:
                body["auth"]["token"] = token
                content["text"] = json.dumps(body)
                field(call["response"], "content-length", None)
        return calls

    return style


def marked(pattern, mark):
    """Puts a mark in the place of what matches in all bodies, as a privacy filter does."""

    def style(calls):
        for call in calls:
            for part in (call["request"]["postData"], call["response"]["content"]):
                part["text"] = re.sub(pattern, mark, part["text"])
            for message in (call["request"], call["response"]):
                field(message, "content-length", None)
        return calls

    return style


def without_tokens(calls):
    for call in calls:
        field(call["request"], "token", None)
    return calls


def attached(calls):
    """Moves bodies out of entries into files, as Playwright does; returns these by name."""
    files = {}
    for call in calls:
        for part in (call["request"]["postData"], call["response"]["content"]):
            content = part.pop("text").encode()
            part["_file"] = name = f"{hashlib.sha1(content).hexdigest()}.json"
            files[name] = content
    return files


def zipped(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return path
