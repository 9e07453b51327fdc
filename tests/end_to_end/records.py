"""Changes what a run has left on disk, as somebody would who wants another verdict."""

import base64
import json

from beckn_conformance.commands.certificate import keys, statement
from beckn_conformance.commands.cli import main
from beckn_conformance.plugin.expected_tests import ExpectedTest
from beckn_conformance.record.chain import Chain
from beckn_conformance.run import rejudge
from beckn_conformance.specification.loading import load
from tests.end_to_end.kit import Kit
from tests.end_to_end.loopback import Loopback

SOME = "test_plain_get or SIGNUP-NACK-PHONE and malformed"


def certifiable(home, defect, status):
    """Leaves a run of a few tests in a folder as if it were a whole one, and a key pair beside it."""
    server = Loopback(defects=(defect,))
    try:
        run = Kit(home).run(server.url, "-k", SOME)
    finally:
        server.close()
    assert run.status == status, run.output
    called_whole(run.folder)
    keys.generate(home / "key")
    return home


def called_whole(folder):
    """Makes a narrowed run pass for a whole one: tests of certificates need none of a minute."""
    rewrite(
        folder / "course.jsonl",
        lambda rows: [{**row, "narrowed": False} if row["kind"] == "ended" else row for row in rows],
    )
    seal(folder)
    main(["report", str(folder)])


def due_of(folder):
    """What is due of a suite that has just the tests that ran."""
    judged = rejudge.rejudge(folder, load())
    return {test: ExpectedTest(requirements, judged.scenarios[test]) for test, requirements in judged.ran.items()}


def rewrite(path, change):
    """Changes the JSON of a file, or the rows of a record."""
    if path.suffix == ".jsonl":
        rows = change([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        path.write_text("".join(map(line_of, rows)), encoding="utf-8")
    else:
        path.write_text(json.dumps(change(json.loads(path.read_text())), indent=1) + "\n")


def seal(folder):
    """Ends the chains of a record as they would end had a run left it so."""
    course = folder / "course.jsonl"
    *rows, last = (json.loads(line) for line in course.read_text(encoding="utf-8").splitlines())
    exchanges = (folder / "exchanges.jsonl").read_bytes().splitlines(keepends=True)
    last["chains"] = {"exchanges": _end(exchanges), "course": _end(line_of(row).encode() for row in rows)}
    course.write_text("".join(map(line_of, [*rows, last])), encoding="utf-8")


def _end(lines):
    chain = Chain()
    for line in lines:
        chain.add(line)
    return chain.end


def line_of(row):
    return json.dumps(row, separators=(",", ":")) + "\n"


def stated(folder):
    """The statement in the certificate of a report folder."""
    return json.loads(base64.b64decode(json.loads((folder / statement.NAME).read_text())["payload"]))
