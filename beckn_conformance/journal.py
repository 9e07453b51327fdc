"""The record of a run: every exchange, masked, on disk as it happens."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .config import SIGNUP_TOKEN
from .errors import UsageError
from .exchange import LONGEST_TOKEN, MISSING, Exchange, member
from .masking import Masker

LONGEST = 64 * 1024
"""Characters of a content that are written; the rest is counted."""


def prepare(folder: Path) -> None:
    """Makes the report folder; raises UsageError where nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_text("")
        probe.unlink()
        for name in ("report.json", "exchanges.jsonl"):
            if (folder / name).exists():
                (folder / name).open("a").close()
    except OSError as error:
        raise UsageError(f"--conformance-report {folder} cannot be written: {error.strerror}") from error


class Journal:
    """Appends exchanges to ``exchanges.jsonl``; tokens and configured secrets are masked before they are written."""

    def __init__(self, folder: Path, masker: Masker, name: str = "exchanges.jsonl") -> None:
        self._masker = masker
        self._file = (folder / name).open("w", encoding="utf-8", newline="\n")

    def write(self, exchange: Exchange) -> None:
        """One line an exchange, flushed."""
        given = member(exchange.body_of_reply, "/auth/token")
        tokens = [exchange.sent.header.get("Token", "") if exchange.sent else "", given]
        certain = [t for t in tokens if isinstance(t, str) and t not in ("", SIGNUP_TOKEN, MISSING)]
        everywhere = [token for token in certain if self._masker.learn(token)]
        if isinstance(given, str) and len(given) > LONGEST_TOKEN:
            exchange = self._without(exchange, given)
        row = record(exchange, lambda text: self._masker.text(text, *everywhere))
        for token in certain:
            if token not in everywhere and len(token) <= LONGEST_TOKEN:
                row = self._in_its_place(row, token)
        self._file.write(json.dumps(row, separators=(",", ":")) + "\n")
        self._file.flush()

    def _without(self, exchange: Exchange, token: str) -> Exchange:
        """Masks a token that nobody uses, for its length, before it is cut."""
        assert exchange.reply is not None
        content, mask = exchange.reply.content, self._masker.mask(token).encode()
        for form in (token, json.dumps(token)[1:-1], json.dumps(token, ensure_ascii=False)[1:-1]):
            content = content.replace(form.encode("utf-8", "replace"), mask)
        return dataclasses.replace(exchange, reply=dataclasses.replace(exchange.reply, content=content))

    def _in_its_place(self, row: dict[str, Any], token: str) -> dict[str, Any]:
        """Masks a token that could be any word, in the places where tokens are."""
        mask = self._masker.mask(token)
        request, reply = row["request"], row["reply"]
        request["headers"] = [[k, mask if k == "Token" and v == token else v] for k, v in request["headers"]]
        for part in filter(None, (request, reply)):
            part["content"] = re.sub(
                r'("token"\s*:\s*)' + re.escape(json.dumps(token)),
                lambda found: found[1] + json.dumps(mask),
                part["content"],
                flags=re.IGNORECASE,
            )
        return row

    def close(self) -> None:
        self._file.close()


def mask_again(folder: Path, masker: Masker) -> None:
    """Masks in a record what one of the processes that wrote it could not know to be secret."""
    path, partial = folder / "exchanges.jsonl", folder / ".exchanges.jsonl"
    with path.open(encoding="utf-8") as old, partial.open("w", encoding="utf-8", newline="\n") as new:
        for line in old:
            new.write(json.dumps(masker.value(json.loads(line)), separators=(",", ":")) + "\n")
    partial.replace(path)


def record(exchange: Exchange, mask: Callable[[str], str] = str) -> dict[str, Any]:
    """An exchange as JSON; ``mask`` is asked for every text that the kit did not choose itself."""
    request, reply = exchange.request, exchange.reply
    return {
        "id": exchange.id,
        "operation": exchange.action,
        "started": round(exchange.started, 6),
        "seconds": round(exchange.seconds, 6),
        "purpose": exchange.purpose,
        "tags": list(exchange.tags),
        "about": mask(exchange.about),
        "trouble": mask(exchange.trouble),
        "request": {
            "method": request.method,
            "url": mask(request.url),
            "headers": [[name, mask(value)] for name, value in request.headers],
            "content": _content(request.content, mask),
        },
        "reply": None
        if reply is None
        else {
            "status": reply.status,
            "headers": [[mask(name), mask(value)] for name, value in reply.headers],
            "content": _content(reply.content, mask),
        },
    }


def _content(content: bytes, mask: Callable[[str], str]) -> str:
    text = content.decode("utf-8", "backslashreplace")
    if len(text) <= LONGEST:
        return mask(text)
    # A secret that lies across the end is masked before it is cut.
    return f"{mask(text[: LONGEST + LONGEST_TOKEN])[:LONGEST]}… ({len(text)} characters)"
