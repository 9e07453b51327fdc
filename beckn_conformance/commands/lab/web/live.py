"""Reads how far a run is, and streams it to a page or program as server-sent events."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from ....errors import UsageError
from ....untrusted import reading
from ..accounts import Account
from ..refusals import Conflict, Refused
from ..runs import Runs
from ..store import UNDER_WAY, Run
from .presentation import live_row

INTERVAL = 0.4
"""Seconds between two looks at the file."""
HEARTBEAT = 15.0
"""Seconds after which an idle stream says that it is alive."""
CHUNK = 256 * 1024
MOST_STREAMS = 500
MOST_OF_ONE = 50
"""Streams of one account."""


@dataclass(slots=True)
class Progress:
    """How far a run is."""

    offset: int = 0
    """Bytes of the file that were read."""
    tests: int = 0
    of: int = 0
    exchanges: int = 0
    seconds: float = 0.0
    findings: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def rate(self) -> int:
        """Requests a second, from the beginning."""
        return round(self.exchanges / self.seconds) if self.seconds else 0


def progress(path: Path) -> Progress:
    """Folds what a run has written about its progress; nothing if there is no such file yet."""
    folded = Progress()
    while rows := lines(path, folded.offset):
        for folded.offset, row in rows:
            folded.tests, folded.of = row["tests"], row["of"]
            folded.exchanges, folded.seconds = row["exchanges"], row["seconds"]
            for id_ in row["gone"]:
                folded.findings.pop(id_, None)
            folded.findings.update((one["id"], one) for one in row["findings"])
    return folded


def lines(path: Path, offset: int) -> list[tuple[int, dict[str, Any]]]:
    """Some of the whole lines after an offset, each with the offset of its end."""
    try:
        with reading.opened(path) as file:
            if offset > os.fstat(file.fileno()).st_size:
                # The run has begun anew, and so has its file.
                offset = 0
            file.seek(offset)
            content = file.read(CHUNK)
            if b"\n" not in content:
                content += file.readline()
    except (UsageError, OSError):
        return []
    *whole, _ = content.split(b"\n")
    found = []
    for line in whole:
        offset += len(line) + 1
        if (row := _row(line)) is not None:
            found.append((offset, row))
    return found


def _row(line: bytes) -> dict[str, Any] | None:
    """Reads a line, in the form of the pages; None for a line that is broken, as a worker may have sent it."""
    try:
        said = json.loads(line)
        return {
            **{key: int(said[key]) for key in ("tests", "of", "exchanges")},
            "seconds": float(said["seconds"]),
            "gone": [str(id_) for id_ in said.get("gone", ())],
            "findings": [live_row(row) for row in said.get("findings", ())],
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


_streams: Counter[str] = Counter()
"""How many streams each account has."""


def stream(
    runs: Runs, account: Account, run: Run, offset: int, shown: str, over: Callable[[], bool]
) -> StreamingResponse:
    """The progress of a run from an offset on, until its state is another than the one that is ``shown``.

    A stream that is ``over`` because the laboratory ends goes on once it is there again: browsers come back.

    Raises Conflict if too many look on.
    """
    if _streams[account.name] >= MOST_OF_ONE or _streams.total() >= MOST_STREAMS:
        raise Conflict("too many people are looking on; load the page again to see how far it is")
    return StreamingResponse(
        _events(runs, account, run.id, offset, shown, over),
        media_type="text/event-stream",
        # Proxies would wait for the end.
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(
    runs: Runs, account: Account, id_: str, offset: int, shown: str, over: Callable[[], bool]
) -> AsyncIterator[str]:
    _streams[account.name] += 1
    try:
        path = runs.progress(account, id_)
        said = time.monotonic()
        yield "retry: 2000\n\n"
        while not await run_in_threadpool(over):
            state = await run_in_threadpool(_state, runs, account, id_)
            # Looked at after the state, so that nothing is missed that was written before the end.
            rows = await run_in_threadpool(lines, path, offset)
            changed = state != shown or state not in UNDER_WAY
            if changed and (not rows or state in UNDER_WAY):
                yield f"event: state\ndata: {json.dumps(state)}\n\n"
                return
            for offset, row in rows:
                yield f"id: {offset}\ndata: {json.dumps(row)}\n\n"
            if rows:
                said = time.monotonic()
            elif time.monotonic() - said > HEARTBEAT:
                said = time.monotonic()
                yield ": alive\n\n"
            if not rows:
                await asyncio.sleep(INTERVAL)
    finally:
        _streams[account.name] -= 1


def _state(runs: Runs, account: Account, id_: str) -> str:
    try:
        return runs.get(account, id_).state
    except Refused:
        return "removed"
