"""Quotes words for a POSIX shell; nothing expands except what the kit itself inserts."""

from __future__ import annotations

import base64
import re
import shlex
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..untrusted.text import MARKER, printable

VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
LONGEST = 8 * 1024
"""Longest content written out; a shell takes no more than 128 KB as one word."""
PYTHON = ("python3", "-Ic")
"""Isolated: a ``json.py`` in the current folder, which may be a stranger's, is not imported."""
INFLATE = "import base64,sys,zlib;sys.stdout.buffer.write(zlib.decompress(base64.b64decode(sys.argv[1])))"
ESCAPES = {"\r": "\\r", "\n": "\\n"}
SPECIAL = frozenset("%\\!")
"""Characters with a meaning for ``printf`` or an interactive shell."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """An expansion in place of a value that changes from run to run."""

    text: str
    """``$NAME`` or ``$(command)``, written by the kit."""
    name: str = ""
    """Name of the same value as a variable outside a shell."""


Part = str | Expansion


class Command(str):
    """A finished command or script. Its secrets are masked already; masking it again would break its quoting."""

    __slots__ = ()


NOTHING = Command()


def variable(name: str) -> Expansion:
    """Expands a shell variable; raises ValueError for a name that is not made of ``A-Z``, ``0-9`` and ``_``."""
    if VARIABLE.fullmatch(name) is None:
        raise ValueError(f"{name!r} is not the name of a shell variable")
    return Expansion(f"${name}", name)


def is_plain(parts: Iterable[Part]) -> bool:
    """Reports if all literal text can be shown unchanged on a terminal and in a CI log."""
    return all(isinstance(part, Expansion) or printable(part) == part for part in parts)


def word(*parts: Part) -> str:
    """Quotes one word; raises ValueError for text that no word can hold."""
    return "".join(map(_quoted, _joined(parts))) or "''"


def _joined(parts: Iterable[Part]) -> list[Part]:
    """Merges adjacent literal texts and drops empty ones."""
    out: list[Part] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] += part
        elif part:
            out.append(part)
    return out


def command(words: Iterable[str]) -> Command:
    """Quotes a command of literal words."""
    return Command(" ".join(map(word, words)))


def _quoted(part: Part) -> str:
    if isinstance(part, Expansion):
        return f'"{part.text}"'
    if "\0" in part or part.endswith("\n"):
        raise ValueError("no word of a shell holds a NUL, or ends in a line break that is computed")
    return shlex.quote(part) if is_plain([part]) else f'"$({_print(part, "utf-8")})"'


def printing(parts: Sequence[Part], encoding: str = "utf-8") -> str:
    """Returns a group of commands that prints the parts, with exact bytes in the given encoding."""
    commands = [
        f'printf %s "{part.text}"' if isinstance(part, Expansion) else _print(part, encoding) for part in _joined(parts)
    ]
    return f"{{ {'; '.join(commands)}; }}" if commands else "printf ''"


def _print(text: str, encoding: str) -> str:
    content = text.encode(encoding, "surrogatepass")
    if len(text) > LONGEST:
        packed = base64.b64encode(zlib.compress(content, 9)).decode()
        return command([*PYTHON, INFLATE, packed])
    if text.isascii() and is_plain([text]):
        return f"printf %s {shlex.quote(text)}"
    escaped = "".join(_escaped(chr(byte)) for byte in content)
    return f"printf -- {shlex.quote(MARKER.sub(lambda found: _octal(found[0]), escaped))}"


def _escaped(character: str) -> str:
    if character in ESCAPES:
        return ESCAPES[character]
    plain = character.isascii() and character.isprintable() and character not in SPECIAL
    return character if plain else _octal(character)


def _octal(character: str) -> str:
    return f"\\{ord(character):03o}"
