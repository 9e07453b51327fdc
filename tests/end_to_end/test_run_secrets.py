"""No secret of a run is found in anything that it leaves behind."""

import base64
import itertools
import json
from urllib.parse import quote

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.record.rows import text_of
from tests.end_to_end.loopback import Answer, honestly, with_body, with_fields
from tests.writings import WRITINGS

SIGNUP_TOKEN = "agreed-before/7d1f+Q=="
HEADER = "Basic dmVuZG9yOnNlY3JldA=="
FROM_ENVIRONMENT = "kept-in-the-environment-42"

CONFIGURATION = f"""
signup_token: {SIGNUP_TOKEN!r}
headers: {{Authorization: {HEADER!r}, X-Key: 'env:KEY_OF_MINE'}}
settle: 0.2
"""

SOME = "test_plain_get or test_plain_update or test_token or test_unknown_registration or null and SIGNUP-NACK"


def _forms(secret):
    """A secret as it is, and as JSON and a shell would write it."""
    return {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],
        secret.replace("'", "'\"'\"'"),
    }


def _outputs(run):
    """Everything that a run has left, with what is packed in it unpacked."""
    texts = {"the terminal": run.output}
    for file in run.folder.rglob("*"):
        if file.is_file():
            texts[file.name] = file.read_text(encoding="utf-8")
    parts = [part for row in run.journal for part in (row["request"], row["reply"]) if part is not None]
    texts["contents"] = "\n".join(map(text_of, parts))
    assert {"report.json", "exchanges.jsonl", "exchanges.har", "earl.jsonld", "summary.md"} <= set(texts)
    return texts


def _leaks(run, secrets):
    """Where secrets are found."""
    texts = _outputs(run)
    forms = {form for secret in secrets for form in _forms(secret)}
    return sorted({f"{form} in {name}" for name, text in texts.items() for form in forms if form in text})


def _run(kit, server, *options):
    return kit.run(
        server.url,
        kit.configure(CONFIGURATION),
        "--junitxml=reports/junit.xml",
        "-pallure_pytest.plugin",
        "--alluredir=reports/allure",
        "-rA",
        "-v",
        *options,
        "-k",
        SOME,
        KEY_OF_MINE=FROM_ENVIRONMENT,
    )


def _token(change):
    """The tokens that a gateway gives, changed."""

    def twist(seen, answer):
        body = json.loads(answer.body)
        if "auth" not in body:
            return answer
        body["auth"]["token"] = change(body["auth"]["token"])
        return with_body(answer, json.dumps(body).encode())

    return twist


def _telling(seen, answer):
    """A gateway that repeats what it was sent wherever it can."""
    token, key = seen.headers.get("token", ""), seen.headers.get("x-key", "")
    text = f"token {token!r} with <{seen.headers.get('authorization')}>, x{token}y, {key}"
    body = json.loads(answer.body)
    body["debug"] = {token: [text, token.upper()], "headers": dict(seen.headers)}
    if "info" in body:
        body["info"]["name"] = text
    if "registration" in body:
        body["registration"]["status"] = token
    return with_fields(with_body(answer, json.dumps(body).encode()), [("message", text), ("X-Request", text)])


def _noting(given, twist):
    """The same twist, with a note of every token that the gateway gives; what the kit makes up is no secret."""

    def noting(seen, answer):
        changed = twist(seen, answer)
        body = json.loads(changed.body) if changed is not None else {}
        auth = body.get("body", body).get("auth")
        if auth:
            given.append(auth["token"])
        return changed

    return noting


FORMS = itertools.cycle(
    [
        lambda t: f"eyJh.{t}.c2ln-_{t[::-1]}",
        lambda t: f"{t}/+{t[:9]}==",
        lambda t: f"{t[:8]}'\"\\{t[8:]} <&>",
        lambda t: t * 12,
        lambda t: t[:5],
    ]
)
"""Tokens like those of JWT, in base64, with quotes, very long, and short."""
TWISTS = {
    "repeating all that was sent": _telling,
    "with tokens of every form": _token(lambda token: next(FORMS)(token)),
}


