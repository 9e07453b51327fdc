"""Decides how long a run waits for its gateway, and how many requests are in flight meanwhile (T13, T15)."""

from __future__ import annotations

import enum
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..judging.origin import INTERMEDIARY
from ..messages.exchange import Exchange, Reply, Trouble, TroubleKind
from ..messages.times import read_date
from . import clock
from .limiter import ConcurrencyLimiter

SHORTEST_PAUSE = 0.05
FIRST_INTERVAL, LONGEST_INTERVAL = 0.01, 1.0
"""Seconds between two requests to a gateway that refuses some although one is in flight; longer by half each time."""
FIRST_PAUSE = 0.1
"""Seconds between two attempts unless the gateway names some; doubled each time, up to a share of all patience."""
LONGEST_SHARE = 0.1
MOST_DOUBLINGS = 20
REPEATS = 4
"""Times that a request that changes nothing is sent again after its answer was lost."""
FEW, MANY = 8, 100
"""Requests in a row without an answer after which no more are sent: few once patience is over, many at any time."""
MOST_WAITING, WAITING_PER_ANSWER = 10, 2.0
"""All waiting of a run may amount to so many times its patience, and so many seconds for every answer. That is enough
for a slow gateway, and ends a run against one that answers nothing but "wait"."""


class Fate(enum.Enum):
    """The end of an attempt to send a request."""

    ANSWERED = "something came back"
    UNSENT = "there was no connection, so nothing was sent"
    LOST = "it was sent, and no whole reply came"
    LATE = "it was sent, and no whole reply came in time"
    PUT_OFF = "something came back that is not the gateway's answer to this request"


@dataclass(slots=True)
class Wait:
    """The attempts to send one request so far."""

    repeatable: bool
    """True if it changes nothing, so that it may be sent again even if it was carried out."""
    since: float | None = None
    repeats: int = 0
    reason: Trouble | None = None
    """Why it is not sent again, unless the attempt itself says so."""


