"""Lines and scripts that send an exchange again say what was sent, and nothing that anybody wrote acts in them."""

from __future__ import annotations

import dataclasses
import io
import itertools
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from unittest import mock

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding
from beckn_conformance.messages.exchange import Exchange, Raw, Reply, Request, Trouble, TroubleKind
from beckn_conformance.messages.json_text import write_json
from beckn_conformance.record.masking import Masker
from beckn_conformance.run.curl import path_below
from beckn_conformance.run.reproduction import replay, tell
from beckn_conformance.untrusted.text import printable

URL = "https://gw.example/api"
CONFIG = GatewayConfig(URL, values={"/info/company_id": "C[0-9]+"})
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
    *("'", '"', "'\"'\"'", "\\", "\\'", "\\\n", "!", "!!", "#", "$", "$ID1", "${U}", "$IFS", "~", "*", "?", "[a-z]"),
    "{a,b}",
    *("-H", " -o pwned ", "--", "@/etc/passwd", "%s", "%n", "\\c", "\\033[2J", "\\0101", "=", "(", ")", "<", ">pwned"),
    *("&", "|"),
    *("##vso[task.x]", "##[group]", "::error::", "section_start:1:x", "\t", " ", "  ", "\r", "\r\n", "\n", "\0"),
    "\x1b[2J",
    *("\u2028", "\ufeff", "é", "\U0001f600", "\x85", "\x7f", "AAAA", "7", "Action: Provider/get' -H"),
    "<secret 0123456789>",
)


PLAIN = tuple(piece for piece in PIECES if printable(piece) == piece)


def hostile(rng, *, form="text"):
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
  printf '%s\0' "$2" >>"$OUT/snippets"
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


def run(cases, stubs, folder):
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
    seen = []
    last = []
    for word in words:
        count = next(words)
        if word == "end":
            assert int(count) == len(seen)
            seen.append(last)
        else:
            last = [word, *itertools.islice(words, int(count))]
    assert len(seen) == len(cases)
    return seen


def sent(words, number, folder):
    """Method, URL, header fields and body that curl was told to send."""
    assert words[0] == "curl"
    rest = iter(words[1:])
    method, url, headers, content = "", "", [], b""
    for word in rest:
        match word:
            case "-sS" | "-i" | "-g" | "--path-as-is":
                pass
            case "-m" | "--noproxy":
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


def exchange(action, body, *, headers=(), method="POST", path="", raw=None, reply=None, at=0.0):
    """An exchange as a run would have it, with a reply in the HTTP binding."""
    request = Request(method, URL + (path or f"/{action}"), tuple(headers), body, raw)
    answer = None if reply is None else Reply(200, (("Action", "ACK"),), json.dumps(reply).encode())
    received = None if answer is None else HttpBinding().decode(answer)
    message = HttpBinding().read(request)
    return Exchange(f"x{at}", action, request, message, answer, received, at, 0.5)


def single(rng):
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


def registered(rng):
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
    content = body.replace(b"L12345AB2020PTC654321", b"L00001AB2020PTC000777")
    return Case(told.curl, "POST", called.request.url, plain(headers), content, stubs)


def variable_of(name):
    return "HEADER_" + "".join(c if c.isalnum() else "_" for c in name.upper())


def plain(headers):
    """Header fields as HTTP carries them: curl sends none that is blank but its name."""
    return [(name, value if value.strip() else "") for name, value in headers]


def fuzzed(seed, count):
    rng = random.Random(seed)
    for number in range(count):
        yield (registered if number % 5 == 0 else single)(rng)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_a_line_sends_hostile_values_and_runs_none_of_them(seed, tmp_path):
    cases = list(fuzzed(seed, 250))
    assert all(case.line for case in cases)
    assert all(printable(case.line) == case.line for case in cases)

    seen = run([case.line for case in cases], [case.stubs for case in cases], tmp_path)

    for number, (case, words) in enumerate(zip(cases, seen, strict=True)):
        assert sent(words, number, tmp_path) == (case.method, case.url, case.headers, case.content), case.line


