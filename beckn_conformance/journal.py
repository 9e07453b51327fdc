"""The record of a run: every exchange, masked, on disk as it happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .config import SIGNUP_TOKEN
from .errors import UsageError
from .exchange import MISSING, Exchange, member
from .masking import SHORTEST, Masker

LONGEST = 64 * 1024
"""Characters of a content that are written; the rest is counted."""


def prepare(folder: Path) -> None:
    """Makes the report folder; raises UsageError where nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_text("")
        probe.unlink()
        for name in ("report.json", "report.html", "exchanges.jsonl"):
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
        self._masker.add(*certain)
        row = record(exchange, lambda text: self._masker.text(text, *certain))
        for token in certain:
            if len(token) < SHORTEST:
                row = self._short(row, token)
        self._file.write(json.dumps(row, separators=(",", ":")) + "\n")
        self._file.flush()

    def _short(self, row: dict[str, Any], token: str) -> dict[str, Any]:
        """Masks a token too short to be looked for everywhere in the places where tokens are."""
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
            "content": mask(_text(request.content)),
        },
        "reply": None
        if reply is None
        else {
            "status": reply.status,
            "headers": [[mask(name), mask(value)] for name, value in reply.headers],
            "content": mask(_text(reply.content)),
        },
    }


def _text(content: bytes) -> str:
    text = content.decode("utf-8", "backslashreplace")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
