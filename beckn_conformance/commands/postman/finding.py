"""Makes a collection of the calls that it takes to see a finding."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from ...config.gateway import GatewayConfig
from ...config.urls import check_url
from ...errors import UsageError
from ...judging.checks import Observation
from ...judging.judge import Judge
from ...messages.exchange import Exchange
from ...messages.shell import Expansion, Part
from ...messages.tokens import DISGUISES
from ...run.curl import LETTERS, SERIAL, TIMESTAMP, Substitutions, path_below
from ...specification.actions import ADD, SIGNUP
from ...specification.specification import Specification
from ...untrusted.text import printable
from ..finding_steps import FindingSteps
from .collection import BASE, Collection, Expectation, Item, new_serial, placeholder

PEER = "peerUrl"
"""Variable for the base URL of another gateway of the region (X1)."""
ESCAPED = "{\\u007b"
"""Two braces in a JSON text, which Postman takes for no variable."""
LEAST_PAUSE = 0.05
"""Seconds between two calls; anything shorter is not kept."""


def steps(specification: Specification, found: FindingSteps, url: str | None) -> dict[str, Any]:
    """Returns a collection with a request for each call. Raises UsageError for calls that Postman cannot send."""
    id_, run = found.finding["id"], found.scenario.run
    if any(a.overlaps(b) and SIGNUP not in (a.action, b.action) for a in found.steps for b in found.steps):
        raise UsageError(f"{id_} takes calls at the same time, which Postman does not send; its script does")
    judge = found.scenario.judge()
    for _ in judge.judge_together(found.scenario.end.transcript.calls):
        pass
    calls = _Calls(specification, found, judge)
    items = [*calls.items()]
    secrets = {name: "" for name in calls.used if name not in calls.made}
    # Postman replaces variables in the values of others, too, and no normal URL has braces.
    variables = {BASE: url or check_url(run.config.url, "the URL of the run"), **secrets}
    if peer := found.steps[-1].peer:
        variables[PEER] = check_url(peer, "the URL of a peer")
    title = f"{found.requirement} {found.finding['pointer']}: {found.finding['message']} ({id_})"
    return calls.collection.whole(printable(title), items, variables)


class _Calls:
    """Makes a request of each recorded call."""

    def __init__(self, specification: Specification, found: FindingSteps, judge: Judge) -> None:
        binding, config = found.scenario.probe.binding, found.scenario.run.config
        self.collection = Collection(specification, config, binding)
        self.used: dict[str, None] = {}
        """Variables in the requests."""
        self.made = {SERIAL.name, LETTERS.name, TIMESTAMP}
        """Those whose values come from scripts."""
        self._config: GatewayConfig = config
        self._found = found
        self._judge = judge
        self._in_json = binding.name != "http"
        self._values = Substitutions(binding, config)

    def items(self) -> Iterator[Item]:
        pauses = [later.started - earlier.ended for earlier, later in pairwise(self._found.steps)]
        for number, (step, pause) in enumerate(zip(self._found.steps, [0.0, *pauses], strict=True), 1):
            before = [new_serial()] if number == 1 else []
            if pause >= LEAST_PAUSE:
                longest = max(self._config.settle, self._config.clone_within or 0.0) + 1
                before.append(f"setTimeout(() => {{}}, {round(min(pause, longest) * 1000)});")
            try:
                request = self._request(step)
                expectation = self._expectation(step, self._takes(step, number))
            except ValueError as error:
                raise UsageError(f"Postman cannot send call {number}: {printable(str(error))}") from error
            name = printable(f"{number}. {self._judge.describe(step)}")
            yield self.collection.item(name, step.action, request, expectation, before)

    def _expectation(self, step: Exchange, takes: dict[str, tuple[str, str, bool]]) -> Expectation:
        seen = self._judge.observation(step)
        due = seen.due if seen is not None else None
        blamed = _blamed(seen) if seen is not None else ()
        return Expectation(due, blamed, step.purpose, self._text(self._values.of(step)(step.about), ""), takes)

    def _takes(self, step: Exchange, number: int) -> dict[str, tuple[str, str, bool]]:
        """Variables for what later calls take from a signup."""
        if step.action != SIGNUP or self._values.learn(step, number) is None:
            return {}
        id_, token = f"ID{number}", f"T{number}"
        self.made |= {id_, token, *(name + one.ending for name in (id_, token) for one in DISGUISES)}
        return {id_: ("registration", "id", True), token: ("auth", "token", self._in_json)}

    def _request(self, step: Exchange) -> Item:
        request, parts = step.request, self._values.of(step)
        if request.raw is not None:
            raise ValueError("it is not HTTP")
        headers = [
            (
                self._text([name], ""),
                self._text([known] if (known := self._values.field(name, value)) else parts(value), ""),
            )
            for name, value in request.headers
        ]
        body = self._text(parts(request.content.decode()), ESCAPED if step.sent is not None else "")
        path = self._text([path_below(request.url, step.peer or self._config.url)], "")
        method = self._text([request.method], "")
        return self.collection.request(method, path, headers, body, PEER if step.peer else BASE)

    def _text(self, parts: list[Part], escaped: str) -> str:
        """A text with placeholders for what differs each time."""
        text = ""
        for part in parts:
            if makes_variable(text, part, escaped):
                raise ValueError("Postman would take what stands in braces for a variable")
            if isinstance(part, Expansion):
                self.used[part.name] = None
                text += placeholder(part.name)
            else:
                text += part.replace("{{", escaped)
        return text


def makes_variable(text: str, part: Part, escaped: str) -> bool:
    """True if Postman may take a variable from a part after a text; a value may begin or end with a brace, too."""
    if isinstance(part, Expansion):
        return text.endswith(("{", "}}"))
    return ("{{" in part and not escaped) or (text.endswith("}}") and part.startswith("{"))


def _blamed(seen: Observation) -> Iterator[str]:
    """Members that a NACK must blame; none if its body is not judged."""
    diagnosis = seen.diagnosis
    if diagnosis.header_faults or diagnosis.doubts:
        return
    yield from (f.member for f in diagnosis.body_faults if not (f.of_registration and seen.action == ADD))
