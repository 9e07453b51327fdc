"""Lines and scripts that send an exchange again say what was sent, and nothing that anybody wrote acts in them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import random
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from beckn_conformance.binding import HttpBinding
from beckn_conformance.config import GatewayConfig
from beckn_conformance.exchange import Exchange, Raw, Reply, Request, printable, write_json
from beckn_conformance.replay import tell

URL = "https://gw.example/api"
CONFIG = GatewayConfig(URL, company_id="C[0-9]+")
TIME = "2026-05-04T10:00:00"
RUNS = (
    "$(>pwned)",
    "`>pwned`",
    ";>pwned;",
    "\n>pwned\n",
    "|>pwned",
    "&>pwned&",
    "\x02$(>pwned)\x03",
    "${X:=$(>pwned)}",
)
PIECES = (
    *RUNS,
    *(
        "'",
        '"',
        "'\"'\"'",
        "\\",
        "\\'",
        "\\\n",
        "!",
        "!!",
        "#",
        "$",
        "$ID1",
        "${U}",
        "$IFS",
        "~",
        "*",
        "?",
        "[a-z]",
        "{a,b}",
    ),
    *(
        "-H",
        " -o pwned ",
        "--",
        "@/etc/passwd",
        "%s",
        "%n",
        "\\c",
        "\\033[2J",
        "\\0101",
        "=",
        "(",
        ")",
        "<",
        ">pwned",
        "&",
        "|",
    ),
    *(
        "##vso[task.x]",
        "##[group]",
        "::error::",
        "section_start:1:x",
        "\t",
        " ",
        "  ",
        "\r",
        "\r\n",
        "\n",
        "\0",
        "\x1b[2J",
    ),
    *(
        "\u2028",
        "\ufeff",
        "é",
        "\U0001f600",
        "\x85",
        "\x7f",
        "AAAA",
        "7",
        "Action: Provider/get' -H",
        "<secret 0123456789>",
    ),
)


PLAIN = tuple(piece for piece in PIECES if printable(piece) == piece)


def hostile(rng: random.Random, *, form: str = "text") -> str:
    """Something that a gateway could have given out, as a ``text``, in a header ``field``, or as a ``token``."""
    # Whatever cannot be shown goes through a pipe, which takes a shell longer.
    text = "".join(rng.choices(PIECES if rng.random() < 0.2 else PLAIN, k=rng.randint(1, 7)))
    if form == "field":
        return "".join(c for c in text if c.isprintable() or c == "\t").strip()
    return "".join(c for c in text if " " <= c <= "~").strip() or "token" if form == "token" else text


@dataclass
class Case:
    """A line, what stands for what its commands would bring, and what must be sent by it."""

    line: str
    method: str
    url: str
    headers: list[tuple[str, str]]
    content: bytes
    stubs: dict[str, str] = field(default_factory=dict)


STUBS = r"""
cd "$1" || exit
curl() {
  printf '%s\0' curl $# "$@" >&9
  case "$*" in *" @-") /bin/cat >"$OUT/$CASE.in";; esac
  printf '%s\n' "$REPLY"
}
python3() {
  case "$2" in
    "import json,sys; print("*registration*) printf '%s\n' "$ID";;
    "import json,sys; print("*) printf '%s\n' "$TOKEN";;
    "import socket"*) printf '%s\0' python3 $# "$@" >&9; /bin/cat >"$OUT/$CASE.in";;
    *) command python3 "$@";;
  esac
}
date() { printf '%s\n' "$TIME"; }
tail() { printf '000777\n'; }
"""


def run(cases: Sequence[str], stubs: Sequence[dict[str, str]], folder: Path) -> list[list[str]]:
    """Runs lines in one shell whose curl and python3 only note what they are given: the last command of each."""
    cage, out = folder / "cage", folder / "out"
    for path in (cage, out):
        path.mkdir(exist_ok=True)
    script = [STUBS, f"OUT={shlex.quote(str(out))}; TIME={TIME}"]
    for number, (line, values) in enumerate(zip(cases, stubs, strict=True)):
        known = "; ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
        script += [f"CASE={number}; {known}" if known else f"CASE={number}", line, "printf 'end\\0%s\\0' $CASE >&9"]
    ended = subprocess.run(
        [shutil.which("dash") or "sh", "-s", str(cage)],
        input=("exec 9>" + shlex.quote(str(out / "seen")) + "\n" + "\n".join(script) + "\n").encode(),
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert ended.stderr == b""
    assert list(cage.iterdir()) == []
    words = iter((out / "seen").read_bytes().decode("utf-8", "surrogateescape").split("\0")[:-1])
    seen: list[list[str]] = []
    last: list[str] = []
    for word in words:
        count = next(words)
        if word == "end":
            assert int(count) == len(seen)
            seen.append(last)
        else:
            last = [word, *itertools.islice(words, int(count))]
    assert len(seen) == len(cases)
    return seen


def sent(words: Sequence[str], number: int, folder: Path) -> tuple[str, str, list[tuple[str, str]], bytes]:
    """Method, URL, header fields and body that curl was told to send."""
    assert words[0] == "curl"
    rest = iter(words[1:])
    method, url, headers, content = "", "", [], b""
    for word in rest:
        match word:
            case "-sS" | "-i" | "-g" | "--path-as-is":
                pass
            case "-m":
                next(rest)
            case "-X":
                method = next(rest)
            case "-H":
                told = next(rest)
                if told != "Content-Type:":
                    name, _, value = (f"{told[:-1]}: " if told.endswith(";") and ":" not in told else told).partition(
                        ": "
                    )
                    headers.append((name, value))
            case "--data-raw":
                content = next(rest).encode("utf-8", "surrogateescape")
            case "--data-binary":
                assert next(rest) == "@-"
                content = (folder / "out" / f"{number}.in").read_bytes()
            case _:
                assert word.startswith(URL), word
                url = word
    return method, url, headers, content


def exchange(
    action: str,
    body: bytes,
    *,
    headers: Sequence[tuple[str, str]] = (),
    method: str = "POST",
    path: str = "",
    raw: Raw | None = None,
    reply: Any = None,
    at: float = 0.0,
) -> Exchange:
    """An exchange as a run would have it, with a reply in the HTTP binding."""
    request = Request(method, URL + (path or f"/{action}"), tuple(headers), body, raw)
    answer = None if reply is None else Reply(200, (("Action", "ACK"),), json.dumps(reply).encode())
    received = None if answer is None else HttpBinding().decode(answer)
    message = HttpBinding().read(request)
    return Exchange(f"x{at}", action, request, message, answer, received, at, 0.5)


def single(rng: random.Random) -> Case:
    """A call with hostile texts wherever a stranger could have put them."""
    config = dataclasses.replace(
        CONFIG,
        headers={rng.choice(["Path", "LD_PRELOAD", "IFS", "X-Key", "x.key", "u"]): hostile(rng, form="token")},
        signup_token=hostile(rng, form="token"),
        timestamp_zone=rng.choice(["UTC", hostile(rng).replace("\0", "").rstrip("\n")]),
    )
    headers = [("Action", hostile(rng, form="field")), ("Token", config.signup_token or ""), ("Timestamp", TIME)]
    headers += [("X-Odd", hostile(rng, form="field")), *config.headers.items()]
    body = rng.choice(
        [hostile(rng).encode(), write_json({hostile(rng): hostile(rng)}), bytes(rng.choices(range(256), k=9))]
    )
    path = rng.choice(["", "", "//Provider//get", "/Provider/get?x=1&y=%00;*", "/$(id)'!"])
    called = exchange("Provider/get", body, headers=headers, method=rng.choice(["POST", "PUT", "!#$'*|~"]), path=path)
    told = tell(called, [], HttpBinding(), config)
    (name,) = config.headers
    secrets = {"SIGNUP_TOKEN": config.signup_token or "", variable_of(name): config.headers[name]}
    request = called.request
    return Case(told.curl, request.method, request.url, plain(headers), request.content, secrets)


def registered(rng: random.Random) -> Case:
    """A call about a registration whose id and token are hostile."""
    id_, token = hostile(rng), hostile(rng, form="token")
    if not id_.strip():
        id_ = "AAAA"
    made = exchange("Provider/signup", b"{}", reply={"registration": {"id": id_}, "auth": {"token": token}})
    body = write_json(
        {"registration": {"id": id_}, "info": {"name": hostile(rng), "company_id": "L12345AB2020PTC654321"}}
    )
    headers = [("Action", "Provider/get"), ("Token", token), ("Timestamp", TIME)]
    called = exchange("Provider/get", body, headers=headers, at=1.0)
    told = tell(called, [made], HttpBinding(), GatewayConfig(URL))
    stubs = {"ID": write_json(id_).decode()[1:-1], "TOKEN": token, "REPLY": "{}"}
    content = body.replace(b"L12345AB2020PTC654321", b"L00002AB2020PTC000777")
    return Case(told.curl, "POST", called.request.url, plain(headers), content, stubs)


def variable_of(name: str) -> str:
    return "HEADER_" + "".join(c if c.isalnum() else "_" for c in name.upper())


def plain(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Header fields as HTTP carries them: curl sends none that is blank but its name."""
    return [(name, value if value.strip() else "") for name, value in headers]


def fuzzed(seed: int, count: int) -> Iterator[Case]:
    rng = random.Random(seed)
    for number in range(count):
        yield (registered if number % 5 == 0 else single)(rng)


@pytest.mark.parametrize("seed", range(4))
def test_a_line_sends_hostile_values_and_runs_none_of_them(seed: int, tmp_path: Path) -> None:
    cases = list(fuzzed(seed, 2500))
    assert all(case.line for case in cases)
    assert all(printable(case.line) == case.line for case in cases)

    seen = run([case.line for case in cases], [case.stubs for case in cases], tmp_path)

    for number, (case, words) in enumerate(zip(cases, seen, strict=True)):
        assert sent(words, number, tmp_path) == (case.method, case.url, case.headers, case.content), case.line