class RetryPolicy:
    """Decides after every attempt whether the request is sent again, and when.

    A request is sent again if the gateway put it off, if it never reached the gateway, or if it changes nothing. A
    request is retried for ``seconds`` at most, and so is a run that gets no answer at all.
    """

    def __init__(self, seconds: float, limiter: ConcurrencyLimiter) -> None:
        self.quiet_until = 0.0
        """No request is sent before, on the monotonic clock."""
        self.interval = 0.0
        """Seconds between two requests at least; above 0 for a gateway that limits their rate and names no time."""
        self.given_up: Trouble | None = None
        """Why no more requests are sent; None while they are."""
        self._seconds = seconds
        self._limiter = limiter
        self._answered: float | None = None
        self._silent_since: float | None = None
        self._unanswered: Counter[str] = Counter()
        self._pauses = 0
        self._paused = -math.inf
        self._waited = 0.0
        self._answers = 0
        self._refused_alone: int | None = None
        """Answers at the time when a request was refused last although no other was in flight."""
        self._asked_less: Counter[int] = Counter()
        self._silent: dict[str, float] = {}
        """By operation, the moment since which it has given no answer."""
        self._late: Counter[str] = Counter()
        """By operation, calls in a row that got no answer in time."""
        self._hanging: dict[str, Trouble] = {}
        """Why no more requests of an operation are sent; the others are."""
        self._unsent = self._lost = 0

    def after(self, exchange: Exchange, fate: Fate, wait: Wait, begun: float) -> float | None:
        """Seconds until the request is sent again; None if it is not, and then ``wait.reason`` may say why.

        ``begun`` is the moment of the attempt on the monotonic clock.
        """
        now = clock.monotonic()
        if fate is Fate.ANSWERED and exchange.reply is not None and _insists(exchange.reply):
            fate = Fate.PUT_OFF
        if fate is Fate.ANSWERED:
            self._answered, self._silent_since, self._pauses = now, None, 0
            self._unanswered.clear()
            self._answers += 1
            self._silent.pop(exchange.action, None)
            self._late.pop(exchange.action, None)
            self._limiter.good(exchange.seconds)
            return None
        spent = self._is_spent(exchange.action, begun, now)
        if self._silent_since is None:
            self._silent_since = max(begun, self._answered or 0.0)
        if wait.since is None:
            wait.since = now
        pause, all_wait, again = self._decide(exchange, fate, wait, begun, now)
        if spent:
            all_wait = again = False
        in_time = now + pause <= min(self._silent_since, wait.since) + self._seconds
        if fate is Fate.LATE:
            self._wait_for((now - begun) / self._limiter.open)
            self._hang(exchange, begun)
        elif all_wait and in_time:
            self._wait_for(max(now + pause - max(self.quiet_until, now), 0))
            self.quiet_until = max(self.quiet_until, now + pause)
        if again and in_time:
            return pause
        self._stand(exchange, fate, wait, now)
        return None

    def count(self, reply: Reply) -> None:
        """Counts a reply that asks for fewer requests, for the report."""
        if reply.status in (429, 503):
            self._asked_less[reply.status] += 1

    def ended(self, action: str) -> Trouble | None:
        """Why no more requests of an operation are sent; None while they are."""
        return self.given_up or self._hanging.get(action)

    def _hang(self, exchange: Exchange, begun: float) -> None:
        """Ends the sending of an operation that let several calls wait in vain, the last one after patience was spent
        on it and while others were answered."""
        action = exchange.action
        self._late[action] += not exchange.purpose
        others = self._answered is not None and self._answered > begun
        if others and begun - self._silent[action] > self._seconds and self._late[action] >= FEW:
            why = f"given up on {action} after {self._late[action]} calls in a row without a reply in time"
            self._hanging.setdefault(action, Trouble(TroubleKind.PATIENCE, why))

    def _is_spent(self, action: str, begun: float, now: float) -> bool:
        """True if patience was spent on an operation while others were answered; it is spent only once."""
        since = self._silent.setdefault(action, begun)
        others = self._answered is not None and self._answered > since
        return others and now - since > self._seconds

    def _decide(self, exchange: Exchange, fate: Fate, wait: Wait, begun: float, now: float) -> tuple[float, bool, bool]:
        """Seconds to wait, whether all requests wait that long, and whether this one is sent again then."""
        if fate is Fate.LATE:
            return 0.0, False, False
        # Attempts that began before the last pause belong to the same round as the one that led to it.
        new_round = begun > self._paused
        if fate is Fate.LOST:
            self._lost += 1
            if new_round:
                # Some gateways limit the number of connections by closing surplus ones.
                self._paused = now
                self._limiter.close_half()
            return FIRST_PAUSE * 2**wait.repeats, False, self._repeat(wait)
        if new_round:
            self._pauses, self._paused = min(self._pauses + 1, MOST_DOUBLINGS), now
        pause = min(FIRST_PAUSE * 2 ** (self._pauses - 1), LONGEST_SHARE * self._seconds)
        if fate is Fate.UNSENT or exchange.reply is None:
            # If nobody ever answered, the address is wrong rather than the moment.
            self._unsent += self._answered is not None
            return pause, True, self._answered is not None
        status, asked = exchange.reply.status, _asked_for(exchange.reply)
        self.count(exchange.reply)
        if new_round and (status == 503 or status not in INTERMEDIARY):
            if self._limiter.open == 1 and asked is None:
                self._space_out()
            self._limiter.close_half()
        if status == 429 or (status == 503 and asked is not None):
            return pause if asked is None else asked, True, True
        # One such reply among good ones concerns its own request; several in a row concern the gateway.
        return pause, self._pauses > 1, self._repeat(wait)

    def _space_out(self) -> None:
        """Lengthens the interval if others were answered since this happened last, as is not so in an outage."""
        if self._refused_alone is not None and self._answers > self._refused_alone:
            self.interval = min(max(1.5 * self.interval, FIRST_INTERVAL), LONGEST_INTERVAL)
        self._refused_alone = self._answers

    def _wait_for(self, seconds: float) -> None:
        """Adds to the waiting of the whole run, and gives up if that is out of proportion to the answers."""
        self._waited += seconds
        if self._waited > MOST_WAITING * self._seconds + WAITING_PER_ANSWER * self._answers:
            self.give_up(f"{self._waited:.0f} s of waiting for {self._answers} answers")

    def _repeat(self, wait: Wait) -> bool:
        if not wait.repeatable or wait.repeats >= REPEATS:
            return False
        wait.repeats += 1
        return True

    def _stand(self, exchange: Exchange, fate: Fate, wait: Wait, now: float) -> None:
        """Counts a request that stays without an answer, and says why."""
        reply, trouble = exchange.reply, exchange.trouble
        last = str(trouble or "")
        if reply is not None:
            last = f"status {reply.status}"
            if _insists(reply):
                why = f"{last}, asking to wait for longer than {self._seconds:g} s; a longer patience may help"
                wait.reason = Trouble(TroubleKind.PATIENCE, why)
            elif reply.status not in INTERMEDIARY:
                why = f"{last}, when plain calls got the same or more requests than usual were in flight"
                wait.reason = Trouble(TroubleKind.OUTAGE, why)
        elif trouble is not None and fate is Fate.UNSENT and self._answered is not None:
            wait.reason = replace(trouble, detail=f"{trouble.detail}, for longer than {self._seconds:g} s")
        elif trouble is not None and fate is Fate.LOST:
            then = (
                "the same when asked again" if wait.repeatable else "not sent again, since it may have been carried out"
            )
            wait.reason = replace(trouble, detail=f"{trouble.detail}; {then}")
        self._unanswered[exchange.action] += 1
        unanswered = self._unanswered.total()
        only = f" ({exchange.action})" if len(self._unanswered) == 1 else ""
        silent = now - (self._silent_since or now)
        over = unanswered >= FEW and silent > self._seconds
        if over or unanswered >= max(MANY, 4 * self._limiter.usual):
            self.give_up(f"{unanswered} requests{only} and {silent:.0f} s without an answer; last: {last}")

    def give_up(self, after: str) -> None:
        """Ends the sending for good, after what is said."""
        self.given_up = self.given_up or Trouble(TroubleKind.PATIENCE, f"given up after {after}")

    def notes(self) -> Iterator[str]:
        """Notes for the reader of the report on the waiting."""
        if self._asked_less:
            times = ", ".join(f"{count} × status {status}" for status, count in sorted(self._asked_less.items()))
            yield f"the gateway asked for fewer requests: {times}; those in flight went down to {self._limiter.fewest}"
        if self.interval:
            yield f"the gateway limits the rate of requests: {1 / self.interval:.0f} a second were sent at most"
        if self._lost >= FEW:
            yield (
                f"{self._lost} answers were lost with their connection; if the number of connections is limited, "
                "--gateway-concurrency has the kit open fewer"
            )
        if self._unsent:
            yield f"the gateway could not be reached for a while: {self._unsent} attempts to connect failed"


def _insists(reply: Reply) -> bool:
    """Returns True if a reply asks the client to come back later."""
    return reply.status == 429 or (reply.status == 503 and reply.header("retry-after") is not None)


def _asked_for(reply: Reply) -> float | None:
    """Seconds that Retry-After asks for, as a number or as a date by the gateway's clock; None without one."""
    after = reply.header("retry-after")
    if after is None:
        return None
    try:
        seconds = float(after)
    except ValueError:
        until, said = read_date(after), read_date(reply.header("date"))
        if until is None:
            return None
        seconds = until - (time.time() if said is None else said)
    return None if math.isnan(seconds) else max(seconds, SHORTEST_PAUSE)
