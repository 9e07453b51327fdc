"""Writes release notes in Markdown from a comparison of two versions of the schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .changes import ANSWERS, BREAKING, CANNOT_TELL, PARTIES, Change, Changes, brief_message

HEADINGS = {BREAKING: "Breaking", CANNOT_TELL: "To be checked by hand"}


def notes(found: Changes, old: str, new: str) -> Iterator[str]:
    """Yields release notes: what each party has to know, the breaking changes first."""
    yield f"# Changes from {old} to {new}"
    yield ""
    if not found.changes:
        yield "Nothing changed."
        return
    yield f"This is a **{found.version}** release. " + " ".join(f"For {p}: {found.answer(p)}." for p in PARTIES)
    for party in PARTIES:
        yield ""
        yield f"## For {party}"
        changes = [change for change in found.changes if change.concerns(party)]
        if not changes:
            yield ""
            yield "Nothing changes."
        for answer in ANSWERS:
            yield from _section(answer, [change for change in changes if change.effect == answer])


def _section(answer: str, changes: list[Change]) -> Iterator[str]:
    groups = (
        {HEADINGS[answer]: changes}
        if answer in HEADINGS
        else {"New": [c for c in changes if c.widens], "Other changes": [c for c in changes if not c.widens]}
    )
    for heading, group in groups.items():
        if group:
            yield ""
            yield f"### {heading}"
            yield ""
        for change in group:
            yield f"- **{_escaped(change.where)}**: {_escaped(change.text)}"
            yield from (f"  - {line}" for line in _evidence(change))


def _evidence(change: Change) -> Iterator[str]:
    if change.effect == BREAKING and change.witness is not None:
        shown = json.dumps(brief_message(change.witness.message), ensure_ascii=False).replace("`", "'")
        yield f"before: {change.witness.before}; now: {change.witness.now}. Example: `{shown}`"
    elif change.effect == CANNOT_TELL:
        yield from map(_escaped, change.evidence())


def _escaped(text: str) -> str:
    for character in "\\*_<>[]`":
        text = text.replace(character, f"\\{character}")
    return text
