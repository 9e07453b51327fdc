"""Converts exchanges to rows of JSON and back, without loss except for masking."""

from __future__ import annotations

import base64
import itertools
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..messages.binding import Binding
from ..messages.exchange import Exchange, Raw, Reply, Request, Role, Stimulus, Trouble, TroubleKind
from ..messages.json_text import MOST_VALUES

PLAIN = 4 * 1024
"""Characters up to which a content is kept as text; longer ones are packed."""
LONGEST = 16 * 1024 * 1024
"""Bytes that a packed content is unpacked to, so that a forged record cannot fill the memory."""

TOO_LONG = Trouble(TroubleKind.LIMIT, "too long to be kept on record")

Mask = Callable[[str], str]
MaskField = Callable[[str, str, str], list[str]]
"""Masks a header field of the ``request`` or the ``reply``: name and value."""
Row = dict[str, Any]


def row_of(exchange: Exchange, mask: Mask = str, mask_field: MaskField | None = None, *, longest: int = LONGEST) -> Row:
    """An exchange as JSON; ``mask`` is applied to every text that the kit did not choose itself.

    ``mask_field`` is applied to header fields in its place. A content of more than ``longest`` characters is cut, and
    the row says so.
    """
    request, reply = exchange.request, exchange.reply
    field = mask_field or (lambda part, name, value: [mask(name), mask(value)])
    row: Row = {
        "id": exchange.id,
        "operation": exchange.action,
        "started": exchange.started,
        "seconds": exchange.seconds,
        "purpose": exchange.purpose,
        "tags": _tags(exchange),
        "about": mask(exchange.about),
        "trouble": _told(exchange.trouble, mask),
        "message": exchange.sent is not None,
        "request": {
            "method": request.method,
            "url": mask(request.url),
            "headers": [field("request", name, value) for name, value in request.headers],
            **written(request.content, mask, longest),
        },
        "reply": None
        if reply is None
        else {
            "status": reply.status,
            "headers": [field("reply", name, value) for name, value in reply.headers],
            **written(reply.content, mask, longest),
        },
    }
    if exchange.peer:
        row["peer"] = exchange.peer
    if request.raw is not None:
        raw = request.raw
        row["raw"] = {
            "sizes": [len(piece) for piece in raw.pieces],
            "pause": raw.pause,
            "ending": raw.ending,
            "wait": raw.wait,
        }
    if len(request.content) > longest or (reply is not None and len(reply.content) > longest):
        row["cut"] = True
    if reply is not None and exchange.received is None:
        row["unread"] = True
    return row


def exchange_of(row: Mapping[str, Any], binding: Binding) -> Exchange:
    """The exchange of a row. Raises KeyError, TypeError or ValueError if ``row_of`` did not write it."""
    sent = row["request"]
    content = content_of(sent)
    raw = None
    if "raw" in row:
        sizes = row["raw"]["sizes"]
        starts = [0, *itertools.accumulate(sizes)][: len(sizes)]
        # A mask and what it replaces may differ in length.
        ends = [*starts[1:], len(content)]
        pieces = tuple(content[start:end] for start, end in zip(starts, ends, strict=True))
        raw = Raw(pieces, row["raw"]["pause"], row["raw"]["ending"], row["raw"]["wait"])
    request = Request(sent["method"], sent["url"], tuple((k, v) for k, v in sent["headers"]), content, raw)
    back = row["reply"]
    reply = Reply(back["status"], tuple((k, v) for k, v in back["headers"]), content_of(back)) if back else None
    if reply is not None and reply.values > MOST_VALUES:
        raise ValueError(f"a reply holds more than {MOST_VALUES} JSON values")
    return Exchange(
        id=row["id"],
        action=row["operation"],
        request=request,
        sent=binding.read(request) if row["message"] and not row.get("cut") else None,
        reply=reply,
        received=binding.decode(reply) if reply is not None and not (row.get("unread") or row.get("cut")) else None,
        started=row["started"],
        seconds=row["seconds"],
        trouble=TOO_LONG if row.get("cut") else Trouble.read(row["trouble"]),
        purpose=row["purpose"],
        stimulus=stimulus_of(row["purpose"], row["tags"]),
        about=row["about"],
        peer=row.get("peer", ""),
    )


