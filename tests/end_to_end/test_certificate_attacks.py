"""Nobody gets a better certificate for a gateway that fails by changing what its run left on disk.

Whoever attacks here knows the format, writes the report that they want, and ends the chains of the record anew. What
they cannot do is to leave an exchange out, or to have it judged by nobody.
"""

import json
import re
import shutil

import pytest

from beckn_conformance.commands.certificate import examination, keys
from beckn_conformance.commands.cli import main
from beckn_conformance.errors import UsageError
from beckn_conformance.specification.loading import load
from tests.end_to_end.records import certifiable, due_of, rewrite, seal, stated

REQUIREMENT = "SIGNUP-NACK-PHONE"


class Record:
    """The record of a run in the hands of somebody who wants another verdict."""

    def __init__(self, folder):
        self.folder = folder
        report = json.loads((folder / "report.json").read_text())
        (row,) = (row for row in report["requirements"] if row["id"] == REQUIREMENT)
        self.failing = {id_ for finding in row["findings"] for id_ in finding["exchanges"]}
        """Exchanges that show the finding."""
        assert self.failing

    def course(self, change):
        rewrite(self.folder / "course.jsonl", change)

    def exchanges(self, change):
        rewrite(self.folder / "exchanges.jsonl", change)

    def each(self, kind, **facts):
        """Changes facts of every row of a kind."""
        self.course(lambda rows: [{**row, **facts} if row["kind"] == kind else row for row in rows])

    def judged(self, row):
        """Whether a row of the course is what judged a failing exchange."""
        return row["kind"] == "judged" and bool(self.failing & {*row["exchanges"]})

    def without_failing(self, rows):
        """The course without what judged the failing exchanges."""
        return [row for row in rows if not self.judged(row)]

    def instead(self, **facts):
        """Changes facts of what judged the failing exchanges."""
        self.course(lambda rows: [{**row, **facts} if self.judged(row) else row for row in rows])

    def renumber(self):
        """Numbers the exchanges anew, in the order in which they stand, in both files."""
        ids = [json.loads(line)["id"] for line in (self.folder / "exchanges.jsonl").read_text().splitlines()]
        new = {old: f"x{number}" for number, old in enumerate(ids, 1)}
        for name in ("exchanges.jsonl", "course.jsonl"):
            path = self.folder / name
            path.write_text(re.sub(r'"(x\d+)"', lambda found: f'"{new.get(found[1], found[1])}"', path.read_text()))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a run against a gateway that fails a MUST, called a whole one, with a key beside it."""
    return certifiable(tmp_path_factory.mktemp("failing"), "signup-info-phone-no-dash-accepted", status=1)


@pytest.fixture(scope="module")
def due(run):
    """What is due of a suite that has just the tests that ran."""
    return due_of(run / "reports")


@pytest.fixture
def record(run, due, tmp_path, monkeypatch):
    """A copy of the record, and a suite that has just the tests that ran."""
    monkeypatch.setattr(examination, "expected_tests", lambda run: due)
    shutil.copytree(run, tmp_path / "home")
    return Record(tmp_path / "home" / "reports")


def _certified(record):
    """What a certificate says after an attack; raises UsageError where there is none."""
    seal(record.folder)
    # The attacker's own report is the one that follows from what they left of the record.
    main(["report", str(record.folder)])
    examination.issue(record.folder, keys.signer(record.folder.parent / "key"), load(), days=1)
    return stated(record.folder)["predicate"]


def test_without_an_attack_the_failing_run_is_certified_as_what_it_is(record):
    assert _certified(record)["verdict"] == "non-conformant"


def _renumber(record):
    """Leaves out the failing exchanges and numbers the others anew, in both files."""
    record.exchanges(lambda rows: [row for row in rows if row["id"] not in record.failing])
    record.course(record.without_failing)
    record.renumber()


def _as_probe(record):
    record.course(record.without_failing)
    record.course(
        lambda rows: [
            {**row, "probe": [*row["probe"], *sorted(record.failing)]} if row["kind"] == "begun" else row
            for row in rows
        ]
    )


def _as_first_calls(record):
    """Has the failing exchanges stand at the beginning, as the first signups of the run, and the test judge nothing."""
    failing = sorted(record.failing)

    def first(rows):
        chosen = [row for row in rows if row["id"] in failing]
        return chosen + [row for row in rows if row["id"] not in failing]

    record.exchanges(first)
    record.instead(exchanges=[])
    record.renumber()
    count = len(failing) + 4
    record.each("begun", probe=[f"x{number}" for number in range(1, count + 1)])


def _begin_again(record):
    """Has the rest of the run begin with another binding, in which nothing can be read."""

    def change(rows):
        first, begun = rows[:2]
        return [first, begun, *rows[2:4], {**first}, {**begun, "probe": [], "binding": ["envelope"]}, *rows[4:]]

    record.course(change)


ATTACKS = {
    "what judged it is left out": lambda r: r.course(r.without_failing),
    "it is left out": lambda r: [
        r.course(r.without_failing),
        r.exchanges(lambda rows: [row for row in rows if row["id"] not in r.failing]),
    ],
    "it is left out, and the rest numbered anew": _renumber,
    "it is called a part of the probe": _as_probe,
    "it is made the first call": _as_first_calls,
    "it is called given up": lambda r: [r.course(r.without_failing), r.each("closed", unjudged=sorted(r.failing))],
    "nothing is judged": lambda r: r.course(lambda rows: [row for row in rows if row["kind"] != "judged"]),
    "an empty row in its place": lambda r: r.instead(exchanges=[]),
    "a sound exchange judged in its place": lambda r: r.instead(exchanges=["x5"]),
    "it is judged by another test": lambda r: r.instead(test="other::test"),
    "the tests that found it are left out": lambda r: r.course(
        lambda rows: [row for row in rows if "SIGNUP-NACK-PHONE" not in row.get("test", "")]
    ),
    "other requirements": lambda r: r.each("tested", requirements=[]),
    "nothing is served": lambda r: r.each("begun", served=[]),
    "signups do not work": lambda r: r.each("begun", signups_work=False),
    "nothing fresh is served": lambda r: r.each("begun", serves_fresh=False),
    "another binding": lambda r: r.each("begun", binding=["envelope", "header", "body"]),
    "begun twice": lambda r: r.course(lambda rows: [*rows[:2], rows[1], *rows[2:]]),
    "never begun": lambda r: r.course(lambda rows: [row for row in rows if row["kind"] != "begun"]),
    "another run in its midst": _begin_again,
    "recorded by others": lambda r: r.each("run", recorded=True),
    "a row of an unknown kind": lambda r: r.course(lambda rows: [rows[0], {"kind": "note"}, *rows[1:]]),
    "an exchange twice": lambda r: r.exchanges(lambda rows: [*rows, rows[-1]]),
    "another exchange of the same number": lambda r: r.exchanges(
        lambda rows: (
            [row for row in rows if row["id"] not in r.failing]
            + [{**rows[4], "id": id_} for id_ in sorted(r.failing)]
            + [row for row in rows if row["id"] in r.failing]
        )
    ),
    "everything judged twice": lambda r: r.course(
        lambda rows: [row for row in rows for _ in range(1 + (row["kind"] == "judged"))]
    ),
    "no end": lambda r: r.course(lambda rows: [row for row in rows if row["kind"] != "closed"]),
    "it is called hostile": lambda r: r.exchanges(
        lambda rows: [{**row, "purpose": "unusual"} if row["id"] in r.failing else row for row in rows]
    ),
    "it is called a plain call": lambda r: r.exchanges(
        lambda rows: [{**row, "purpose": "control"} if row["id"] in r.failing else row for row in rows]
    ),
    "nobody was reached": lambda r: r.each("closed", unreachable="tried"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_no_change_of_the_record_makes_a_better_certificate(record, name):
    ATTACKS[name](record)

    try:
        said = _certified(record)
    except (UsageError, SystemExit):
        return
    assert said["verdict"] == "non-conformant"
    assert said["requirements"][REQUIREMENT] == "failed"


@pytest.mark.parametrize("name", ["what judged it is left out", "it is left out", "an exchange twice"])
def test_a_record_that_is_not_whole_is_no_verdict_either(record, name, capsys):
    ATTACKS[name](record)
    seal(record.folder)

    main(["report", str(record.folder)])

    out = capsys.readouterr().out
    assert "note: the record is not whole: exchange x" in out
    assert "incomplete (core)" in out.splitlines()[-1]


@pytest.mark.parametrize("mask", [[], ["documents"], ["documents", "personal"]], ids=str)
def test_a_report_that_hides_a_finding_is_never_certified(record, mask):
    record.course(lambda rows: [{**rows[0], "config": {**rows[0]["config"], "mask": mask}}, *rows[1:]])
    seal(record.folder)
    main(["report", str(record.folder)])

    def without(report):
        for row in report["requirements"]:
            if row["findings"]:
                row["findings"], row["status"] = [], "passed"
        return {**report, "verdict": "conformant"}

    rewrite(record.folder / "report.json", without)

    with pytest.raises(UsageError, match="judged again, the verdict is non-conformant and not conformant"):
        examination.issue(record.folder, keys.signer(record.folder.parent / "key"), load(), days=1)


def test_a_waiver_that_was_put_into_the_record_is_seen_in_the_certificate(record):
    """What is declared is the vendor's to say; but nobody is told less for it."""
    waiver = {
        "requirement": REQUIREMENT,
        "pointer": None,
        "reason": "none",
        "owner": "nobody",
        "expires": "2999-01-01",
        "kind": "disputed-test",
    }
    record.course(lambda rows: [{**rows[0], "config": {**rows[0]["config"], "waivers": [waiver]}}, *rows[1:]])

    said = _certified(record)

    assert said["waived"] == {"MUST": [REQUIREMENT]}
    assert [row["owner"] for row in said["waivers"]] == ["nobody"]
