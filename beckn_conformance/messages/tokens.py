"""Unknown tokens and ids made of a given one, which a careless comparison takes for it (H3, R16)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from .shell import PYTHON, command

END = re.compile(r"(?:[A-Za-z0-9][^A-Za-z0-9]*){12}\Z")
"""End of a token that says more than padding, pad bits or the name of a server that follows a session."""
SERIES = ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ")
"""Digits and letters by kind: those of hexadecimal digits, and others."""
PLAIN, ANOTHER = "".join(SERIES), "".join(letters[3:] + letters[:3] for letters in SERIES)
"""Each digit and letter, and another one of its kind: hexadecimal stays hexadecimal."""
MORE = "abcdefgh"
"""Letters that make a token a longer one."""


@dataclass(frozen=True, slots=True)
class Disguise:
    """A way to make a token of another."""

    mark: str
    """Stands after the mask of the token that was given, in the place of the one that was made."""
    ending: str
    """Ends the name of a variable for it, outside a shell."""
    make: Callable[[str], str]
    shell: str
    """The same as a shell command that reads the given token."""


def with_more_behind(token: str) -> str:
    """Returns a token that begins as a whole one."""
    return token + MORE


def with_more_in_front(token: str) -> str:
    """Returns a token that ends as a whole one."""
    return MORE + token


def with_another_end(token: str) -> str:
    """Returns a token with every letter and digit of its end changed."""
    return END.sub(lambda end: end[0].translate(str.maketrans(PLAIN, ANOTHER)), token)


def without_its_end(token: str) -> str:
    """Returns a token that is cut."""
    return END.sub("", token)


def with_another_beginning(token: str) -> str:
    """Returns a token with every letter and digit before its end changed."""
    end = END.search(token)
    return token[: end.start()].translate(str.maketrans(PLAIN, ANOTHER)) + end[0] if end else token


def with_wildcards(token: str) -> str:
    """Returns a token whose end is made of underscores, each of which SQL's LIKE takes for any character."""
    return END.sub(lambda end: re.sub("[A-Za-z0-9]", "_", end[0]), token)


def other_ends(token: str) -> tuple[str, ...]:
    """Returns a token with all of its end changed, and without it; nothing if it is too short to be surely another."""
    cut = without_its_end(token)
    return (with_another_end(token), cut) if END.search(cut) else ()


def other_beginnings(token: str) -> tuple[str, ...]:
    """Returns a token with all but its end changed; nothing if it is too short to be surely another."""
    return (with_another_beginning(token),) if other_ends(token) else ()


def _python(made: str) -> str:
    script = f"import re,sys; t = sys.stdin.read(); b = re.sub({END.pattern!r}, '', t); print({made})"
    return command([*PYTHON, script])


DISGUISES = (
    Disguise(" with more behind it", "-more-behind", with_more_behind, _python(f"t + {MORE!r}")),
    Disguise(" with more in front", "-more-in-front", with_more_in_front, _python(f"{MORE!r} + t")),
    Disguise(" in other capitals", "-other-capitals", str.swapcase, "tr A-Za-z a-zA-Z"),
    Disguise(
        " with another end",
        "-other-end",
        with_another_end,
        _python(f"b + t[len(b):].translate(str.maketrans({PLAIN!r}, {ANOTHER!r}))"),
    ),
    Disguise(
        " with another beginning",
        "-other-beginning",
        with_another_beginning,
        _python(f"b.translate(str.maketrans({PLAIN!r}, {ANOTHER!r})) + t[len(b):]"),
    ),
    Disguise(" without its end", "-no-end", without_its_end, _python("b")),
    Disguise(" with wildcards", "-wildcards", with_wildcards, _python("b + re.sub('[A-Za-z0-9]', '_', t[len(b):])")),
)
