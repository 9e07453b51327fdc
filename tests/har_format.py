"""Holds an archive against HAR 1.2 as another program writes it."""

import datetime

import harfile

PARTS = {
    "cookies": harfile.Cookie,
    "headers": harfile.Record,
    "queryString": harfile.Record,
    "postData": harfile.PostData,
    "content": harfile.Content,
}
"""By member of a request or response, what it is made of."""
LOG = {"version", "creator", "comment", "pages", "entries"}
ENTRY = {"pageref", "startedDateTime", "time", "request", "response", "cache", "timings"}


def check(archive):
    """Asserts that every message is what ``harfile`` writes for the same, members that begin with ``_`` aside."""
    log = _standard(archive["log"])
    assert archive.keys() == {"log"}
    assert log.keys() == LOG
    assert log["version"] == harfile.HAR_VERSION
    assert _standard(log["creator"]) == {"name": "beckn-conformance", "version": log["creator"]["version"]}
    pages = {page["id"] for page in log["pages"]}
    for entry in map(_standard, log["entries"]):
        assert entry.keys() - {"comment"} == ENTRY
        assert entry["pageref"] in pages
        assert datetime.datetime.fromisoformat(entry["startedDateTime"]).tzinfo is not None
        assert entry["time"] == sum(entry["timings"].values()) >= 0
        assert entry["cache"] == {}
        for name, kind in (("request", harfile.Request), ("response", harfile.Response)):
            message = _standard(entry[name])
            assert _rewritten(message, kind) == {member: _standard(value) for member, value in message.items()}


def _rewritten(message, kind):
    members = {member: _part(member, _standard(value)) for member, value in message.items()}
    return kind(**members).asdict()


def _part(member, value):
    if member not in PARTS:
        return value
    return [PARTS[member](**one) for one in value] if isinstance(value, list) else PARTS[member](**value)


def _standard(value):
    return {k: v for k, v in value.items() if not k.startswith("_")} if isinstance(value, dict) else value
