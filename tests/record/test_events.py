"""The steps of a run come back from its record as they were, and workers' records become a part of it."""

import dataclasses
import datetime
import json

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.judging.preference import Weight
from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding
from beckn_conformance.record.events import Probe, ProcessEnd, RunEnd, RunStart, ScenarioEnd, TestEnd, Transcript
from beckn_conformance.record.journal import Journal, workers
from beckn_conformance.record.masking import Masker
from beckn_conformance.record.reader import Record
from beckn_conformance.record.run import Run
from beckn_conformance.specification.loading import load
from tests.exchanges import exchange, reply

RUN = Run(load(), GatewayConfig("https://gw.example/api"), "0123456789ab", 7, datetime.datetime.now(datetime.UTC))
PROBE = Probe(["x1"], EnvelopeBinding("h", "b"), ["Provider/get"], True, False, ["a note"], ["Token"])
SECRET = "tok-5f3a9b2c7d"


def called(id_, token="signup"):
    return dataclasses.replace(exchange("Provider/get", {"registration": {"id": "r"}}, reply(), token=token), id=id_)


def written(folder, *events, worker="", masker=None):
    journal = Journal(folder, masker or Masker(), worker)
    for event in events:
        journal.write(event)
    journal.close()


def read(folder):
    with Record(folder, load()) as record:
        return [*record.steps()]


@pytest.mark.parametrize(
    "step",
    [
        PROBE,
        Probe([], HttpBinding(), [], False, True),
        TestEnd("a::b", ["GET-ACK"], drawn=True),
        ProcessEnd(["a note"], "no answer", 7, ["x2"]),
    ],
)
def test_a_step_comes_back_as_it_was(tmp_path, step):
    written(tmp_path, RunStart(RUN), step)

    start, again = read(tmp_path)

    assert start.run.id == RUN.id
    assert {k: _plain(v) for k, v in dataclasses.asdict(again).items()} == {
        k: _plain(v) for k, v in dataclasses.asdict(step).items()
    }


def _plain(value):
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("weight", [Weight(), Weight(offset=5), Weight(exact=0)])
def test_a_scenario_comes_back_with_its_exchanges(tmp_path, weight):
    made = [called("x1"), called("x2")]
    end = ScenarioEnd("a::b", Transcript(made, "nothing was served"), weight)
    written(tmp_path, RunStart(RUN), Probe([], HttpBinding(), [], True, True), *made, end)

    again = read(tmp_path)[-1]

    assert (again.test, again.weight, again.transcript.unmet) == (end.test, weight, end.transcript.unmet)
    assert [e.request for e in again.transcript.exchanges] == [e.request for e in made]


def test_the_end_of_a_run_holds_the_chains_of_both_files(tmp_path):
    written(tmp_path, RunStart(RUN), called("x1"), RunEnd(narrowed=False, seconds=1.0))

    with Record(tmp_path, load()) as record:
        *_, end = record.steps()
        assert end.chains == {"exchanges": record.exchanges.chain.end, "course": record.course.before}


def test_reading_goes_on_where_it_stopped(tmp_path):
    journal = Journal(tmp_path, Masker())
    journal.write(RunStart(RUN))
    journal.write(Probe([], HttpBinding(), [], True, True))
    with Record(tmp_path, load()) as record:
        assert len([*record.steps()]) == 2
        for id_ in ("x1", "x2"):
            made = called(id_)
            journal.write(made)
            journal.write(ScenarioEnd("t", Transcript([made])))
            (step,) = record.steps()
            assert step.transcript.exchanges[0].id == id_
    journal.close()


def test_what_a_killed_worker_had_written_is_taken_over(tmp_path):
    journal = Journal(tmp_path, Masker())
    journal.write(RunStart(RUN))
    for worker in ("gw1", "gw0"):
        made = called(f"{worker}-x1")
        written(tmp_path, RunStart(RUN), PROBE, made, ScenarioEnd(worker, Transcript([made])), worker=worker)
        for kind in ("exchanges", "course"):
            with (tmp_path / f"{kind}-{worker}.jsonl").open("a") as file:
                file.write('{"id":"gw0-x2","half')

    assert workers(tmp_path) == ["gw0", "gw1"]
    for worker in workers(tmp_path):
        journal.take_over(worker)
    journal.close()

    assert workers(tmp_path) == []
    assert [step.test for step in read(tmp_path) if isinstance(step, ScenarioEnd)] == ["gw0", "gw1"]


def test_a_secret_that_only_another_worker_knew_is_masked_when_taken_over(tmp_path):
    written(tmp_path, RunStart(RUN), called("gw0-x1", SECRET), ProcessEnd([f"saw {SECRET}"]), worker="gw0")
    assert SECRET in (tmp_path / "exchanges-gw0.jsonl").read_text()
    masker = Masker()
    journal = Journal(tmp_path, masker)
    masker.learn(SECRET)

    journal.take_over("gw0")
    journal.close()

    for name in ("exchanges.jsonl", "course.jsonl"):
        text = (tmp_path / name).read_text()
        assert [json.loads(line) for line in text.splitlines()]
        assert SECRET not in text


def test_a_run_that_sends_nothing_leaves_the_record_of_the_one_before(tmp_path):
    written(tmp_path, RunStart(RUN), TestEnd("a::b", ["GET-ACK"]))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    written(tmp_path, RunStart(RUN), ProcessEnd([], "", 0, []))

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