@pytest.mark.parametrize("name", TWISTS)
def test_no_secret_is_left_behind_by_a_gateway(kit, gateway, name):
    given = []
    server = gateway(_noting(given, TWISTS[name]), defects=("get-token-repeated",))

    run = _run(kit, server)

    assert len(given) > 5
    assert _leaks(run, [*given, SIGNUP_TOKEN, HEADER, FROM_ENVIRONMENT]) == []


def test_no_secret_is_left_behind_in_an_envelope(kit, gateway):
    given = []
    server = gateway(
        _noting(given, honestly),
        binding="envelope",
        defects=("get-token-repeated", "signup-info-phone-error-echoes-value"),
    )

    run = _run(kit, server, "--gateway-binding=envelope")

    assert "TOKEN-NOT-REPEATED" in {f["requirement"] for f in run.findings}
    assert len(given) > 5
    assert _leaks(run, [*given, SIGNUP_TOKEN, HEADER, FROM_ENVIRONMENT]) == []


def test_a_token_that_a_gateway_repeats_after_a_lost_answer_is_not_left_behind(kit, gateway):
    given = []
    server = gateway(_noting(given, lambda seen, answer: None if seen.number == 5 else _telling(seen, answer)))

    run = _run(kit, server)

    assert _leaks(run, [*given, SIGNUP_TOKEN, HEADER, FROM_ENVIRONMENT]) == []


def test_tokens_declared_beforehand_are_not_left_behind(kit, gateway):
    def refuse(seen, answer):
        text = f"nobody knows {seen.headers.get('token')}"
        body = json.dumps({"registration": {"id": text}}).encode()
        refusal = Answer(401, (("content-type", "application/json"), ("action", "NACK"), ("message", text)), body)
        return answer if seen.action == "signup" else refusal

    server = gateway(refuse)
    option = kit.configure(
        "settle: 0.2\nregistrations: [{id: a-1, token: beforehand-one-1}, {id: a-2, token: 'env:SECOND'}]"
    )

    run = kit.run(server.url, option, "--junitxml=reports/junit.xml", "-k", SOME, SECOND="beforehand-two-2")

    assert {"beforehand-one-1", "beforehand-two-2"} <= server.tokens()
    assert _leaks(run, ["beforehand-one-1", "beforehand-two-2"]) == []


def test_a_password_in_the_url_is_refused_without_being_shown(kit):
    run = kit.run("http://vendor:password-of-mine@127.0.0.1:1", "--junitxml=reports/junit.xml", "-k", "test_plain_get")

    assert run.status == 4
    assert "headers" in run.lines[0]
    assert "password-of-mine" not in run.output


PASSWORD, KEY, USER = "0pen+se$ame/77", "qu3ry/key+of=mine", "operator-of-mine"
PLANTED = {
    "Authorization": "Bearer eyJhbGciOi/J9+.eyJzdWIiOi==.c2ln/bmF0+dXJl",
    "X-Basic": "Basic " + base64.b64encode(f"vendor:{PASSWORD}".encode()).decode(),
    "X-Api-Key": "k3y/with+every=sign&<of>'th3m\"",
    "Cookie": "session=s3ss10n/of+mine==; theme=d4rk+and/deep",
    **{f"X-Secret-{number}": f"pl4nted/{number * 7919}+secret=={number}" for number in range(8)},
}
"""Header fields of a configuration, each of which is a secret or holds some."""
BARE = [
    *(PLANTED[name] for name in PLANTED if name.startswith("X-")),
    *(PLANTED["Authorization"].removeprefix("Bearer "), PLANTED["X-Basic"].removeprefix("Basic ")),
    *(PASSWORD, "s3ss10n/of+mine==", "d4rk+and/deep"),
]
"""What of them is a secret by itself."""
NAME = "Secret-Name-4711"
"""A secret that a gateway takes for the name of a header field, which loses its upper case."""
WAYS = (
    *("as it is", "JSON of PHP", "JSON of .NET", "JSON, every letter escaped", "JSON within JSON", "percent-encoded"),
    *("percent-encoded twice", "HTML", "HTML, decimal", "hexadecimal escapes", "Base64", "Base64 for URLs"),
)


