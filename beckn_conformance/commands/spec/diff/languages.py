"""Compares sets of texts: regular expressions with bounds on their length.

A pattern becomes an automaton that reads one character at a time. Which characters a class such as ``\\s`` or ``[^@]``
holds is asked of the engine that judges messages, for every character of ASCII, those that a pattern names, and some of
other scripts. Patterns with constructs that are not known here have no automaton.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from ....untrusted.patterns import Pattern, PatternError

MOST_STATES: Final = 40_000
"""States visited before a question is given up, divided by the number of patterns: each adds to the work."""
MOST_NODES: Final = 6000
LONGEST_BOUND: Final = 400
"""A greater bound on the length of a text makes too many states."""
PLAIN: Final = "".join(sorted(map(chr, range(0x20, 0x7F)), key=lambda c: (not c.islower(), not c.isalnum(), c)))
OTHERS: Final = "\t\n\r\x0b\x0c\x1f\x85\u00a0\u00e9\u00df\u0130\u017f\u0301\u0661\u2003\u2028\u6f22\ufeff\U0001f68c"
_TOKEN = re.compile(
    r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[pP]\{[^}]*\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?:|\{\d+(?:,\d*)?\}|.",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|x([0-9a-fA-F]{2}))")
_UNKNOWN: Final = ("\\b", "\\B", "\\A", "\\Z", "\\z", "\\G")

Nodes = frozenset[int]


class _Unknown(Exception):
    """A construct that has no automaton here."""


@dataclass(frozen=True)
class Texts:
    """The texts that match all of some patterns and have a length within bounds."""

    patterns: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None


def beyond(one: Texts, other: Texts) -> str | bool | None:
    """Returns a shortest text of one set that is not in the other; False if there is none, None if unknown."""
    try:
        sides = [[_Automaton(p) for p in texts.patterns] for texts in (one, other)]
    except (_Unknown, RecursionError):
        return None
    bounds = [n for n in (one.least, one.most, other.least, other.most) if n is not None]
    limit = max(bounds, default=-1) + 1
    # Without lengths there are far fewer states, and that is often enough.
    same = (one.least, one.most) == (other.least, other.most)
    if limit and same and _search(one, other, sides, 0) is False:
        return False
    return _search(one, other, sides, limit) if limit <= LONGEST_BOUND else None


def _search(one: Texts, other: Texts, sides: Sequence[Sequence[_Automaton]], limit: int) -> str | bool | None:
    automata = [*sides[0], *sides[1]]
    split = len(sides[0])
    alphabet = _alphabet(automata)
    first = (0, tuple(automaton.start for automaton in automata))
    seen, waiting = {first}, deque([(first, "")])

    # Texts of different lengths lead to the same states.
    @cache
    def matching(states: tuple[Nodes, ...]) -> tuple[bool, bool]:
        accepting = [automaton.accepts(state) for automaton, state in zip(automata, states, strict=True)]
        return all(accepting[:split]), all(accepting[split:])

    @cache
    def onward(states: tuple[Nodes, ...]) -> dict[tuple[Nodes, ...], str]:
        found: dict[tuple[Nodes, ...], str] = {}
        for character in alphabet:
            after = tuple(a.step(s, character) for a, s in zip(automata, states, strict=True))
            if all(after[:split]):
                found.setdefault(after, character)
        return found

    while waiting:
        (length, states), text = waiting.popleft()
        inside, allowed = matching(states)
        if inside and (not limit or _fits(length, one)) and not (allowed and (not limit or _fits(length, other))):
            return text
        longer = min(length + 1, limit)
        if limit and one.most is not None and longer > one.most:
            continue
        for after, character in onward(states).items():
            state = (longer, after)
            if state in seen:
                continue
            if len(seen) > MOST_STATES // max(len(automata), 1):
                return None
            seen.add(state)
            waiting.append((state, text + character))
    return False


def _fits(length: int, texts: Texts) -> bool:
    return texts.least <= length and (texts.most is None or length <= texts.most)


def _alphabet(automata: Iterable[_Automaton]) -> list[str]:
    """Returns one character of each kind that the automata tell apart."""
    automata = list(automata)
    named = "".join(sorted({c for automaton in automata for c in automaton.named}))
    kinds: dict[tuple[bool, ...], str] = {}
    classes = list(dict.fromkeys(text for automaton in automata for text in automaton.classes))
    for character in dict.fromkeys(PLAIN + named + OTHERS):
        kinds.setdefault(tuple(_holds(text, character) for text in classes), character)
    return list(kinds.values())


@lru_cache(maxsize=65536)
def _holds(text: str, character: str) -> bool:
    """Tells whether a class of characters, as written in a pattern, holds one."""
    return _class(text).fullmatch(character)


@lru_cache(maxsize=512)
def _class(text: str) -> Pattern:
    try:
        return Pattern(text)
    except PatternError as error:
        raise _Unknown from error


class _Automaton:
    """A non-deterministic automaton for a pattern, which may match anywhere in a text, as in JSON Schema."""

    def __init__(self, pattern: str) -> None:
        self._edges: list[list[tuple[str, int]]] = []
        self._free: list[list[tuple[str, int]]] = []
        """By node, where one gets without a character: always (""), at the beginning (^) or at the end ($)."""
        self.classes: set[str] = set()
        self.named: set[str] = set()
        self._tokens = _TOKEN.findall(pattern)
        self._at = 0
        self._steps: dict[tuple[Nodes, str], Nodes] = {}
        begin, end = self._choice()
        if self._at < len(self._tokens):
            raise _Unknown
        self._end = end
        self._start = self._node()
        self._link(self._start, "", begin)
        self._edges[self._start].append(("(?s:.)", self._start))
        self._edges[end].append(("(?s:.)", end))
        self.classes.add("(?s:.)")
        self.start = self._closure({self._start}, "^")

    def step(self, state: Nodes, character: str) -> Nodes:
        """Returns the state after one more character."""
        key = (state, character)
        if key not in self._steps:
            reached = {n for node in state for text, n in self._edges[node] if _holds(text, character)}
            self._steps[key] = self._closure(reached, "")
        return self._steps[key]

    def accepts(self, state: Nodes) -> bool:
        """Tells whether a text that leads to a state matches."""
        return self._end in self._closure(state, "$")

    def _closure(self, nodes: Iterable[int], anchor: str) -> Nodes:
        found, waiting = set(nodes), list(nodes)
        while waiting:
            for condition, node in self._free[waiting.pop()]:
                if condition in ("", anchor) and node not in found:
                    found.add(node)
                    waiting.append(node)
        return frozenset(found)

    # Construction: every part has a first and a last node.

    def _node(self) -> int:
        if len(self._edges) > MOST_NODES:
            raise _Unknown
        self._edges.append([])
        self._free.append([])
        return len(self._edges) - 1

    def _link(self, start: int, condition: str, end: int) -> None:
        self._free[start].append((condition, end))

    def _choice(self) -> tuple[int, int]:
        begin, end = self._node(), self._node()
        while True:
            first, last = self._sequence()
            self._link(begin, "", first)
            self._link(last, "", end)
            if self._at >= len(self._tokens) or self._tokens[self._at] != "|":
                return begin, end
            self._at += 1

    def _sequence(self) -> tuple[int, int]:
        begin = end = self._node()
        while self._at < len(self._tokens) and self._tokens[self._at] not in ("|", ")"):
            first, last = self._repeated()
            self._link(end, "", first)
            end = last
        return begin, end

    def _repeated(self) -> tuple[int, int]:
        before = self._at
        part = self._single()
        after = self._at
        token = self._tokens[after] if after < len(self._tokens) else ""
        bounds = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(token)
        if bounds is None and re.fullmatch(r"\{\d+(,\d*)?\}", token):
            least, comma, most = token[1:-1].partition(",")
            bounds = (int(least), int(most) if most else None if comma else int(least))
        if bounds is None:
            return part
        whole = self._times(before, part, *bounds)
        self._at = after + 1
        if self._at < len(self._tokens) and self._tokens[self._at] in ("?", "+"):
            if self._tokens[self._at] == "+":
                raise _Unknown
            # A lazy repeat matches the same texts.
            self._at += 1
        return whole

    def _times(self, place: int, part: tuple[int, int], least: int, most: int | None) -> tuple[int, int]:
        begin = end = self._node()
        last = self._node()
        for number in range(max(least, most or 0) if most is not None else max(least, 1)):
            if number:
                self._at = place
                part = self._single()
            if number >= least:
                self._link(end, "", last)
            self._link(end, "", part[0])
            end = part[1]
        if most is None:
            self._link(part[1], "", part[0])
        self._link(end, "", last)
        return begin, last

    def _single(self) -> tuple[int, int]:
        token = self._tokens[self._at]
        self._at += 1
        begin, end = self._node(), self._node()
        if token in ("(", "(?:"):
            if token == "(" and self._tokens[self._at : self._at + 1] == ["?"]:
                raise _Unknown
            first, last = self._choice()
            if self._tokens[self._at : self._at + 1] != [")"]:
                raise _Unknown
            self._at += 1
            self._link(begin, "", first)
            self._link(last, "", end)
        elif token in ("^", "$"):
            self._link(begin, token, end)
        elif token in ("*", "+", "?", ")") or token in _UNKNOWN:
            raise _Unknown
        else:
            text = token if token[0] in "\\[." or len(token) > 1 else re.escape(token)
            _class(text)
            self._edges[begin].append((text, end))
            self.classes.add(text)
            self._name(token)
        return begin, end

    def _name(self, token: str) -> None:
        """Notes the characters that a token names, and their neighbours."""
        codes = [int(next(filter(None, found)), 16) for found in _ESCAPED.findall(token)]
        codes += [ord(character) for character in token if not character.isascii()]
        around = (code + step for code in codes for step in (-1, 0, 1))
        self.named |= {chr(c) for c in around if 0 < c < 0x110000 and not 0xD800 <= c < 0xE000}
