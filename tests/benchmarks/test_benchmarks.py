"""The benchmarks measure what they say; how fast anything is, no test asserts."""

import asyncio
import json

import pytest

from reference_server import DEFECTS, VARIATIONS
from tests.benchmarks import __main__ as command
from tests.benchmarks import fleets, measure
from tests.benchmarks.gateways import delay, reference


def test_a_run_of_the_kit_is_measured():
    with reference() as url:
        run = measure.kit(url, "-k", "test_plain_get")

    assert run.report["gateway"]["url"] == url
    assert run.exchanges >= run.distinct > 0
    assert run.seconds >= run.span > 0
    assert run.rate > 0
    assert run.peak > 1024
    assert run.said["verdict"] == "incomplete"
    assert run.said["GET-ACK"] == "passed"


def test_a_run_that_leaves_no_report_is_an_error():
    with pytest.raises(RuntimeError, match="ended with 4"):
        measure.kit("ftp://127.0.0.1")


@pytest.mark.parametrize("client", [measure.bare_client, measure.bare_client_abreast])
def test_a_bare_client_is_measured(client):
    with reference() as url:
        assert client(url, signups=3) > 0


def test_requests_are_told_apart_by_all_but_their_timestamp(tmp_path):
    def row(started, seconds, timestamp, content):
        request = {"headers": [["Action", "a"], ["Timestamp", timestamp]], "content": content}
        return {"started": started, "seconds": seconds, "operation": "Provider/get", "request": request}

    rows = [row(10.0, 0.5, "1", "x"), row(11.0, 2.0, "2", "x"), row(12.0, 0.5, "2", "y")]
    for number, part in enumerate((rows[:1], rows[1:])):
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(one) + "\n" for one in part))

    assert measure.read_journals(tmp_path.glob("*.jsonl")) == (3.0, 2)


def test_the_summary_of_schemathesis_is_read():
    output = "Test cases:\n  1,119 generated, 4 found 4 unique failures\n\nSeed: 1\n\n===== 4 failures in 50.0s =====\n"

    assert measure.read_summary(output) == 1119 / 50.0
    with pytest.raises(RuntimeError, match="no summary"):
        measure.read_summary("Usage: st run")


def test_a_table_says_whether_the_median_meets_its_aim():
    found = {"a": [1.0, 9.0, 2.0], "b": [0.5], "c": [3, 4, 2]}

    lines = [*measure.table(found, {"a": measure.Aim(most=2), "b": measure.Aim(least=1)})]

    assert lines[2:] == [
        "| a | 2 | 1 to 9 | 2 at most | met |",
        "| b | 0.5 | 0.5 to 0.5 | 1 at least | not met |",
        "| c | 3 | 2 to 4 |  |  |",
    ]


def test_benchmarks_take_turns(monkeypatch):
    asked = []

    def benchmark(name):
        return lambda: asked.append(name) or {name: len(asked)}

    monkeypatch.setattr(command, "BENCHMARKS", {name: benchmark(name) for name in "ab"})

    assert command.measured("ab", 2) == {"a": [1, 3], "b": [2, 4]}


def test_a_fleet_is_of_as_many_different_gateways_as_are_asked_for():
    rows = fleets.listed(40)["gateways"]

    assert len({row["url"] for row in rows}) == len(rows) == 40
    assert {row["name"] in DEFECTS or row["name"] in VARIATIONS for row in rows[1:]} == {True}


def test_a_delay_changes_nothing_that_is_said():
    async def echo(reader, writer):
        while chunk := await reader.read(1024):
            writer.write(chunk.upper())
        writer.write(b".")
        writer.close()

    async def talk():
        target = await asyncio.start_server(echo, "127.0.0.1", 0)
        near = await delay(f"http://127.0.0.1:{target.sockets[0].getsockname()[1]}", 0.01)
        reader, writer = await asyncio.open_connection(*near.sockets[0].getsockname())
        heard = []
        for said in (b"one", b"two"):
            writer.write(said)
            heard.append(await reader.readexactly(3))
        writer.write_eof()
        heard.append(await reader.read())
        writer.close()
        near.close()
        target.close()
        return heard

    assert asyncio.run(talk()) == [b"ONE", b"TWO", b"."]
