"""Compares two reports: findings that are gone, new, changed or waived, and the circumstances of the runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..judging.outcome import worded
from ..specification.pointer import member

Report = Mapping[str, Any]

BETTER = ("passed", "waived", "not-applicable", "untested", "inconclusive", "warned", "failed")
"""Statuses of a requirement, best first."""


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a comparison."""

    kind: str
    """``fixed``, ``new``, ``changed``, ``waived``, ``worse`` or ``better``."""
    requirement: str
    level: str
    text: str
    finding: str = ""
    worse: bool = False
    unseen: bool = False
    """The newer run was narrowed and did not test the requirement."""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "unseen"}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The differences between a report and an older one."""

    verdicts: tuple[str, str]
    waived: tuple[Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]]
    """Requirements that would fail the class without waivers, by level."""
    changes: tuple[Change, ...]
    circumstances: tuple[str, ...] = field(default=())
    """Changes of kit, specification, configuration and the like, which may be the reason for others."""

    @property
    def worse(self) -> bool:
        return any(change.worse for change in self.changes)

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": list(self.verdicts),
            "waived": list(self.waived),
            "worse": self.worse,
            "circumstances": list(self.circumstances),
            "changes": [change.to_json() for change in self.changes],
        }

    def lines(self) -> Iterator[str]:
        """The comparison as text."""
        for text in self.circumstances:
            yield f"note: {text}"
        for kind in ("new", "worse", "changed", "waived", "better", "fixed"):
            for change in self.changes:
                if change.kind == kind and not change.unseen:
                    yield f"{kind:8} {change.requirement}  {change.level}  {change.text}"
        if unseen := sum(change.unseen for change in self.changes):
            yield f"note: the newer run is incomplete; requirements that it did not fully test: {unseen}"
        before, after = map(worded, self.verdicts, self.waived)
        yield f"verdict: {after}, as before" if before == after else f"verdict: {after} (was {before})"


def compare(old: Report, new: Report) -> Comparison:
    """Compares two reports (the content of report.json), requirement by requirement and finding by finding."""
    changes: list[Change] = []
    before = {row["id"]: row for row in old["requirements"]}
    after = {row["id"]: row for row in new["requirements"]}
    circumstances = [*_circumstances(old, new)]
    gone, come = sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    circumstances += [f"requirement {id_} is not in the newer catalogue" for id_ in gone]
    circumstances += [f"requirement {id_} is not in the older catalogue" for id_ in come]
    empty: Mapping[str, Any] = {"status": "untested", "findings": [], "level": "", "tests": []}
    for id_ in dict.fromkeys((*after, *before)):
        changes += _requirement(
            id_, before.get(id_, empty), after.get(id_, empty), narrowed=new["verdict"] == "incomplete"
        )
    if BAD[new["verdict"]] > BAD[old["verdict"]] and not any(change.worse for change in changes):
        changes.append(Change("worse", "verdict", "", f"{old['verdict']} became {new['verdict']}", worse=True))
    verdicts, waived = (old["verdict"], new["verdict"]), (old["waived"], new["waived"])
    return Comparison(verdicts, waived, tuple(changes), tuple(circumstances))


BAD = {"conformant": 0, "incomplete": 0, "inconclusive": 2, "non-conformant": 3}


def _requirement(id_: str, old: Mapping[str, Any], new: Mapping[str, Any], *, narrowed: bool) -> Iterator[Change]:
    level = new["level"] or old["level"]
    changes = [*_new_findings(id_, level, old, new), *_old_findings(id_, level, old, new, narrowed=narrowed)]
    yield from changes
    if new["status"] != old["status"] and not changes:
        worse = BETTER.index(new["status"]) > BETTER.index(old["status"])
        text = f"{old['status']} became {new['status']}{': ' + new['reason'] if new.get('reason') else ''}"
        # A narrowed run reaches other requirements by chance only.
        unseen = narrowed and new["status"] in ("inconclusive", "untested")
        worse = worse and not unseen
        kind = "worse" if worse else "changed" if narrowed else "better"
        yield Change(kind, id_, level, text, worse=worse, unseen=unseen)


def _new_findings(id_: str, level: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """Findings of the newer report that are new, changed, waived or no longer waived."""
    before = {row["id"]: row for row in old["findings"]}
    waived = new["status"] == "waived"
    for row in new["findings"]:
        known = before.get(row["id"])
        if known is None or (old["status"] == "waived") != waived:
            why = " (its waiver no longer applies)" if known is not None and not waived else ""
            yield Change("waived" if waived else "new", id_, level, _where(row) + why, row["id"], worse=not waived)
        elif difference := _difference(known, row):
            yield Change("changed", id_, level, f"{_where(row)} ({difference})", row["id"])


def _old_findings(
    id_: str, level: str, old: Mapping[str, Any], new: Mapping[str, Any], *, narrowed: bool
) -> Iterator[Change]:
    """Findings of the older report that the newer one does not have."""
    after = {row["id"] for row in new["findings"]}
    tested = not narrowed or {*old["tests"]} <= {*new["tests"]}
    fixed = tested and new["status"] in ("passed", "failed", "warned", "waived")
    why = "" if fixed else f" (not seen again; {id_} is {new['status']}, and not all that found it was run)"
    for row in old["findings"]:
        if row["id"] not in after:
            yield Change("fixed" if fixed else "changed", id_, level, _where(row) + why, row["id"])


def _where(finding: Mapping[str, Any]) -> str:
    return f"{finding['operation']} {finding['pointer']}".strip() + f": {finding['message']}"


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Says in a few words how a finding differs from before. Its count does not matter."""
    gone, come = set(old["cases"]) - set(new["cases"]), set(new["cases"]) - set(old["cases"])
    return "; ".join(
        [*(f"also with {case}" for case in sorted(come)), *(f"no longer with {case}" for case in sorted(gone))]
    )


def _circumstances(old: Report, new: Report) -> Iterator[str]:
    for name, place in (
        ("gateway", "/gateway/url"),
        ("version of the gateway", "/gateway/version"),
        ("binding", "/gateway/binding"),
        ("class", "/class"),
        ("kit", "/kit/version"),
        ("specification", "/specification/digest"),
    ):
        before, after = (member(report, place) for report in (old, new))
        if before != after:
            yield f"{name}: {after or 'none'}, before {before or 'none'}"
    before, after = (report["configuration"] for report in (old, new))
    for key in sorted({*before, *after} - {"waivers"}):
        if before.get(key) != after.get(key):
            yield f"configuration, {key}: {_said(after, key)}, before {_said(before, key)}"
    waivers = [{(w["requirement"], w["pointer"], w["expires"]) for w in report["waivers"]} for report in (old, new)]
    for requirement, pointer, expires in sorted(waivers[1] - waivers[0], key=str):
        yield f"waiver for {requirement}{' ' + pointer if pointer else ''} until {expires}: new"
    for requirement, pointer, expires in sorted(waivers[0] - waivers[1], key=str):
        yield f"waiver for {requirement}{' ' + pointer if pointer else ''} until {expires}: gone"


def _said(configuration: Mapping[str, Any], key: str) -> str:
    return repr(configuration[key]) if key in configuration else "not declared"
