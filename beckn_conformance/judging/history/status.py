"""What a registration's status may be after a change, and after a refused one (R5, R17)."""

from __future__ import annotations

from collections.abc import Iterator

from ...messages.text import shown
from ...specification.actions import ADD, GET, UPDATE
from ...specification.pointer import MISSING, member
from ..checks import VERIFICATION, Observation
from ..finding import Judgement
from ..registry import history_check
from .registration import History


@history_check(
    "UPDATE-STATUS-SEEN",
    "UPDATE-NACK-STATUS-UNCHANGED",
    "DOCUMENTS-STATUS-SEEN",
    "DOCUMENTS-NACK-STATUS-UNCHANGED",
)
def judge_status(observation: Observation, history: History) -> Iterator[Judgement]:
    if observation.action != GET or not history.status_certain:
        return
    status = member(observation.exchange.body_of_reply, "/registration/status")
    if not isinstance(status, str) or status == MISSING:
        return
    prefix = {UPDATE: "UPDATE", ADD: "DOCUMENTS"}
    if history.under_way:
        # Another change may be the reason for whatever is shown.
        return
    if history.refused in prefix and history.status_shown_by_get is not None:
        requirement = f"{prefix[history.refused]}-NACK-STATUS-UNCHANGED"
        before = history.status_shown_by_get
        pending = observation.config.status_name("UPDATE-PENDING")
        # Who verifies in the background has words of its own for what is verified, and says them at any time (R3).
        moving = before == pending or status in VERIFICATION or (verifies(observation) and status != pending)
        if status in (before, observation.config.status_name("UPDATE-FAIL")):
            yield observation.ok(requirement)
        elif not moving:
            yield observation.bad(
                requirement,
                "/registration/status",
                "another-status",
                "a refused change changes the status",
                f"{shown(before)} as before, or {shown(observation.config.status_name('UPDATE-FAIL'))}",
                f"{shown(status)} after the NACK",
            )
    elif history.written in prefix and history.refused is None:
        requirement = f"{prefix[history.written]}-STATUS-SEEN"
        earlier = history.status_before
        pending = observation.config.status_name("UPDATE-PENDING")
        if status == pending or (earlier is not None and status != earlier) or status == "VERIFIED":
            yield observation.ok(requirement)
        elif earlier != pending and status == earlier and settled(observation, history.written_at):
            yield observation.bad(
                requirement,
                "/registration/status",
                "earlier-status",
                "the old status is shown after an acknowledged change",
                f"{shown(pending)}, or a later status",
                f"{shown(status)}, as before the {history.written}",
            )


def verifies(observation: Observation) -> bool:
    """Whether the gateway is declared to verify, or to approve, by itself while a run lasts; a hook does it on call."""
    config = observation.config
    return config.verification == "immediate" or config.updates == "deferred"


def settled(observation: Observation, since: float) -> bool:
    """Whether a change is old enough to be seen by every call (R19)."""
    return observation.exchange.started >= since + observation.config.settle
