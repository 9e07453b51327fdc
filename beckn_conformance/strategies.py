"""What Hypothesis draws for properties, in plain data: texts of every script, faulty values, headers, histories."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .config import GatewayConfig
from .faults import TOKEN_KINDS, fault_cases
from .specification import Member, load

SIGNUP, GET = "Provider/signup", "Provider/get"
UPDATE, ADD = "Provider/info/update", "Provider/documents/add"
INFO = ("name", "phone", "email", "company_id")

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
"""Where the letters, marks and digits of the scripts lie, from plain Latin to beyond the BMP."""

INVISIBLE = {"\u115f", "\u1160", "\u3164", "\u034f", "\u17b4", "\u17b5", "\u180b", "\u180c", "\u180d"}
PUNCTUATION = ".&'(),-"
SYMBOLS = '<>"`\\@#%+=/;:!?*_[]{}|~^$€£©→−×½№\u2013\u2014\u201c\u201d\u2026🚌🚇'
LONGEST_TEXT = 24
"""Characters drawn for a name; with the word that makes it unique it stays under 64 in any encoding (Q4)."""


@lru_cache(maxsize=1)
def _alphabets() -> tuple[str, ...]:
    """The characters of each script that Unicode has had since 3.2, so that no stack in use can lack them."""
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
    """Text that a name may hold: of one script, of all, or with symbols; in NFC, with single inner spaces."""
    alphabets = _alphabets()
    plain = st.one_of([st.text(chars, min_size=1, max_size=LONGEST_TEXT) for chars in alphabets])
    mixed = st.text("".join(alphabets) + PUNCTUATION * 9 + " ", min_size=1, max_size=LONGEST_TEXT)
    symbols = st.text(alphabets[0] + PUNCTUATION + SYMBOLS + " ", min_size=1, max_size=LONGEST_TEXT)
    drawn = st.sampled_from((plain, plain, mixed, symbols)).flatmap(lambda kind: kind)
    return drawn.map(lambda text: " ".join(unicodedata.normalize("NFC", text).split()))


def registrations(config: GatewayConfig) -> SearchStrategy[Any]:
    """A valid registration and what changes it: name, its repetitions, documents, new name, documents added."""
    members = {m.pointer: m for m in load().members(SIGNUP)}
    kinds = [
        st.sampled_from(sorted(members[pointer].variants("must")))
        for pointer in ("/info/phone", "/info/email", "/api/endpoint_url")
    ]
    repeated = st.sampled_from((1, 1, 1, 1, 1, 1, 1, 8, 40))
    return st.fixed_dictionaries(
        {
            "name": texts(),
            "repeated": repeated,
            "kinds": st.tuples(*kinds),
            "documents": st.integers(1, 5),
            "new name": texts(),
            "added": st.integers(1, 5),
        }
    )


def _other_types(member: Member) -> SearchStrategy[Any]:
    """Small values of every JSON type but the member's own (Q2)."""
    word = st.text("abcdefghijklmnopqrstuvwxyz 0123456789", max_size=8)
    leaf = {
        "string": word.filter(bool),
        "number": st.integers(-(2**31), 2**31) | st.sampled_from((0.5, -1.25, 1e6)),
        "boolean": st.booleans(),
    }
    scalars = st.one_of([strategy for kind, strategy in leaf.items() if kind != member.type])
    choices: list[SearchStrategy[Any]] = [scalars, st.none()]
    if member.type != "array":
        choices.append(st.lists(st.one_of(*leaf.values()), min_size=1, max_size=3))
    if member.type != "object":
        choices.append(st.dictionaries(st.sampled_from(("text", "value", "a")), word, min_size=1, max_size=2))
    return st.one_of(choices)


def phones() -> SearchStrategy[str]:
    """Texts much like phone numbers; which of them are faulty is for others to tell."""
    odd = st.text("01", max_size=3) | st.text("abcxyz", max_size=4) | st.sampled_from(("", "+", "-", " ", "1a2"))
    return _spoiled((("+", "91", "-", "8023329991"), ("+", "1", "-", "2025550123", "-", "42")), odd)


def emails() -> SearchStrategy[str]:
    """Texts much like e-mail addresses."""
    odd = st.text("abc._+-", max_size=3) | st.sampled_from(("", "@", " ", "."))
    return _spoiled((("info", "@", "example.com"), ("front", ".", "office", "@", "transit", ".", "example.org")), odd)


