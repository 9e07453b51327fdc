"""Changes what a run has left on disk, as somebody would who wants another verdict."""

import json

from beckn_conformance.record.chain import Chain


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
