"""The results of a fleet are kept from run to run, and shown on one page."""

import json

import pytest
from jsonschema import Draft202012Validator

from beckn_conformance.commands.fleet import index
from beckn_conformance.commands.fleet.job import Outcome
from beckn_conformance.commands.fleet.results import FleetResults
from beckn_conformance.errors import UsageError
from tests.exchanges import SPECIFICATION
from tests.reports import FOUND, finding, report
from tests.written_fleets import ended, entry, results_of

OTHER = "GET-ACK"


def test_a_row_says_what_the_report_says(tmp_path):
    made = results_of(tmp_path, ended("a", report(finding(), finding(OTHER))))

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
    assert results_of(tmp_path, *outcomes, names=("a", "b")).exit_status == status


def test_what_was_ended_is_unfinished_whatever_it_says(tmp_path):
    made = results_of(tmp_path, ended("a", report(verdict="incomplete"), status=None, reason="its limit"))

    assert made.rows["a"]["verdict"] == "unfinished"
    assert made.rows["a"]["report"]


def test_a_second_run_is_held_against_the_first(tmp_path):
    results_of(tmp_path, ended("a", report(finding())), ended("b", report()))

    made = results_of(tmp_path, ended("a", report()), ended("b", report(finding(), finding(OTHER))))

    assert {name: (row["before"], row["new"], row["fixed"]) for name, row in made.rows.items()} == {
        "a": ("non-conformant", 0, 1),
        "b": ("conformant", 2, 0),
    }
    assert [run["verdicts"] for run in made.history] == [{"non-conformant": 1, "conformant": 1}] * 2


def test_a_run_that_was_interrupted_takes_nothing_from_the_trend(tmp_path):
    results_of(tmp_path, ended("a", report(finding())))
    results_of(tmp_path, names=("a",))

    made = results_of(tmp_path, ended("a", report()))

    assert (made.rows["a"]["before"], made.rows["a"]["fixed"]) == ("non-conformant", 1)
    assert [run["verdicts"] for run in made.history][1] == {"pending": 1}


def test_a_run_without_a_report_leaves_the_one_before(tmp_path):
    results_of(tmp_path, ended("a", report(finding())))

    made = results_of(tmp_path, Outcome("a", None, "4 workers died while they ran it"))

    assert (made.rows["a"]["verdict"], made.rows["a"]["report"]) == ("unfinished", False)
    assert (tmp_path / "a" / "report.json").exists()


def test_nothing_of_an_earlier_report_stays_beside_a_new_one(tmp_path):
    results_of(tmp_path, ended("a", report(), files={"findings/X-1.sh": b"true", "certificate.json": b""}))
    (tmp_path / "a" / "certificate.json").write_text("{}")

    results_of(tmp_path, ended("a", report()))

    assert [path.name for path in (tmp_path / "a").iterdir()] == ["report.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "fleet.json", "history.jsonl"]


def test_what_a_run_that_was_killed_had_left_is_in_nobody_s_way(tmp_path):
    results_of(tmp_path, ended("a", report()))
    for name in (".a.new", ".a.old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text("{")

    results_of(tmp_path, ended("a", report(finding())))

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
    made = results_of(tmp_path, *outcomes, certify=certify)

    assert asked == ["a", "b"]
    assert [row["certificate"] for row in made.rows.values()] == [True, False, False, False]
    assert made.rows["b"]["reason"] == "no certificate: it is masked"


def test_a_gateway_without_the_certificate_that_was_wanted_is_no_success(tmp_path):
    def certify(folder):
        raise UsageError("it is masked")

    assert results_of(tmp_path, ended("a", report()), certify=certify).exit_status == 10


def test_what_is_written_is_what_the_schema_says(tmp_path):
    results_of(tmp_path, ended("a", report(finding())))

    made = results_of(tmp_path, ended("a", report()), Outcome("b", 4, "no"), names=("a", "b", "c"))

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


def test_the_page_tells_the_worst_first_and_links_to_their_reports(tmp_path):
    outcomes = [
        ended("good", report()),
        ended("bad", report(finding())),
        ended("worst", report(finding(), finding(OTHER))),
        Outcome("gone", None, "4 workers died while they ran it"),
    ]
    text = index.write(results_of(tmp_path, *outcomes), SPECIFICATION).read_text()

    table = text.partition('id="gateways"')[2].partition("</table>")[0]
    places = [table.index(f">{name}<") for name in ("worst", "bad", "gone", "good")]
    assert places == sorted(places)
    assert 'href="worst/report.html"' in table
    assert 'href="gone/' not in text
    assert "4 workers died" in table
    assert "1 of 4 conformant" in text


def test_the_page_counts_what_fails_most(tmp_path):
    outcomes = [ended(name, report(finding())) for name in "ab"] + [ended("c", report(finding(OTHER)))]

    text = index.write(results_of(tmp_path, *outcomes), SPECIFICATION).read_text()

    table = text.partition('id="failing"')[2].partition("</table>")[0]
    assert table.index(FOUND) < table.index(OTHER)
    assert f'href="b/report.html#{FOUND}"' in table


def test_the_page_shows_what_is_otherwise_than_before(tmp_path):
    results_of(tmp_path, ended("a", report(finding())), ended("b", report()), ended("c", report()))

    made = results_of(tmp_path, ended("a", report()), ended("b", report(finding())), ended("c", report()))
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
    made = results_of(tmp_path, Outcome("a", 4, "<script>alert(1)</script>\u202e"))

    text = index.write(made, SPECIFICATION).read_text()

    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\u202e" not in text
