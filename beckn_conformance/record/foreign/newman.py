"""Reads what newman exports of a run of a Postman collection (``--reporters json``), as entries of a HAR."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from .moments import number, started
from .parts import list_at, object_at, text_at


def is_newman(found: object) -> bool:
    """Recognises newman's export by its list of executions."""
    return isinstance(object_at(found, "run").get("executions"), list)


def entries(found: object) -> Iterator[dict[str, Any]]:
    """Yields one entry for each request.

    newman says when the whole run began and how long each request took, and sends one request after the other. So a
    request began no earlier than the run, plus the duration of the requests before it.
    """
    run = object_at(found, "run")
    begun = started(object_at(run, "timings").get("started"))
    milliseconds = 0.0
    for execution in list_at(run, "executions"):
        request, response = object_at(execution, "request"), object_at(execution, "response")
        taken = number(response.get("responseTime"))
        yield {
            "startedDateTime": None if begun is None else _written(begun + milliseconds / 1000),
            "time": taken,
            "request": {
                "method": text_at(request, "method"),
                "url": _url(request),
                "headers": _fields(request),
                "postData": {"text": object_at(request, "body").get("raw")},
            },
            "response": {
                "status": response.get("code"),
                "headers": _fields(response),
                "content": _content(response),
                "_error": text_at(object_at(execution, "requestError"), "code"),
            },
        }
        milliseconds += max(taken, 0.0)


def _written(moment: float) -> str:
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat()


def _url(request: Mapping[str, Any]) -> str:
    """Returns the URL, which newman writes in parts."""
    if url := text_at(request, "url"):
        return url
    parts = object_at(request, "url")
    host, path = ".".join(map(str, list_at(parts, "host"))), "/".join(map(str, list_at(parts, "path")))
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"{parts.get('protocol') or 'http'}://{host}{port}/{path}"


def _fields(part: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"name": text_at(one, "key"), "value": text_at(one, "value")} for one in list_at(part, "header")]


def _content(response: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the body, which newman writes as a list of bytes."""
    try:
        content = bytes(list_at(object_at(response, "stream"), "data"))
    except (TypeError, ValueError):
        return {}
    return {"text": base64.b64encode(content).decode(), "encoding": "base64"}