def _spoiled(samples: tuple[tuple[str, ...], ...], odd: SearchStrategy[str]) -> SearchStrategy[str]:
    """One of some texts, given in parts, of which one or two are replaced."""

    def replaced(drawn: tuple[tuple[str, ...], list[tuple[int, str]]]) -> str:
        parts = list(drawn[0])
        for place, text in drawn[1]:
            parts[place % len(parts)] = text
        return "".join(parts)

    most = max(map(len, samples)) - 1
    replacements = st.lists(st.tuples(st.integers(0, most), odd), min_size=1, max_size=2)
    return st.tuples(st.sampled_from(samples), replacements).map(replaced)


def _fault_of(member: Member) -> SearchStrategy[Any]:
    """A place in a list, how a member is spoiled, and the value for it."""
    choices: list[SearchStrategy[Any]] = [st.tuples(st.just("value"), _other_types(member))] * 2
    if not member.pointer.endswith("*"):
        choices.append(st.just(("missing", None)))
    if member.name in ("phone", "email"):
        choices.append(st.tuples(st.just("value"), phones() if member.name == "phone" else emails()))
    pointers = [member.pointer.replace("*", str(n)) for n in range(3 if "*" in member.pointer else 1)]
    return st.tuples(st.sampled_from(pointers), st.one_of(choices)).map(lambda drawn: (drawn[0], *drawn[1]))


def single_faults(config: GatewayConfig) -> SearchStrategy[Any]:
    """A text in place of a phone number, one in place of an address, and two faults of any member, each with its
    operation; each of them is to spoil a valid request of its own."""
    faults = [
        st.tuples(st.just(action), _fault_of(member))
        for action in (SIGNUP, UPDATE, ADD, GET)
        for member in load().members(action)
    ]
    return st.tuples(phones(), emails(), st.one_of(faults), st.one_of(faults))


def joint_faults(config: GatewayConfig) -> SearchStrategy[Any]:
    """An operation and faults of different members that spoil one request together."""
    return st.one_of(
        [
            st.tuples(
                st.just(action),
                st.lists(
                    st.one_of([_fault_of(m) for m in load().members(action) if m.pointer.startswith(beneath)]),
                    min_size=2,
                    max_size=5,
                    unique_by=lambda fault: fault[0],
                ),
            )
            for action, beneath in (
                (SIGNUP, ("/info/", "/documents/*/", "/api/")),
                (UPDATE, "/info/"),
                (ADD, "/documents/*/"),
            )
        ]
    )


def headers(config: GatewayConfig) -> SearchStrategy[Any]:
    """An operation and a member of the header with another value; None leaves it out, for a Token it is a kind."""
    word = st.text("".join(map(chr, range(0x21, 0x7F))), min_size=1, max_size=30)
    two = [st.integers(0, most) for most in (99, 99, 99, 99, 99)]
    moment = st.tuples(st.integers(1970, 2100), *two).map(lambda p: "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*p))
    letters = st.text("abcdefghijklmnopqrstuvwxyzTZ-: ", min_size=1, max_size=20).map(str.strip).filter(bool)
    return st.tuples(
        st.sampled_from((SIGNUP, GET, UPDATE, ADD)),
        st.one_of(
            st.tuples(st.just("Action"), st.none() | st.sampled_from((SIGNUP, GET, UPDATE, ADD)) | word),
            st.tuples(st.just("Timestamp"), st.none() | moment | letters),
            st.tuples(st.just("Token"), st.sampled_from((*TOKEN_KINDS, "half", "a word", "the registration id"))),
        ),
    ).filter(lambda drawn: drawn[1] != ("Action", drawn[0]))


def histories(config: GatewayConfig, *, providers: int = 3, least: int = 3, most: int = 14) -> SearchStrategy[Any]:
    """Documents that each provider signs up with, and the calls that follow, by number of the provider."""
    who = st.integers(0, providers - 1)
    faults = {
        action: st.sampled_from([case.id for case in fault_cases(action, load(), GatewayConfig(""))])
        for action in (UPDATE, ADD)
    }
    partial = st.lists(st.sampled_from(INFO), min_size=1, max_size=3, unique=True).map(tuple)
    steps = [
        st.tuples(st.just("get"), who),
        st.tuples(st.just("update"), who),
        st.tuples(st.just("add"), who, st.integers(1, 3)),
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
        st.lists(st.integers(1, 3), min_size=1, max_size=providers),
        st.lists(st.one_of(steps), min_size=least, max_size=most),
    )


def long_histories(config: GatewayConfig) -> SearchStrategy[Any]:
    """Many calls of one or two providers."""
    return histories(config, providers=2, least=24, most=36)


def spoil(body: Any, pointer: str, how: str, value: Any) -> Any:
    """Sets or takes away a member of a body, in place; a place that is not there is left alone."""
    *path, last = pointer.split("/")[1:]
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