def mask_row(row: Row, mask: Mask) -> Row:
    """A row with more of its texts masked; the row itself if there is nothing to mask in them."""
    sides = [part for name in ("request", "reply") if (part := row[name]) is not None]
    fields = (text for part in sides for field in part["headers"] for text in field)
    # No secret reaches from one line to the next, and most rows hold none.
    texts = "\n".join((row["about"], row["trouble"], *fields, *map(_text, sides)))
    if mask(texts) == texts:
        return row
    parts = {
        name: None
        if (part := row[name]) is None
        else {
            **{key: value for key, value in part.items() if key not in ("content", "form")},
            "headers": [[mask(key), mask(value)] for key, value in part["headers"]],
            **_packed(mask(_text(part)), "latin-1" if "latin-1" in part.get("form", "") else ""),
        }
        for name in ("request", "reply")
    }
    return {**row, "about": mask(row["about"]), "trouble": _told(Trouble.read(row["trouble"]), mask), **parts}


def _told(trouble: Trouble | None, mask: Mask) -> str:
    """A trouble as a row holds it. Its kind, a word of the kit, stays readable."""
    return str(replace(trouble, detail=mask(trouble.detail))) if trouble else ""


def _tags(exchange: Exchange) -> list[str]:
    """A stimulus as a row holds it; for requests that the specification does not know, its family comes first."""
    if (stimulus := exchange.stimulus) is None:
        return []
    if stimulus.role is not Role.INPUT:
        return [f"{stimulus.role} {stimulus.kind}"]
    names = (stimulus.family, stimulus.kind) if exchange.purpose == "foreign" else (stimulus.kind, stimulus.family)
    return [name for name in names if name]


def stimulus_of(purpose: str, tags: Sequence[str]) -> Stimulus | None:
    """The stimulus that ``_tags`` wrote."""
    first, second = (*tags, "", "")[:2]
    for role in (Role.LONG_AFTER, Role.AFTER):
        if not purpose and first.startswith(f"{role} "):
            return Stimulus(first.removeprefix(f"{role} "), role=role)
    if purpose == "foreign":
        first, second = second, first
    return Stimulus(first, second) if first or second else None


def content_of(part: Mapping[str, Any]) -> bytes:
    """The bytes of a request or reply in a row, which are kept as text, as Latin-1 if they are not UTF-8, or packed."""
    text = _text(part)
    return text.encode("latin-1") if "latin-1" in part.get("form", "") else text.encode("utf-8", "surrogatepass")


def _text(part: Mapping[str, Any]) -> str:
    text: str = part["content"]
    if "zlib" not in part.get("form", ""):
        return text
    try:
        return zlib.decompressobj().decompress(base64.b64decode(text, validate=True), LONGEST).decode()
    except zlib.error as error:
        raise ValueError(f"a content that cannot be unpacked: {error}") from error


def text_of(part: Mapping[str, Any]) -> str:
    """The content of a request or reply in a row, for people."""
    return content_of(part).decode("utf-8", "backslashreplace")


def written(content: bytes, mask: Mask = str, longest: int = LONGEST) -> dict[str, str]:
    """Bytes as a row holds them, cut after masking, so that no half of a secret is left."""
    try:
        text, form = content.decode(), ""
    except UnicodeDecodeError:
        text, form = content.decode("latin-1"), "latin-1"
    return _packed(mask(text)[:longest], form)


def _packed(text: str, form: str) -> dict[str, str]:
    if len(text) > PLAIN:
        packed = base64.b64encode(zlib.compress(text.encode(), 1)).decode()
        return {"content": packed, "form": f"zlib {form}".strip()}
    return {"content": text, **({"form": form} if form else {})}
