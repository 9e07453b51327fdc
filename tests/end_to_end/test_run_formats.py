"""Everything that a run leaves behind is what its format demands, read by what others wrote."""

from __future__ import annotations

import json
import shutil
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
import rdflib
from junitparser import Failure, Skipped
from junitparser.xunit2 import JUnitXml
from markdown_it import MarkdownIt

from beckn_conformance.commands.cli import main
from beckn_conformance.record.foreign import forms
from beckn_conformance.report import files
from beckn_conformance.report.evidence import wanted
from tests import har_format
from tests.end_to_end.kit import Kit, Run
from tests.end_to_end.loopback import Loopback, with_body, with_fields
from tests.end_to_end.test_run_without_answer import assert_inconclusive

ALLURE = ("-pallure_pytest.plugin", "--alluredir=allure")
JUNIT = "--junitxml=junit.xml"
SPREAD = ("-p", "xdist.plugin", "-n2")
DEFECTS = ("signup-info-phone-no-dash-accepted", "signup-media-type-html")
SOME = ("-k", "(no_dash or no_plus) and SIGNUP or test_form_of_replies and Provider/signup")
FAILED, WARNED = "SIGNUP-NACK-PHONE", "REPLY-MEDIA-TYPE"
FAULT = "test_one_fault[SIGNUP-NACK-PHONE:/info/phone-malformed:_no_dash]"

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


@dataclass(frozen=True)
class Formats:
    """A run, and what it left behind in other formats."""

    run: Run
    folder: Path

    @property
    def har(self):
        return json.loads((self.run.folder / "exchanges.har").read_text(encoding="utf-8"))

    @property
    def graph(self):
        graph = rdflib.Graph().parse(self.run.folder / "earl.jsonld", format="json-ld")
        graph.bind("earl", "http://www.w3.org/ns/earl#")
        graph.bind("dct", rdflib.DCTERMS, override=True, replace=True)
        return graph

    @property
    def cases(self):
        """The tests of the JUnit XML by name."""
        return {case.name: case for suite in JUnitXml.fromfile(str(self.folder / "junit.xml")) for case in suite}

    @property
    def results(self):
        """The tests of the Allure results."""
        return [json.loads(file.read_text(encoding="utf-8")) for file in self.folder.glob("allure/*-result.json")]

    def result(self, name):
        (found,) = [result for result in self.results if result["name"] == name]
        return found

    def attached(self, result):
        """Texts that are attached to the steps of a test, by name."""
        return {
            attachment["name"]: (self.folder / "allure" / attachment["source"]).read_text(encoding="utf-8")
            for step in result["steps"]
            for attachment in step["attachments"]
        }


def outcomes(graph):
    query = """SELECT ?id ?outcome WHERE { ?assertion a earl:Assertion ; earl:test/dct:identifier ?id ;
               earl:result/earl:outcome ?outcome }"""
    return {str(id_): str(outcome).partition("#")[2] for id_, outcome in graph.query(query)}


def properties(case):
    return [(one.name, one.value) for one in case.properties()]


def labels(result, name):
    return [label["value"] for label in result["labels"] if label["name"] == name]


def run_of(folder, url, *options, **env):
    return Formats(Kit(folder).run(url, JUNIT, *ALLURE, *options, **env), folder)


def in_order(rows):
    """Exchanges in the order in which they began, and not in that in which they ended."""
    return sorted(rows, key=lambda row: float(row["started"]))


@pytest.fixture(scope="module")
def formats(tmp_path_factory):
    """A narrowed run against a gateway with one finding that fails and one that warns."""
    folder = tmp_path_factory.mktemp("formats")
    server = Loopback(defects=DEFECTS)
    try:
        yield run_of(folder, server.url, *SOME, GITHUB_STEP_SUMMARY=str(folder / "job.md"))
    finally:
        server.close()


@pytest.fixture(scope="module")
def unanswered(tmp_path_factory):
    """A run in which nothing was exchanged; its worker process goes through the tests all the same."""
    folder = tmp_path_factory.mktemp("unanswered")
    return run_of(
        folder, "http://127.0.0.1:1", "--gateway-patience=0.1", *SOME, *SPREAD, GITHUB_STEP_SUMMARY=str(folder)
    )


def archived(formats):
    return [entry["_id"] for entry in formats.har["log"]["entries"]]


def test_the_archive_has_what_the_page_shows(formats, capsys):
    shown = wanted(formats.run.report)

    har_format.check(formats.har)
    assert archived(formats) == [row["id"] for row in in_order(formats.run.journal) if row["id"] in shown]
    assert len(formats.run.journal) == formats.run.report["run"]["exchanges"] > len(shown) > 1
    assert main(["judge", str(formats.run.folder / "exchanges.har")]) == 4
    assert "only some exchanges of its run" in capsys.readouterr().err