def _chatty(given):
    """A gateway with a debug page: what it was sent and what it gave out, in every writing, wherever there is room."""

    def twist(seen, answer):
        if not answer.body.startswith(b"{"):
            return answer
        body = json.loads(answer.body)
        if "auth" in body:
            body["auth"]["token"] = f"Q7x/{body['auth']['token']}+k/9="
            given.append(body["auth"]["token"])
        secrets = [*BARE, *given[-2:]]
        written = {way: [WRITINGS[way](secret) for secret in secrets] for way in WAYS}
        page = {way: "\n".join(texts) for way, texts in written.items()}
        body["debug"] = {**written, "names": dict.fromkeys(secrets, 1), "page": page}
        if isinstance(body.get("info"), dict):
            body["info"]["name"] = " ".join(written["JSON within JSON"])[-300:]
        text = " ".join(WRITINGS["percent-encoded"](secret) for secret in secrets)
        fields = [("Location", f"/session?token={text}"), ("message", f"bearer {secrets[-1]}"), (f"X-{NAME}", "1")]
        # As PHP writes JSON: every solidus escaped.
        return with_fields(with_body(answer, json.dumps(body).replace("/", "\\/").encode()), fields)

    return twist


def test_no_secret_is_left_behind_in_any_writing_by_two_processes(kit, gateway, capsys):
    given = []
    server = gateway(_chatty(given), defects=("get-token-repeated",))
    user, key = f"{USER}:{quote(PASSWORD, safe='')}", quote(KEY, safe="")
    declared = {
        "headers": {**PLANTED, "X-Name": NAME},
        "signup_token": SIGNUP_TOKEN,
        "verification_hook": f"{server.url.replace('//', f'//{user}@')}/verify/{{id}}?key={key}",
        "settle": 0.2,
    }
    option = kit.configure(json.dumps(declared))
    formats = ("--junitxml=reports/junit.xml", "-pallure_pytest.plugin", "--alluredir=reports/allure", "-rA", "-v")

    run = kit.run(server.url, option, "-p", "xdist.plugin", "-n2", *formats, "-k", SOME)

    assert {row["id"].partition("-")[0] for row in run.journal} >= {"gw0", "gw1"}
    assert len(given) > 5
    declared_ones = [*BARE, *PLANTED.values(), SIGNUP_TOKEN, PASSWORD, KEY, USER, user, key, NAME, NAME.lower()]
    assert len(declared_ones) > 20
    assert _written_in(_outputs(run), [*declared_ones, *given]) == []
    # What is masked is judged again as it was judged.
    assert main(["report", str(run.folder)]) == run.status
    assert json.loads((run.folder / "report.json").read_text()) == run.report
    capsys.readouterr()
    # Nobody but the gateway knows the tokens of a run that is over.
    given.clear()
    finding = next(f["id"] for f in run.findings)
    main(["replay", str(run.folder), finding, "--gateway-url", server.url, option, "--json"])
    printed = capsys.readouterr().out
    assert "<secret " in printed
    assert _written_in({"replay --json": printed}, [*declared_ones, *given]) == []


def _written_in(texts, secrets):
    """Where secrets are found, in whatever writing."""
    forms = {form: f"{secret}, {way}" for secret in secrets for way in WAYS if len(form := WRITINGS[way](secret)) >= 6}
    return sorted({f"{forms[form]}: {name}" for name, text in texts.items() for form in forms if form in text})