def history(rng, name):
    """A script whose title, steps and replies are hostile."""
    id_ = hostile(rng) + "A"
    made = exchange("Provider/signup", b"{}", reply={"registration": {"id": id_}, "auth": {"token": name}})
    body = write_json({"registration": {"id": id_}})
    steps = [
        exchange("Provider/info/update", body, headers=[("Token", name)], reply={}, at=at) for at in (1.0, 1.2, 2.0)
    ]
    last = dataclasses.replace(exchange("Provider/get", body, at=3.0), trouble=Trouble(TroubleKind.LIMIT, hostile(rng)))
    return tell(
        last, [made, *steps], HttpBinding(), CONFIG, history=True, title=hostile(rng), describe=lambda _: hostile(rng)
    )


def test_a_script_runs_nothing_that_its_title_or_steps_say(tmp_path):
    rng = random.Random(5)
    told = [history(rng, f"token-{number}") for number in range(60)]
    stubs = [{"ID": "AAAA", "TOKEN": f"token-{number}", "REPLY": "{}"} for number in range(60)]

    seen = run([one.script for one in told], stubs, tmp_path)

    assert all(len(one.steps) == 5 for one in told)
    assert [words[-1] for words in seen] == ['{"registration":{"id":"AAAA"}}'] * 60


def test_raw_bytes_are_sent_as_they_were(tmp_path):
    rng = random.Random(6)
    contents = [hostile(rng).encode() + bytes(rng.choices(range(256), k=rng.randint(1, 40))) for _ in range(100)]
    raws = [Raw((content[:3], content[3:]), 0.05, hostile(rng).replace("\0", "").strip()) for content in contents]
    called = [exchange("Provider/get", b"".join(raw.pieces), raw=raw) for raw in raws]

    seen = run([tell(one, [], HttpBinding(), CONFIG).curl for one in called], [{}] * 100, tmp_path)

    for number, (raw, words) in enumerate(zip(raws, seen, strict=True)):
        sizes = " ".join(str(len(piece)) for piece in raw.pieces)
        assert words[3:] == [URL, sizes, "0.05", raw.ending]
        assert (tmp_path / "out" / f"{number}.in").read_bytes() == contents[number]


def test_no_mask_touches_a_command_that_is_finished():
    token = "Action: Provider/get' -H"
    called = exchange("Provider/get", b"$(>pwned)", headers=[("Action", "Provider/get"), ("X", "'$(>pwned)'")])
    told = tell(called, [], HttpBinding(), CONFIG)
    masker = Masker([token])

    assert token in told.curl
    assert masker.text(told.curl) == told.curl
    assert masker.value({"curl": [told.curl]}) == {"curl": [told.curl]}


NAMES = [
    *("body", "b'o\"dy", "$(>pwned)", "`>pwned`", "\\", "\\\\'", "Ünï\U0001f600", "a\nb", "\x7f", "-c", "'''", "{x}"),
    "%s",
]


def test_ids_and_tokens_are_taken_from_an_envelope_of_any_names(tmp_path):
    token = 'to"k\\en-1'
    answers, lines = [], []
    for member, id_ in itertools.product(NAMES, ["reg-1234", 'a"b\\c\n']):
        binding = EnvelopeBinding("header", member)
        answer = {"header": {"action": "ACK"}, member: {"registration": {"id": id_}, "auth": {"token": token}}}
        reply = Reply(200, (), json.dumps(answer).encode())
        made = dataclasses.replace(exchange("Provider/signup", b"{}"), reply=reply, received=binding.decode(reply))
        body = write_json({"header": {"Token": token}, member: {"registration": {"id": id_}}})
        lines.append(tell(exchange("Provider/get", body, at=1.0), [made], binding, CONFIG).curl)
        answers.append((json.dumps(answer), json.dumps(id_)[1:-1], json.dumps(token)[1:-1]))

    run(lines, [{"REPLY": "{}", "ID": "", "TOKEN": ""}] * len(lines), tmp_path)

    snippets = iter((tmp_path / "out" / "snippets").read_text().split("\0"))
    for answer, *expected in answers:
        for value in expected:
            printed = io.StringIO()
            with redirect_stdout(printed), mock.patch.object(sys, "stdin", io.StringIO(answer)):
                exec(next(snippets), {})
            assert printed.getvalue() == f"{value}\n"
    assert all('"$ID1"' in line and '"$T1"' in line for line in lines)


