"""Reads how far a run is, and streams it to a page or program as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
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
MOST_WAITING = 500
MOST_OF_ONE = 50
"""Those of one account who wait for news."""


def progress(path: Path) -> dict[str, Any]:
    """Folds what a run has written about its progress; ``offset`` says how far it was read.

    Zeros stand for what is not there yet.
    """
    folded: dict[str, Any] = dict.fromkeys(("offset", "tests", "of", "exchanges", "seconds"), 0)
    findings: dict[str, Mapping[str, str]] = {}
    while rows := lines(path, folded["offset"]):
        for offset, row in rows:
            for id_ in row["gone"]:
                findings.pop(id_, None)
            findings.update((one["id"], one) for one in row["findings"])
            folded = {**row, "offset": offset}
    rate = round(folded["exchanges"] / folded["seconds"]) if folded["seconds"] else 0
    return {**folded, "rate": rate, "findings": [*findings.values()]}


def lines(path: Path, offset: int) -> list[tuple[int, dict[str, Any]]]:
    """Some of the whole lines after an offset, each with the offset of its end."""
    try:
        with reading.opened(path) as file:
            if offset > os.fstat(file.fileno()).st_size:
                # The run has started over, and so has its file.
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
        said = reading.json_value(line)
        return {
            **{key: int(said[key]) for key in ("tests", "of", "exchanges")},
            "seconds": float(said["seconds"]),
            "gone": [str(id_) for id_ in said.get("gone", ())],
            "findings": [live_row(row) for row in said.get("findings", ())],
        }
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None


_waiting: Counter[str] = Counter()
"""How many wait for news, by account: pages by streams, and programs for the end of a run."""


def need_room(account: Account) -> None:
    """Raises Conflict if too many wait for news."""
    if _waiting[account.name] >= MOST_OF_ONE or _waiting.total() >= MOST_WAITING:
        raise Conflict("too many wait for news at the same time; ask again later how far it is")


@contextlib.contextmanager
def waiting(account: Account) -> Iterator[None]:
    """Counts somebody who waits for news."""
    _waiting[account.name] += 1
    try:
        yield
    finally:
        _waiting[account.name] -= 1


def stream(
    runs: Runs, account: Account, run: Run, offset: int, shown: str, over: Callable[[], bool]
) -> StreamingResponse:
    """The progress of a run from an offset on, until its state is another than the one that is ``shown``.

    A stream that is ``over`` because the laboratory ends goes on once it is there again: browsers come back.

    Raises Conflict if too many look on.
    """
    need_room(account)
    path = runs.progress(account, run.id)

    def look(place: int) -> tuple[str, list[tuple[int, dict[str, Any]]]]:
        """The state, empty once nobody waits any longer, and what was written before it."""
        try:
            state = "" if over() else runs.get(account, run.id).state
        except Refused:
            state = "removed"
        return state, lines(path, place)

    async def events() -> AsyncIterator[str]:
        with waiting(account):
            place, idle = offset, 0.0
            yield "retry: 2000\n\n"
            while (found := await run_in_threadpool(look, place))[0]:
                state, rows = found
                changed = state != shown or state not in UNDER_WAY
                if changed and (not rows or state in UNDER_WAY):
                    yield f"event: state\ndata: {json.dumps(state)}\n\n"
                    return
                for place, row in rows:
                    yield f"id: {place}\ndata: {json.dumps(row)}\n\n"
                if rows:
                    idle = 0.0
                    continue
                await asyncio.sleep(INTERVAL)
                idle += INTERVAL
                if idle > HEARTBEAT:
                    idle = 0.0
                    yield ": alive\n\n"

    # Proxies would wait for the end.
    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
