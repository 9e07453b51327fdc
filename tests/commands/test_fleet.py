"""A fleet: which gateways, how each is run, what they came to, and the page over them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import textwrap
import zlib

import pytest
from jsonschema import Draft202012Validator

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.fleet import cluster, index, job
from beckn_conformance.commands.fleet.entries import read
from beckn_conformance.commands.fleet.job import Job, Outcome, make
from beckn_conformance.commands.fleet.results import FleetResults
from beckn_conformance.errors import UsageError
from beckn_conformance.plugin import isolation
from beckn_conformance.untrusted.writing import locked
from tests.end_to_end.kit import until
from tests.exchanges import SPECIFICATION
from tests.reports import FOUND, finding, report
from tests.written_fleets import ended, entry, ledger

OTHER = "GET-ACK"
SOON = 4.0
"""Seconds in which a script has begun, also on a busy machine."""


@pytest.fixture
def listed(tmp_path):
    """Reads what is written as FLEET.yaml."""

    def listed(text, **how):
        file = tmp_path / "FLEET.yaml"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return read(file, SPECIFICATION, limit=600, **how)

    return listed


# FLEET.yaml


def test_a_gateway_needs_no_more_than_a_name_and_a_url(listed):
    (only,) = listed("gateways: [{name: acme, url: 'https://gw.example/api/'}]")

    assert (only.name, only.url, only.limit) == ("acme", "https://gw.example/api", 600)
    assert only.config == {"gateway": {"name": "acme"}}
    assert only.arguments == ("--conformance-class", "core")


def test_defaults_hold_key_by_key_where_a_gateway_says_nothing(listed, tmp_path):
    (tmp_path / "b.yaml").write_text("binding: envelope\ngateway: {name: B, version: '2'}\n")
    a, b = listed(
        """
        defaults:
          config: {binding: http, timeout: 3}
          class: strict
          limit: 60
          options: {fuzz-examples: 5}
        gateways:
          - {name: a, url: reference, seed: 7, options: {k: phone or email}}
          - name: b
            url: reference:get-email-upper-case
            config: b.yaml
            class: core
            limit: 9
            options: {fuzz-examples: 8}
        """
    )

    assert a.config == {"binding": "http", "timeout": 3, "gateway": {"name": "a"}}
    assert b.config == {"binding": "envelope", "timeout": 3, "gateway": {"name": "B", "version": "2"}}
    assert (a.limit, b.limit) == (60, 9)
    assert a.arguments == (
        *("--conformance-class", "strict", "--hypothesis-seed", "7", "--fuzz-examples", "5", "-kphone or email"),
    )
    assert b.arguments == ("--conformance-class", "core", "--fuzz-examples", "8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gateway: []", "line 1: unknown key 'gateway'; did you mean 'gateways'?"),
        ("gateways: []", "line 1: gateways:"),
        ("defaults: {}", "'gateways' is a required property"),
        (
            "gateways:\n- {name: a, urls: x, url: reference}",
            "line 2: unknown key 'gateways.0.urls'; did you mean 'url'",
        ),
        ("gateways:\n- {name: a}", "line 2: gateways.0: 'url' is a required property"),
        ("gateways:\n- {name: ../a, url: reference}", "line 2: gateways.0.name:"),
        ("gateways:\n- {name: Index.html, url: reference}", "line 2: Index.html is a file of the fleet's own"),
        ("gateways:\n- {name: a, url: reference}\n- {name: A, url: reference}", "line 3: a gateway is named a already"),
        ("gateways:\n- {name: a, url: 'http://h/'}\n- {name: b, url: 'http://h'}", "line 3: http://h is judged as a"),
        ("gateways:\n- {name: a, url: 'ftp://h'}", "line 2: url 'ftp://h' needs a scheme"),
        ("gateways:\n- {name: a, url: 'reference:get-email-upper'}", "did you mean 'get-email-upper-case'?"),
        ("gateways:\n- {name: a, url: reference, options: {n: 4}}", "line 2: unknown key 'gateways.0.options.n'"),
        (
            "gateways:\n- name: a\n  url: reference\n  config:\n    bindng: http",
            "line 5: unknown key 'bindng'; did you",
        ),
        ("gateways:\n- {name: a, url: reference, config: none.yaml}", "none.yaml cannot be read"),
        (
            "defaults:\n  config: {signup_token: env:BECKN_NOT_SET}\ngateways:\n- {name: a, url: reference}",
            "no variable",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(listed, text, said):
    with pytest.raises(UsageError) as raised:
        listed(text)

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_only_another_machine_has_is_not_looked_for_here(listed):
    declared = "{signup_token: env:BECKN_NOT_SET, headers: {X-Key: env:NOT}, tls: {ca: /not/here.pem}, proxy: env:NOT}"

    (only,) = listed(f"gateways: [{{name: a, url: reference, config: {declared}}}]", here=False)

    assert only.config["signup_token"] == "env:BECKN_NOT_SET"
    assert only.config["tls"] == {"ca": "/not/here.pem"}


# One run


def scripted(code, **changes):
    """A run that is played by a few lines of Python; ``report`` is the folder it writes to."""
    begin = "import pathlib, signal, subprocess, sys, time\nreport = pathlib.Path(sys.argv[-1])\nreport.mkdir()\n"
    return Job(**{"name": "a", "command": ("-c", begin + textwrap.dedent(code)), "config": {}, "limit": 60.0} | changes)


def test_only_the_files_of_a_report_come_back_from_a_run(tmp_path):
    outcome = make(
        scripted(
            """
            for name in ("report.json", "exchanges.jsonl", "exchanges.har", "notes.txt"):
                (report / name).write_text(name * 1000)
            (report / "findings").mkdir()
            (report / "findings" / "A-0000000a.sh").write_text("true")
            sys.exit(1)
            """
        ),
        str(tmp_path),
    )
    outcome.unpack(tmp_path / "back")

    assert (outcome.status, outcome.reason) == (1, "")
    written = {str(path.relative_to(tmp_path / "back")) for path in (tmp_path / "back").rglob("*") if path.is_file()}
    assert written == {"report.json", "exchanges.jsonl", "exchanges.har", "findings/A-0000000a.sh"}
    assert (tmp_path / "back" / "report.json").read_text() == "report.json" * 1000
    assert [path.name for path in tmp_path.iterdir()] == ["back"]


def test_a_run_reads_what_was_declared_and_looks_up_its_secrets_itself(tmp_path, monkeypatch):
    monkeypatch.setenv("BECKN_TOKEN", "not-for-files")
    declared = {"signup_token": "env:BECKN_TOKEN", "gateway": {"name": "Süd, \U0001f68c"}}
    script = """
        import os
        (report / "report.json").write_bytes(pathlib.Path(sys.argv[-3]).read_bytes())
        sys.exit(0 if os.environ["BECKN_TOKEN"] == "not-for-files" else 3)
    """

    outcome = make(scripted(script, config=declared), str(tmp_path))

    written = zlib.decompress(outcome.files["report.json"]).decode()
    assert outcome.status == 0
    assert "env:BECKN_TOKEN" in written
    assert "Süd, \U0001f68c" in written


def test_the_last_words_of_a_run_that_failed_are_told():
    outcome = make(scripted("print('one'); print(f'{report.parent}/gateway.yaml: no', file=sys.stderr); sys.exit(4)"))

    assert (outcome.status, outcome.reason) == (4, "exit status 4: gateway.yaml: no")


def test_a_run_over_its_limit_is_asked_for_its_report_and_ended(tmp_path):
    outcome = make(
        scripted(
            """
            def asked(number, frame):
                (report / "report.json").write_text("all there is")
                sys.exit(2)
            signal.signal(signal.SIGINT, asked)
            time.sleep(60)
            """,
            limit=SOON,
        )
    )

    assert (outcome.status, outcome.reason) == (None, f"ended after {SOON:g} s, its limit")
    assert zlib.decompress(outcome.files["report.json"]) == b"all there is"


DEAF = """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdout=subprocess.PIPE)
    (report / "report.json").write_text(str(child.pid))
    time.sleep(60)