def test_variables_of_declared_headers_override_nothing():
    headers = {
        "Path": "secret-one",
        "LD_PRELOAD": "secret-two",
        "x-a": "secret-three",
        "X_A": "secret-four",
        "Ü": "five",
    }
    config = dataclasses.replace(CONFIG, headers=headers)
    called = exchange("Provider/get", b"{}", headers=[(name, value) for name, value in headers.items() if name != "Ü"])

    line = tell(called, [], HttpBinding(), config).curl

    expected = ("HEADER_PATH", "HEADER_LD_PRELOAD", "HEADER_X_A", "HEADER_X_A_")
    assert all(f'"${name}"' in line for name in expected)
    assert not any(value in line for value in headers.values())


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET\n>pwned"},
        {"method": ""},
        {"headers": (("@/etc/passwd", "x"),)},
        {"headers": (("X-A\r\nB", "x"),)},
        {"headers": (("X-A", "x\r\nB: y"),)},
        {"url": "https://attacker.example/Provider/get"},
        {"url": "https://gw.example/api@attacker.example/"},
        {"url": "https://gw.example/api:8080/"},
    ],
)
def test_what_no_kit_has_sent_makes_no_line(changed):
    called = exchange("Provider/get", b"{}")

    told = tell(
        dataclasses.replace(called, request=dataclasses.replace(called.request, **changed)), [], HttpBinding(), CONFIG
    )

    assert told.curl == ""


@pytest.mark.parametrize("url", ["-K/etc/passwd", "file:///etc/passwd", "$(>pwned)", "", "https://u:p@gw.example"])
def test_a_line_names_no_base_but_that_of_a_gateway(url):
    called = exchange("Provider/get", b"{}")
    called = dataclasses.replace(called, request=dataclasses.replace(called.request, url=f"{url}/Provider/get"))

    assert tell(called, [], HttpBinding(), dataclasses.replace(CONFIG, url=url)).curl == ""
    assert tell(dataclasses.replace(called, peer=url), [], HttpBinding(), CONFIG).curl == ""


@pytest.mark.parametrize(
    "path", ["/Provider/get", "/Provider/get/", "//Provider//get", "/a%00?x=1&y=%0d", "/a..b/...c"]
)
def test_a_recorded_request_contributes_its_path(path):
    assert path_below(URL + path, URL) == path


@pytest.mark.parametrize(
    "url",
    [
        *(
            URL + path
            for path in ("", "@evil/", ":1/", "?x", "#x", "evil/", "/a@b", "/a b", "/a\\b", "/a\nb", "/a#b", "/é")
        ),
        *(URL + path for path in ("/..", "/../x", "/a/%2e%2E/b", "/a/./b", "/.%2e?x")),
        *("https://evil/", "//evil/", "HTTPS://gw.example/api/x", "https://gw.example/ap/", "/api/x"),
    ],
)
def test_a_recorded_request_leads_nowhere_else(url):
    with pytest.raises(ValueError, match="is not a URL below"):
        path_below(url, URL)


def test_a_test_is_run_again_by_its_name_alone():
    name = "beckn_conformance.suite.test_signup::test['$(x)']"

    assert shlex.split(replay(name, URL)) == ["beckn-conformance", "run", URL, "--pyargs", name]


SUITE = "beckn_conformance.suite"


@pytest.mark.parametrize(
    "name",
    [
        *("-pevil", "evil.py::test", "report/test_signup.py::test", "json.tool::test", f"{SUITE}::test"),
        *(
            f"{SUITE}.evil::test",
            f"{SUITE}.x/../evil.py::test",
            f"{SUITE}.../evil::test",
            f"{SUITE}.test_signup\0::test",
        ),
    ],
)
def test_a_file_that_is_not_of_the_suite_is_never_run_again(name):
    assert replay(name, URL) == ""


