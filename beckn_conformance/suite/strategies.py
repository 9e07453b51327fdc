"""Hypothesis strategies for properties, as plain data: texts of every script, faulty values, headers, histories."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..config.gateway import GatewayConfig
from ..messages.faults import TOKEN_KINDS, fault_cases
from ..messages.values import SIZES
from ..run.lazy import LazyModule
from ..specification.actions import ADD, GET, SIGNUP, UPDATE
from ..specification.pointer import parts_of
from .specification import current

if TYPE_CHECKING:
    from hypothesis import strategies as st
    from hypothesis.strategies import SearchStrategy
else:
    st = LazyModule("hypothesis.strategies")

SCRIPTS: tuple[tuple[int, int], ...] = (
    (0x0061, 0x007A),
    (0x0041, 0x005A),
    (0x0030, 0x0039),
    (0x00C0, 0x024F),
    (0x0250, 0x036F),
    (0x0370, 0x03FF),
    (0x0400, 0x04FF),
    (0x0531, 0x0587),
    (0x0591, 0x05F4),
    (0x0621, 0x06FF),
    (0x0710, 0x07B0),
    (0x0901, 0x0DDF),
    (0x0E01, 0x0FBC),
    (0x1000, 0x10FF),
    (0x1200, 0x13F4),
    (0x1401, 0x1676),
    (0x1681, 0x1877),
    (0x1E00, 0x1FFC),
    (0x3041, 0x30FE),
    (0x3105, 0x31B7),
    (0x3400, 0x34FF),
    (0x4E00, 0x9FA5),
    (0xA000, 0xA48C),
    (0xAC00, 0xD7A3),
    (0x10300, 0x1034A),
    (0x10400, 0x1044D),
    (0x1D400, 0x1D7C9),
    (0x20000, 0x202FF),
)
"""Ranges of letters, marks and digits of several scripts, from Latin to beyond the BMP."""

INVISIBLE = {"\u115f", "\u1160", "\u3164", "\u034f", "\u17b4", "\u17b5", "\u180b", "\u180c", "\u180d"}
PUNCTUATION = ".&'(),-"
SYMBOLS = '<>"`\\@#%+=/;:!?*_[]{}|~^$€£©→−×½№\u2013\u2014\u201c\u201d\u2026🚌🚇'
LONGEST_TEXT = 24
"""Characters drawn for a name; with its unique word it stays under 64 in any encoding (Q4)."""


@lru_cache(maxsize=1)
def _alphabets() -> tuple[str, ...]:
    """Returns the characters of each script that are in Unicode since 3.2, so that no stack in use lacks them."""
    old = unicodedata.ucd_3_2_0
    return tuple(
        "".join(
            c
            for c in map(chr, range(first, last + 1))
            if (old.category(c)[0] in "LM" or old.category(c) == "Nd")
            and unicodedata.normalize("NFC", c) == c
            and c not in INVISIBLE
        )
        for first, last in SCRIPTS
    )


def texts() -> SearchStrategy[str]:
    """Draws a text for a name: of one script, of all, or with symbols; in NFC, with single inner spaces."""
    return _written(2, LONGEST_TEXT, lambda: (*_alphabets(), *_mixed() * 8))


@lru_cache(maxsize=1)
def _mixed() -> tuple[str, ...]:
    alphabets = _alphabets()
    return ("".join(text[:: max(len(text) // 8, 1)] for text in alphabets) + PUNCTUATION + " ", PUNCTUATION + SYMBOLS)


def _written(least: int, most: int, alphabets: Callable[[], tuple[str, ...]]) -> SearchStrategy[str]:
    """Draws a text in one of several alphabets from one draw of bytes: two bytes choose the alphabet, two each a
    character."""

    def written(drawn: bytes) -> str:
        choices = alphabets()
        letters = choices[int.from_bytes(drawn[:2], "big") % len(choices)]
        numbers = (int.from_bytes(drawn[n : n + 2], "big") for n in range(2, len(drawn) - 1, 2))
        text = "".join(letters[number % len(letters)] for number in numbers)
        return " ".join(unicodedata.normalize("NFC", text).split())

    return st.binary(min_size=2 * least, max_size=2 * most + 2).map(written)


def sizes() -> SearchStrategy[int]:
    """Draws the size of the last document of a call, in characters of data; one in eight is large (Q10)."""
    return st.sampled_from((0,) * 7 * len(SIZES) + (*SIZES.values(),))


def registrations(config: GatewayConfig) -> SearchStrategy[Any]:
    """Draws a valid registration and its changes: name and variations of it, documents, new name, added documents."""
    kinds = [
        st.tuples(st.just(member.pointer), st.sampled_from(sorted(member.variants("must"))))
        for member in current().members(SIGNUP)
        if member.variants("must") and "*" not in member.pointer and member.name not in ("name", "company_id")
    ]
    repeated = st.sampled_from((1, 1, 1, 1, 1, 1, 1, 8, 40))
    return st.fixed_dictionaries(
        {
            "name": texts(),
            "repeated": repeated,
            "kinds": st.tuples(*kinds),
            "documents": st.tuples(st.integers(1, 5), sizes()),
            "new name": texts(),
            "added": st.tuples(st.integers(1, 5), sizes()),
        }
    )


OTHER_NOTATIONS = (
    *("0091-8023329991", "tel:+91-8023329991", "+91 8023329991", "+91.8023329991", "+91/8023329991"),
    *("+91--8023329991", "+91-8023329991x42"),
)
"""Phone numbers that people write, and that break the format (Q6)."""


def phones() -> SearchStrategy[str]:
    """Draws phone numbers in other notations, and texts that resemble some; the recogniser decides which are faulty."""
    odd = _written(1, 4, lambda: ("01", "abcxyz", "01abc")) | st.sampled_from(("", "+", "-", " ", "1a2", "\n"))
    spoiled = _spoiled((("+", "91", "-", "8023329991"), ("+", "1", "-", "2025550123", "-", "42")), odd)
    return st.sampled_from(OTHER_NOTATIONS) | spoiled


def emails() -> SearchStrategy[str]:
    """Draws texts that resemble e-mail addresses."""
    odd = _written(1, 3, lambda: ("abc._+-",)) | st.sampled_from(("", "@", " ", ".", "\r\n"))
    return _spoiled((("info", "@", "example.com"), ("front", ".", "office", "@", "transit", ".", "example.org")), odd)


def _spoiled(samples: tuple[tuple[str, ...], ...], odd: SearchStrategy[str]) -> SearchStrategy[str]:
    """Draws one of several texts, given in parts, with one or two parts replaced."""

    def replaced(drawn: tuple[tuple[str, ...], list[tuple[int, str]]]) -> str:
        parts = list(drawn[0])
        for place, text in drawn[1]:
            parts[place % len(parts)] = text
        return "".join(parts)

    most = max(map(len, samples)) - 1
    replacements = st.lists(st.tuples(st.integers(0, most), odd), min_size=1, max_size=2)
    return st.tuples(st.sampled_from(samples), replacements).map(replaced)


OTHER_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 12345, 0.5, -1.25, 1e6, "0", "text", [None], ["text"], [1, 2], [["text"]]),
    *({"text": "text"}, {"value": None}, {"a": {"b": 1}}),
)
"""Values of every JSON type; at most places, all types but one are faulty (Q2)."""


@lru_cache(maxsize=8)
def _table(action: str) -> tuple[tuple[str, str, Any], ...]:
    """Returns pointer, kind of fault and value for every member and place in a list."""
    return tuple(
        (member.pointer.replace("*", str(place)), how, value)
        for member in current().members(action)
        for place in range(3 if "*" in member.pointer else 1)
        for how, value in (
            *(() if member.pointer.endswith("*") else (("missing", None),)),
            *(("value", value) for value in OTHER_VALUES),
        )
    )


def single_faults(config: GatewayConfig) -> SearchStrategy[Any]:
    """Draws four faults, each with its operation: a text for a phone number, one for an address, and two of any member.
    Each goes into a valid request of its own."""
    actions = [operation.action for operation in current().operations]
    faults = [(action, fault) for action in actions for fault in _table(action)]
    return st.tuples(phones(), emails(), st.sampled_from(faults), st.sampled_from(faults))


def joint_faults(config: GatewayConfig) -> SearchStrategy[Any]:
    """Draws an operation and faults of different members for one request."""
    choices = []
    for action, beneath in (
        (SIGNUP, ("/info/", "/documents/0/", "/documents/1/", "/documents/2/", "/api/")),
        (UPDATE, ("/info/",)),
        (ADD, ("/documents/0/", "/documents/1/", "/documents/2/")),
    ):
        table = [(action, fault) for fault in _table(action) if fault[0].startswith(beneath)]
        choices.append(st.lists(st.sampled_from(table), min_size=2, max_size=5, unique_by=lambda drawn: drawn[1][0]))
    return st.one_of(choices).map(lambda drawn: (drawn[0][0], [fault for _, fault in drawn]))


def headers(config: GatewayConfig) -> SearchStrategy[Any]:
    """Draws an operation and another value of a header member; None omits it, and for a Token the value is a kind."""
    printable = "".join(map(chr, range(0x21, 0x7F)))
    word = _written(2, 20, lambda: (printable,))
    letters = _written(2, 16, lambda: ("abcdefghijklmnopqrstuvwxyzTZ-: ",)).filter(bool)
    moment = st.integers(0, 10**12).map(_moment)
    actions = tuple(operation.action for operation in current().operations)
    kinds: list[tuple[str, str | None]] = [
        ("Token", kind) for kind in (*TOKEN_KINDS, "half", "a word", "the registration id")
    ]
    kinds += [("Action", value) for value in (None, *actions)] + [("Timestamp", None)]
    return st.tuples(
        st.sampled_from(actions),
        st.one_of(
            st.sampled_from(kinds),
            st.tuples(st.just("Action"), word),
            st.tuples(st.just("Timestamp"), moment | letters),
        ),
    ).filter(lambda drawn: drawn[1] != ("Action", drawn[0]))


def _moment(number: int) -> str:
    """Formats a number as something that resembles a time, and mostly is not one."""
    parts = []
    for _ in range(5):
        number, part = divmod(number, 100)
        parts.append(part)
    return "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(1970 + number % 130, *parts)


def histories(config: GatewayConfig, *, providers: int = 3, least: int = 3, most: int = 14) -> SearchStrategy[Any]:
    """Draws, by provider, the documents of its signup with the size of the last, and the calls that follow."""
    who = st.integers(0, providers - 1)
    faults = {
        action: st.sampled_from([case.id for case in fault_cases(action, current(), GatewayConfig(""))])
        for action in (UPDATE, ADD)
    }
    partial = st.lists(st.sampled_from(current().names("/info")), min_size=1, max_size=3, unique=True).map(tuple)
    steps = [
        st.tuples(st.just("get"), who),
        st.tuples(st.just("update"), who),
        st.tuples(st.just("add"), who, st.integers(1, 3), sizes()),
        st.tuples(st.just("update"), who),
        st.tuples(st.just("add with a name that is taken"), who),
        st.tuples(st.just("faulty update"), who, faults[UPDATE]),
        st.tuples(st.just("faulty add"), who, faults[ADD]),
        st.tuples(st.just("partial update"), who, partial),
        st.tuples(st.just("intrusion"), who, st.sampled_from((GET, UPDATE, ADD)), st.sampled_from(TOKEN_KINDS)),
    ]
    if config.verification_hook is not None:
        steps.append(st.tuples(st.just("verification"), who))
    return st.tuples(
        st.lists(st.tuples(st.integers(1, 3), sizes()), min_size=1, max_size=providers),
        st.lists(st.one_of(steps), min_size=least, max_size=most),
    )


def long_histories(config: GatewayConfig) -> SearchStrategy[Any]:
    """Draws many calls of one or two providers."""
    return histories(config, providers=2, least=24, most=36)


def spoil(body: Any, pointer: str, how: str, value: Any) -> Any:
    """Sets or removes a member of a body, in place; does nothing if the place does not exist."""
    *path, last = parts_of(pointer)
    node = body
    for part in path:
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return body
    _set(node, last, how, value)
    return body


def _set(node: Any, last: str, how: str, value: Any) -> None:
    if isinstance(node, dict):
        if how == "missing":
            node.pop(last, None)
        else:
            node[last] = value
    elif isinstance(node, list) and int(last) < len(node):
        node[int(last)] = value