def test_the_archive_has_every_exchange_on_demand(formats, tmp_path):
    folder = Path(shutil.copytree(formats.run.folder, tmp_path / "copy"))

    assert main(["report", str(folder), "--har"]) == formats.run.status

    assert [one.row for one in forms.read(folder / "exchanges.har")] == in_order(formats.run.journal)


def test_the_archive_says_which_exchange_shows_a_finding(formats):
    (finding,) = [finding for finding in formats.run.findings if finding["requirement"] == FAILED]

    shown = [e["_id"] for e in formats.har["log"]["entries"] if finding["id"] in e.get("comment", "")]

    assert shown == finding["exchanges"]


def test_every_requirement_has_its_outcome(formats):
    statuses = {row["id"]: row["status"] for row in formats.run.report["requirements"]}

    said = outcomes(formats.graph)

    assert said.keys() == statuses.keys()
    assert {name for name, outcome in said.items() if outcome == "failed"} == {FAILED, WARNED}
    assert {name for name, outcome in said.items() if outcome == "passed"} == {
        name for name, status in statuses.items() if status == "passed"
    }


def test_the_summary_is_of_the_run_and_in_that_of_the_job(formats):
    text = (formats.run.folder / "summary.md").read_text(encoding="utf-8")

    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)

    assert html.count("<details>") == len(formats.run.findings) + 1
    assert all(finding["id"] in html for finding in formats.run.findings)
    assert (formats.folder / "job.md").read_text(encoding="utf-8") == text + "\n"


def test_the_terminal_explains_the_letters_of_the_tests(formats):
    assert "letters above: w warned" in formats.run.output.splitlines()


def test_the_badge_shows_the_verdict(formats):
    badge = ET.fromstring((formats.run.folder / "badge.svg").read_text(encoding="utf-8"))

    assert badge.get("aria-label") == f"beckn gateway registration: {formats.run.report['verdict']} (core)"


def test_nothing_half_written_is_left(formats):
    assert {file.name for file in formats.run.folder.iterdir()} == {*files.NAMES, files.SCRIPTS}


def test_junit_tells_requirement_level_section_and_finding(formats):
    case = formats.cases[FAULT]

    told = properties(case)

    assert told[:4] == [
        ("conformance", "failed"),
        ("requirement", FAILED),
        ("level", "MUST"),
        ("section", "§1 Responses, Failure, Body"),
    ]
    (finding,) = [finding for finding in formats.run.findings if finding["requirement"] == FAILED]
    assert told[-2:] == [("finding", finding["id"]), ("pointer", "/info/phone")]
    counts = Counter(name for name, _ in told)
    assert counts["requirement"] == counts["level"] == counts["section"] > 1
    assert [type(result) for result in case.result] == [Failure]


def test_junit_tells_verdict_gateway_and_seed_of_the_suite(formats):
    (suite,) = JUnitXml.fromfile(str(formats.folder / "junit.xml"))
    report = formats.run.report

    told = {found.name: found.value for found in suite.properties()}

    assert told["verdict"] == report["verdict"]
    assert told["gateway"] == report["gateway"]["url"]
    assert told["seed"] == str(report["run"]["seed"])


def test_junit_tells_of_warnings_in_tests_that_pass(formats):
    warned = [case for case in formats.cases.values() if ("conformance", "warned") in properties(case)]

    assert warned
    assert all(case.is_passed and "finding" in dict(properties(case)) for case in warned)


def test_allure_finds_a_test_under_its_section_and_requirement(formats):
    result = formats.result("SIGNUP-NACK-PHONE: /info/phone-malformed:_no_dash")

    assert result["status"] == "failed"
    for section, requirement in (("parentSuite", "suite"), ("feature", "story")):
        assert labels(result, section) == ["§1 Responses, Failure, Body"]
        assert labels(result, requirement) == ["SIGNUP-NACK-PHONE: faulty info.phone is refused and blamed"]
    assert labels(result, "severity") == ["critical"]
    assert FAILED in labels(result, "requirement")
    assert set(labels(result, "tag")) == set(labels(result, "requirement"))
    assert "a NACK that has a message at that field" in result["description"]