@pytest.mark.parametrize(("size", "is_script"), [(10, False), (600, True)])
def test_a_long_line_becomes_a_script(size, is_script):
    told = tell(exchange("Provider/get", b"x" * size), [], HttpBinding(), CONFIG, expected="a name")

    assert bool(told.script) is is_script
    assert told.curl.endswith("printf '\\nexpected: %s\\n' 'a name'")
    assert not is_script or told.script.endswith("printf '\\nexpected: %s\\n' 'a name'\n")


def test_no_reply_controls_the_terminal_that_a_line_or_script_runs_in(tmp_path):
    curl = tmp_path / "curl"
    curl.write_text("#!/bin/sh\nprintf 'gr\\303\\274n\\033]0;owned\\007\\r\\n'\n")
    curl.chmod(0o755)
    told = tell(exchange("Provider/get", b"x" * 600), [], HttpBinding(), CONFIG)

    for text in (told.curl, told.script):
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        shown = subprocess.run(["sh", "-c", text], env={"PATH": path}, capture_output=True, check=True).stdout

        assert shown.decode().splitlines()[-1] == "grün?]0;owned?"


@pytest.mark.parametrize(("history", "count"), [(True, 2), (False, 0)])
def test_a_history_of_two_calls_is_told_call_by_call(history, count):
    made = exchange("Provider/signup", b"{}", reply={"registration": {"id": "reg-1"}, "auth": {"token": "secret-1"}})
    read = exchange("Provider/get", b'{"registration":{"id":"reg-1"}}', headers=[("Token", "secret-1")], at=1.0)

    assert len(tell(read, [made, read], HttpBinding(), CONFIG, history=history).steps) == count


def test_reads_that_only_wait_are_left_out_and_waited_for():
    made = exchange("Provider/signup", b"{}", reply={"registration": {"id": "reg-1"}, "auth": {"token": "secret-1"}})
    body = b'{"registration":{"id":"reg-1"}}'

    def called(action, at, shown):
        return exchange(action, body, headers=[("Token", "secret-1")], reply={"shown": shown}, at=at)

    reads = [called("Provider/get", 1.0, "new"), *(called("Provider/get", at, "old") for at in (3.0, 4.0, 5.0, 6.0))]
    update = called("Provider/info/update", 2.0, "new")

    steps = [made, reads[0], update, *reads[1:]]
    told = tell(reads[-1], steps, HttpBinding(), GatewayConfig(URL, settle=2.0), history=True)

    assert [(step.split()[1], step.rpartition("[")[2]) for step in told.steps] == [
        ("Provider/signup:", "at 0.00 s]"),
        ("Provider/get", "at 1.00 s]"),
        ("Provider/info/update", "at 2.00 s]"),
        ("Provider/get", "at 6.00 s]"),
    ]
    assert [line for line in told.script.splitlines() if line.startswith("sleep")] == ["sleep 2"]


def test_made_up_values_are_unused_each_time_and_alike_where_they_were():
    info = {"name": "Kosopebehababa Metro", "email": "office.kosopebehababa+gateway@example.com"}
    body = {"info": {**info, "company_id": "L12345AB2020PTC654321"}, "url": "https://api.kosopebehabuba.example.org/x"}
    signups = [exchange("Provider/signup", write_json(body), reply={}, at=at) for at in (0.0, 1.0)]
    expected = '"Kosopebehababa Metro" at /info/name, not "Kosop"'

    told = tell(signups[1], signups, HttpBinding(), GatewayConfig(URL), history=True, expected=expected)

    letters, digits = '"$W"', '"$N"'
    for text in (
        f'"name":"K\'{letters}\'behababa Metro"',
        f"office.k'{letters}'behababa+gateway@example.com",
        f"L00001AB2020PTC'{digits}'",
        f"https://api.k'{letters}'behabuba.example.org/x",
    ):
        assert told.curl.count(text) == 2
    assert told.curl.endswith(f"'\"K'{letters}'behababa Metro\" at /info/name, not \"Kosop\"'")
    assert "W=$(date +%s | tail -c 6 | tr 0-9 a-j)" in told.curl
