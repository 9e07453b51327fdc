"""The command judges every gateway of a fleet, and leaves strange folders alone."""

import contextlib
import json
import sys

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.fleet.results import FleetResults
from beckn_conformance.errors import UsageError
from beckn_conformance.untrusted.writing import locked
from tests.reports import finding, report
from tests.written_fleets import ended

CLUSTER = "beckn_conformance.commands.fleet.cluster"
"""By name, as importing Dask takes long, and every process collects this module."""


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """Runs the command on gateways a and b, with what is said to become of them."""

    def fleet(*outcomes, options=()):
        def played(client, jobs, began):
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
                began(outcome.name)
                yield outcome

        monkeypatch.setattr(f"{CLUSTER}.local", lambda workers: contextlib.nullcontext())
        monkeypatch.setattr(f"{CLUSTER}.outcomes", played)
        (tmp_path / "FLEET.yaml").write_text("gateways: [{name: a, url: 'http://a'}, {name: b, url: 'http://b'}]")
        return main(
            ["fleet", str(tmp_path / "FLEET.yaml"), "--conformance-report", str(tmp_path / "out"), *map(str, options)]
        )

    return fleet


def test_each_result_is_told_as_it_comes(fleet, tmp_path, capsys):
    status = fleet(ended("b", report(), seconds=9.34), ended("a", report(finding())))

    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert lines[:2] == ["1/2 conformant b 9.3 s", "2/2 non-conformant a 9.3 s"]
    assert lines[-2].endswith("1 non-conformant, 1 conformant")
    assert lines[-1] == f"report: {tmp_path / 'out' / 'index.html'}"
    assert json.loads((tmp_path / "out" / "fleet.json").read_text())["ended"] is True


def test_a_run_that_begins_again_is_told(fleet, capsys):
    fleet(ended("b", report()), ended("b", report()))

    assert "again b: the worker that ran it died" in capsys.readouterr().out


def test_ctrl_c_leaves_what_there_was(fleet, tmp_path):
    status = fleet(ended("a", report()), KeyboardInterrupt())

    written = json.loads((tmp_path / "out" / "fleet.json").read_text())
    assert status == 2
    assert [row["verdict"] for row in written["gateways"]] == ["conformant", "pending"]
    assert written["ended"] is False
    assert "has not come to its end" in (tmp_path / "out" / "index.html").read_text()


def test_a_folder_that_can_no_longer_be_written_is_no_verdict(fleet, capsys):
    assert fleet(ended("a", report(finding())), OSError(28, "No space left on device")) == 3
    assert "No space left" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--workers", 0), "--workers 0"),
        (("--limit", 0), "--limit 0"),
        (("--limit", "nan"), "--limit nan"),
        (("--key", "/not/there"), "/not/there"),
        (("--workers", 2, "--scheduler", "tcp://h:1"), "not allowed with"),
    ],
)
def test_a_bad_option_is_told_before_anything_is_written(fleet, tmp_path, capsys, options, said):
    assert fleet(options=options) == 4
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_dask_it_is_said_how_to_get_it(fleet, monkeypatch, capsys):
    monkeypatch.delattr(CLUSTER, raising=False)
    monkeypatch.delitem(sys.modules, CLUSTER, raising=False)
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert main(["fleet", "FLEET.yaml"]) == 4
    assert "pip install 'beckn-conformance[fleet]'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "beckn-conformance-fleet/1"}',
        '{"format": "beckn-conformance-fleet/1", "gateways": [{"name": "../x"}]}',
        "[" * 10_000,
        '{"format": 1, "format": "beckn-conformance-fleet/1"}',
    ],
)
def test_results_of_another_program_are_refused(tmp_path, text):
    (tmp_path / "fleet.json").write_text(text)

    with pytest.raises(UsageError, match=r"fleet\.json"):
        FleetResults(tmp_path, [])


def test_lines_that_no_fleet_wrote_are_no_history(tmp_path):
    results = FleetResults(tmp_path, [])
    (tmp_path / "history.jsonl").write_text('{"started": "<b>"}\n[1]\n{"verdicts": {"x": {}}}\nno JSON\n')

    assert len(results.history) == 1


@pytest.mark.parametrize("name", ["fleet.json", "history.jsonl", "a"])
def test_a_fleet_is_not_judged_into_a_folder_with_a_link(fleet, tmp_path, capsys, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).symlink_to(tmp_path)

    assert fleet() == 4
    assert f"{name} is a link" in capsys.readouterr().err


def test_a_fleet_is_not_judged_into_a_folder_that_is_in_use(fleet, tmp_path, capsys):
    (tmp_path / "out").mkdir()

    with locked(tmp_path / "out"):
        assert fleet() == 4

    assert "is in use by another run" in capsys.readouterr().err