def test_allure_shows_what_a_finding_is_about(formats):
    result = formats.result("SIGNUP-NACK-PHONE: /info/phone-malformed:_no_dash")
    (finding,) = [finding for finding in formats.run.findings if finding["requirement"] == FAILED]

    attached = formats.attached(result)

    assert list(attached) == ["sent, expected, observed", "request", "reply", "again (curl)"]
    assert result["steps"][0]["status"] == "failed"
    assert finding["id"] in result["steps"][0]["name"]
    for member in ("sent", "expected", "observed"):
        assert finding[member] in attached["sent, expected, observed"]
    assert attached["request"].startswith("POST http://127.0.0.1:")
    assert attached["reply"].startswith("200\n")
    assert '\n    "token": "<secret ' in attached["reply"]
    assert attached["again (curl)"] == (finding["script"] or finding["curl"])


def test_allure_marks_what_only_warns(formats):
    warned = [result for result in formats.results if "warned" in labels(result, "tag")]

    assert warned
    assert {result["status"] for result in warned} == {"passed"}
    assert all(result["steps"] for result in warned)


def test_allure_knows_a_test_again_in_the_next_run(formats, unanswered):
    histories = [{result["historyId"]: result["name"] for result in one.results} for one in (formats, unanswered)]

    assert histories[0] == histories[1]
    assert len(histories[0]) == len(formats.results)


def test_allure_is_told_of_the_run(formats):
    facts = (formats.folder / "allure" / "environment.properties").read_text(encoding="utf-8").splitlines()

    assert f"gateway={formats.run.report['gateway']['url']}" in facts
    assert "verdict=incomplete (core)" in facts


def test_processes_leave_what_one_would(formats, gateway, tmp_path):
    shared = run_of(tmp_path, gateway(defects=DEFECTS).url, *SOME, *SPREAD)

    assert {name: dict(properties(case)) for name, case in shared.cases.items()} == {
        name: dict(properties(case)) for name, case in formats.cases.items()
    }
    result = shared.result("SIGNUP-NACK-PHONE: /info/phone-malformed:_no_dash")
    assert list(shared.attached(result)) == ["sent, expected, observed", "request", "reply", "again (curl)"]
    assert {r["name"]: r["status"] for r in shared.results} == {r["name"]: r["status"] for r in formats.results}
    assert {*archived(shared)} == wanted(shared.run.report)


def test_a_run_without_an_answer_is_told_in_every_format(unanswered):
    run = unanswered.run

    assert_inconclusive(run, "http://127.0.0.1:1", "connection")
    har_format.check(unanswered.har)
    assert "passed" not in outcomes(unanswered.graph).values()
    assert "gives no usable answer" in (run.folder / "summary.md").read_text(encoding="utf-8")
    assert "inconclusive" in (run.folder / "badge.svg").read_text(encoding="utf-8")
    assert unanswered.cases
    for case in unanswered.cases.values():
        assert properties(case)[0] == ("conformance", "inconclusive")
        assert [type(result) for result in case.result] == [Skipped]
        assert "127.0.0.1:1" in case.result[0].message
    assert {result["status"] for result in unanswered.results} == {"skipped"}
    assert "note: the summary could not be appended to GITHUB_STEP_SUMMARY" in run.output
    assert all("inconclusive" in labels(result, "tag") for result in unanswered.results)


def test_what_a_gateway_says_breaks_no_format(gateway, tmp_path):
    harm = "\x00\x1b[31m]]></testcase>&lt;<script>\r\n| ``` | @all \ufffe\u202e \ud800 </code></details>"

    def twist(seen, answer):
        if seen.number < 5:
            return answer
        body = json.loads(answer.body)
        for name in body.get("info") or {}:
            body["info"][name] = harm
        body.setdefault("registration", {})["status"] = harm
        shown = [
            ("message", harm.encode("utf-8", "replace").decode("latin-1").translate({0: None, 10: None, 13: None}))
        ]
        return with_fields(with_body(answer, json.dumps(body).encode()), shown)

    formats = run_of(
        tmp_path,
        gateway(twist).url,
        "-k",
        "SIGNUP-NACK-PHONE and malformed or test_plain_signup",
        "--gateway-patience=1",
    )

    assert formats.run.findings
    main(["report", str(formats.run.folder), "--har"])
    har_format.check(formats.har)
    assert [one.row for one in forms.read(formats.run.folder / "exchanges.har")] == in_order(formats.run.journal)
    assert len(outcomes(formats.graph)) == len(formats.run.report["requirements"])
    assert any(case.result for case in formats.cases.values())
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(
        (formats.run.folder / "summary.md").read_text(encoding="utf-8")
    )
    assert "<script" not in html
    assert all(file.suffix in (".json", ".txt", ".properties") for file in tmp_path.glob("allure/*"))
    texts = [file.read_text(encoding="utf-8") for file in tmp_path.glob("allure/*.txt")]
    assert texts
    assert all(line.isprintable() for text in texts for line in text.split("\n"))
