"""The progress of a run is read and streamed from its file, from wherever somebody left off."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from beckn_conformance.commands.lab.refusals import Conflict
from beckn_conformance.commands.lab.web import live
from tests.commands.lab.laboratories import ALICE, BOB

FINDING = {
    "id": "A-1",
    "requirement": "A",
    "level": "MUST",
    "operation": "Provider/get",
    "pointer": "/info",
} | dict.fromkeys(("message", "sent", "expected", "observed"), "text")


def line(tests, **more):
    return json.dumps({"tests": tests, "of": 3, "exchanges": 10 * tests, "seconds": 2.0, **more}) + "\n"


def streamed(path, *states, offset=0, ending=False):
    """The events of a stream while a run goes through these states, the last of which stays."""
    left = [*states]

    def get(account, id_):
        return SimpleNamespace(state=left.pop(0) if len(left) > 1 else left[0])

    runs = SimpleNamespace(get=get, progress=lambda account, id_: path)
    run = SimpleNamespace(id="r1")

    async def read():
        response = live.stream(runs, ALICE, run, offset, states[0], lambda: ending)
        return [str(part) async for part in response.body_iterator]

    return asyncio.run(read())


def test_progress_is_folded_from_its_lines(tmp_path):
    path = tmp_path / "p"
    broken = "nonsense\n" + "[" * 100_000 + "\n" + line(1).replace("10", "1e999")
    path.write_text(line(1, findings=[FINDING]) + broken + line(2, gone=["A-1"]) + line(3)[:9])

    found = live.progress(path)

    assert (found["tests"], found["exchanges"], found["rate"], found["findings"]) == (2, 20, 10, [])


def test_a_stream_begins_where_somebody_left_off_and_ends_with_the_run(tmp_path):
    path = tmp_path / "p"
    path.write_text(line(1) + line(2))

    events = streamed(path, "running", "running", "ended", offset=len(line(1)))

    assert [event.partition("\n")[0] for event in events] == [
        "retry: 2000",
        f"id: {len(line(1) + line(2))}",
        "event: state",
    ]


def test_a_stream_begins_anew_if_the_run_has(tmp_path):
    path = tmp_path / "p"
    path.write_text(line(1))

    assert f"id: {len(line(1))}" in "".join(streamed(path, "running", "running", "ended", offset=10_000))


async def test_one_account_takes_the_streams_of_no_other():
    runs = SimpleNamespace(progress=lambda account, id_: Path("none"), get=None)
    run = SimpleNamespace(id="r1")

    open_ = [
        aiter(live.stream(runs, ALICE, run, 0, "running", lambda: False).body_iterator) for _ in range(live.MOST_OF_ONE)
    ]
    for stream in open_:
        await anext(stream)
    with pytest.raises(Conflict):
        live.stream(runs, ALICE, run, 0, "running", lambda: False)
    live.stream(runs, BOB, run, 0, "running", lambda: False)
    for events in open_:
        await events.aclose()
    live.stream(runs, ALICE, run, 0, "running", lambda: False)


def test_a_stream_ends_with_the_laboratory_so_that_it_can_end(tmp_path):
    assert streamed(tmp_path / "p", "running", ending=True) == ["retry: 2000\n\n"]