"""


@pytest.mark.parametrize("limit", [SOON, 60.0])
def test_nothing_is_left_of_a_run_that_does_not_listen_or_is_not_wanted(monkeypatch, limit):
    psutil = pytest.importorskip("psutil")
    monkeypatch.setattr(job, "GRACE", 0.2)
    asked = iter(range(1_000_000))

    outcome = make(scripted(DEAF, limit=limit), wanted=lambda: limit < 60 or next(asked) * job.INTERVAL < SOON)

    child = int(zlib.decompress(outcome.files["report.json"]))
    # Whoever is killed goes a moment later.
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(child)
        until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_a_report_that_is_too_large_is_left_but_for_what_it_says(monkeypatch):
    monkeypatch.setattr(job, "LARGEST", 2000)

    outcome = make(
        scripted(
            """
            import os
            (report / "report.json").write_text("x")
            (report / "exchanges.jsonl").write_bytes(os.urandom(9000))
            """
        )
    )

    assert set(outcome.files) == {"report.json"}
    assert "larger than" in outcome.reason


def test_another_version_of_the_kit_judges_nothing():
    outcome = make(scripted("", kit="0.0.0"))

    assert outcome.status is None
    assert "not 0.0.0" in outcome.reason


def test_only_files_of_a_report_are_written(tmp_path):
    packed = zlib.compress(b"x")

    Outcome(
        "a", 0, files={"../out": packed, "/out": packed, "findings/../../out.sh": packed, "badge.svg": packed}
    ).unpack(tmp_path / "in" / "a")

    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == ["in/a/badge.svg"]


def test_a_run_ends_with_its_standard_input():
    code = f"import time, {isolation.__name__} as i; i.end_with_stdin(); print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        process.stdout.readline()
        process.stdin.close()

        assert process.wait(300) == -9


# What they came to


def test_a_row_says_what_the_report_says(tmp_path):
    made = ledger(tmp_path, ended("a", report(finding(), finding(OTHER))))

    row = made.rows["a"]
    assert (row["verdict"], set(row["failed"]), row["exchanges"]) == ("non-conformant", {OTHER, FOUND}, 3000)
    assert (row["before"], row["new"], row["fixed"]) == (None, None, None)
    assert json.loads((tmp_path / "a" / "report.json").read_text())["verdict"] == "non-conformant"


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([ended("a", report()), ended("b", report())], 0),
        ([ended("a", report()), ended("b", report(verdict="inconclusive"), status=10)], 10),
        ([ended("a", report(finding())), ended("b", report(verdict="inconclusive"), status=10)], 1),
        ([ended("a", report()), Outcome("b", 4, "exit status 4: no")], 10),
        ([ended("a", report()), ended("b", report(verdict="incomplete"), status=None, reason="its limit")], 10),
        ([ended("a", report()), ended("b", report(finding()), status=None, reason="its limit")], 1),
        ([ended("a", report(verdict="incomplete")), ended("b", report())], 0),
        ([ended("a", report())], 10),
    ],
)
def test_the_worst_gateway_gives_the_exit_status(tmp_path, outcomes, status):
    assert ledger(tmp_path, *outcomes, names=("a", "b")).exit_status == status


def test_what_was_ended_is_unfinished_whatever_it_says(tmp_path):
    made = ledger(tmp_path, ended("a", report(verdict="incomplete"), status=None, reason="its limit"))

    assert made.rows["a"]["verdict"] == "unfinished"
    assert made.rows["a"]["report"]


def test_a_second_run_is_held_against_the_first(tmp_path):
    ledger(tmp_path, ended("a", report(finding())), ended("b", report()))

    made = ledger(tmp_path, ended("a", report()), ended("b", report(finding(), finding(OTHER))))

    assert {name: (row["before"], row["new"], row["fixed"]) for name, row in made.rows.items()} == {
        "a": ("non-conformant", 0, 1),
        "b": ("conformant", 2, 0),
    }
    assert [run["verdicts"] for run in made.history] == [{"non-conformant": 1, "conformant": 1}] * 2


def test_a_run_that_was_interrupted_takes_nothing_from_the_trend(tmp_path):
    ledger(tmp_path, ended("a", report(finding())))
    ledger(tmp_path, names=("a",))

    made = ledger(tmp_path, ended("a", report()))

    assert (made.rows["a"]["before"], made.rows["a"]["fixed"]) == ("non-conformant", 1)
    assert [run["verdicts"] for run in made.history][1] == {"pending": 1}


def test_a_run_without_a_report_leaves_the_one_before(tmp_path):
    ledger(tmp_path, ended("a", report(finding())))

    made = ledger(tmp_path, Outcome("a", None, "4 workers died while they ran it"))

    assert (made.rows["a"]["verdict"], made.rows["a"]["report"]) == ("unfinished", False)
    assert (tmp_path / "a" / "report.json").exists()


def test_nothing_of_an_earlier_report_stays_beside_a_new_one(tmp_path):
    ledger(tmp_path, ended("a", report(), files={"findings/X-1.sh": b"true", "certificate.json": b""}))
    (tmp_path / "a" / "certificate.json").write_text("{}")

    ledger(tmp_path, ended("a", report()))

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "fleet.json", "history.jsonl"]


def test_what_a_run_that_was_killed_had_left_is_in_nobody_s_way(tmp_path):
    ledger(tmp_path, ended("a", report()))
    for name in (".a.new", ".a.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text("{")

    ledger(tmp_path, ended("a", report(finding())))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "fleet.json", "history.jsonl"]
    assert json.loads((tmp_path / "a" / "report.json").read_text())["verdict"] == "non-conformant"


def test_only_a_whole_run_is_certified_and_a_reason_told_where_it_is_not(tmp_path):
    asked = []

    def certify(folder):
        asked.append(folder.name)
        if folder.name == "b":
            raise UsageError("it is masked")

    outcomes = [
        ended("a", report(finding())),
        ended("b", report()),
        ended("c", report(verdict="incomplete")),
        Outcome("d", 3, "exit status 3: a fault"),
    ]
    made = ledger(tmp_path, *outcomes, certify=certify)

    assert asked == ["a", "b"]
    assert [row["certificate"] for row in made.rows.values()] == [True, False, False, False]
    assert made.rows["b"]["reason"] == "no certificate: it is masked"


def test_a_gateway_without_the_certificate_that_was_wanted_is_no_success(tmp_path):
    def certify(folder):
        raise UsageError("it is masked")

    assert ledger(tmp_path, ended("a", report()), certify=certify).exit_status == 10


def test_what_is_written_is_what_the_schema_says(tmp_path):
    ledger(tmp_path, ended("a", report(finding())))

    made = ledger(tmp_path, ended("a", report()), Outcome("b", 4, "no"), names=("a", "b", "c"))

    schema = SPECIFICATION.files["fleet-report.json"]
    Draft202012Validator.check_schema(schema)
    written = json.loads((tmp_path / "fleet.json").read_text())
    Draft202012Validator(schema).validate(written)
    assert written["gateways"] == made.document["gateways"]


@pytest.mark.parametrize("content", ["{", "[]", '{"format": "other"}'])
def test_a_folder_of_something_else_is_left_alone(tmp_path, content):
    (tmp_path / "fleet.json").write_text(content)

    with pytest.raises(UsageError):
        FleetResults(tmp_path, [entry("a")])

    assert (tmp_path / "fleet.json").read_text() == content


# The page


def test_the_page_tells_the_worst_first_and_links_to_their_reports(tmp_path):
    outcomes = [
        ended("good", report()),
        ended("bad", report(finding())),
        ended("worst", report(finding(), finding(OTHER))),
        Outcome("gone", None, "4 workers died while they ran it"),
    ]
    text = index.write(ledger(tmp_path, *outcomes), SPECIFICATION).read_text()

    table = text.partition('id="gateways"')[2].partition("</table>")[0]
    places = [table.index(f">{name}<") for name in ("worst", "bad", "gone", "good")]
    assert places == sorted(places)
    assert 'href="worst/report.html"' in table
    assert 'href="gone/' not in text
    assert "4 workers died" in table
    assert "1 of 4 conformant" in text


def test_the_page_counts_what_fails_most(tmp_path):
    outcomes = [ended(name, report(finding())) for name in "ab"] + [ended("c", report(finding(OTHER)))]

    text = index.write(ledger(tmp_path, *outcomes), SPECIFICATION).read_text()

    table = text.partition('id="failing"')[2].partition("</table>")[0]
    assert table.index(FOUND) < table.index(OTHER)
    assert f'href="b/report.html#{FOUND}"' in table


def test_the_page_shows_what_is_otherwise_than_before(tmp_path):
    ledger(tmp_path, ended("a", report(finding())), ended("b", report()), ended("c", report()))

    made = ledger(tmp_path, ended("a", report()), ended("b", report(finding())), ended("c", report()))
    text = index.write(made, SPECIFICATION).read_text()

    for said in (
        "1 conformant now and not before",
        "1 not conformant now and conformant before",
        "1 with the verdict of before",
        "1 new, 1 fixed",
    ):
        assert said in text
    assert text.partition('id="runs"')[2].count('<th scope="row">') == 2


def test_nothing_that_is_told_can_act_on_the_page(tmp_path):
    made = ledger(tmp_path, Outcome("a", 4, "<script>alert(1)</script>\u202e"))

    text = index.write(made, SPECIFICATION).read_text()

    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text


# The command


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """Runs the command on gateways a and b, with what is said to become of them."""

    def fleet(*outcomes, options=()):
        def played(client, visits, began):
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    raise outcome
                began(outcome.name)
                yield outcome

        monkeypatch.setattr(cluster, "local", lambda workers: contextlib.nullcontext())
        monkeypatch.setattr(cluster, "outcomes", played)
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
    monkeypatch.delattr("beckn_conformance.commands.fleet.cluster")
    monkeypatch.delitem(sys.modules, "beckn_conformance.commands.fleet.cluster")
    monkeypatch.setitem(sys.modules, "distributed", None)

    assert main(["fleet", "FLEET.yaml"]) == 4
    assert "pip install 'beckn-conformance[fleet]'" in capsys.readouterr().err


# Folders of strangers.


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "beckn-conformance-fleet/1"}',
        '{"format": "beckn-conformance-fleet/1", "gateways": [{"name": "../x"}]}',
        "[" * 10_000,
        '{"format": 1, "format": "beckn-conformance-fleet/1"}',
    ],
)
def test_a_ledger_that_no_fleet_wrote_is_refused(tmp_path, text):
    (tmp_path / "fleet.json").write_text(text)

    with pytest.raises(UsageError, match=r"fleet\.json"):
        FleetResults(tmp_path, [])


def test_lines_that_no_fleet_wrote_are_no_history(tmp_path):
    ledger = FleetResults(tmp_path, [])
    (tmp_path / "history.jsonl").write_text('{"started": "<b>"}\n[1]\n{"verdicts": {"x": {}}}\nno JSON\n')

    assert len(ledger.history) == 1


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
