"""Reads VCR cassettes, as Schemathesis (``--report vcr``), VCR and vcrpy write them, as entries of a HAR."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .moments import number
from .parts import list_at, object_at, text_at

LISTS = ("http_interactions", "interactions")
"""Names of the list of calls: in cassettes of VCR and Schemathesis, and in those of vcrpy."""


def is_cassette(found: object) -> bool:
    """Recognises a cassette by its list of interactions."""
    return isinstance(found, Mapping) and any(isinstance(found.get(name), list) for name in LISTS)


def entries(found: object) -> Iterator[dict[str, Any]]:
    """Yields one entry for each interaction; only Schemathesis says how long a call took."""
    for interaction in next(filter(None, (list_at(found, name) for name in LISTS)), []):
        request, response = object_at(interaction, "request"), object_at(interaction, "response")
        elapsed = number(response.get("elapsed"))
        yield {
            "startedDateTime": interaction.get("recorded_at") if isinstance(interaction, Mapping) else None,
            "time": elapsed * 1000,
            "request": {
                "method": text_at(request, "method"),
                "url": text_at(request, "uri"),
                "headers": object_at(request, "headers"),
                "postData": _content(request),
            },
            "response": {
                "status": number(object_at(response, "status").get("code")),
                "headers": object_at(response, "headers"),
                "content": _content(response),
            },
        }


def _content(part: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the body: base64, a text, or an object that holds either."""
    body = object_at(part, "body")
    if packed := text_at(body, "base64_string"):
        return {"text": packed, "encoding": "base64"}
    return {"text": body.get("string", part.get("body")), "size": number(part.get("truncated_from"))}
