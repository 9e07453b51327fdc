"""Secrets are found in whatever form they are written, and nothing else is changed."""

import base64
import json
import re
import string
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from beckn_conformance.messages.binding import HttpBinding
from beckn_conformance.messages.exchange import LONGEST_TOKEN, Reply
from beckn_conformance.messages.json_text import read_json
from beckn_conformance.messages.tokens import DISGUISES
from beckn_conformance.process.censor import censored
from beckn_conformance.record.journal import Journal
from beckn_conformance.record.masking import Masker, is_word
from beckn_conformance.record.rows import row_of, text_of
from beckn_conformance.record.secret_index import SHORTEST, SecretIndex
from beckn_conformance.run.reproduction import tell
from tests.exchanges import QUICK, SIGNUP, Story, exchange
from tests.texts import CHARACTERS, texts
from tests.writings import WRITINGS

SECRETS = texts(min_size=SHORTEST, max_size=20) | st.from_regex(
    r"[A-Za-z0-9._~+/=-]{6,20}", fullmatch=True, alphabet=CHARACTERS
)


@given(SECRETS, texts(max_size=10), texts(max_size=10))
@QUICK
def test_a_secret_that_is_certain_never_survives(secret, before, after):
    assume(secret not in f"<secret {'0' * 10}>")
    text = f"{before}{secret}{after}"

    masked = Masker().text(text, secret)

    assert secret not in re.sub(r"<secret [0-9a-f]{10}>", "\0", masked)


@given(SECRETS, st.sampled_from([" ", '"', "'", ",", "\n", ":", "é", "(", "{"]), st.sampled_from([" ", '"', "\n", "}"]))
@QUICK
def test_a_known_secret_between_other_signs_never_survives(secret, before, after):
    masker = Masker([secret])

    masked = masker.text(f"a{before}{secret}{after}b")

    assert masked == f"a{before}{masker.mask(secret)}{after}b"


@pytest.mark.parametrize("wrapped", ["Bearer {}", "x={}", "https://gw.example/{}/a", "{}.suffix", "a~{}~b", "{}={}"])
def test_a_known_secret_within_a_longer_run_is_found(wrapped):
    masker = Masker(["s3cr3t-token_9"])

    assert "s3cr3t" not in masker.text(wrapped.format("s3cr3t-token_9", "s3cr3t-token_9"))


@pytest.mark.parametrize("wrapped", ["token={}", "https://gw.example/{}", "{}/a", "a.{}"])
@pytest.mark.parametrize("secret", ["eyJhbGci.eyJzdWIi.c2lnbmF0dXJl", "abc/def+ghi=="])
def test_a_known_secret_of_parts_within_a_longer_run_is_found(wrapped, secret):
    assert secret not in Masker([secret]).text(wrapped.format(secret))


def test_the_same_secret_has_the_same_mask_in_a_run_and_another_one_in_another():
    first, second = Masker(["secret-one", "secret two"]), Masker(["secret-one"])

    text = first.text("secret-one secret two secret-one")

    assert len(set(re.findall(r"<secret [0-9a-f]{10}>", text))) == 2
    assert text.count(first.mask("secret-one")) == 2
    assert first.mask("secret-one") != second.mask("secret-one")


def test_secrets_are_masked_everywhere_in_a_value():
    masker = Masker(["secret-token"])

    masked = masker.value({"a": ["a secret-token", {"b": ("secret-token", 5, None, True)}]})

    assert "secret-token" not in json.dumps(masked)
    assert masked["a"][1]["b"][1:] == [5, None, True]


def test_short_texts_and_other_texts_are_left_alone():
    masker = Masker(["short", "long-enough"])

    assert masker.text("a short text, no long-enougher one") == "a short text, no long-enougher one"
    assert masker.text("") == ""


def test_the_longest_secret_is_masked_first():
    masker = Masker(["pass word", "pass word and more"])

    assert masker.text("pass word and more") == masker.mask("pass word and more")


def test_a_secret_declared_later_is_masked_from_then_on():
    masker = Masker()
    assert masker.text("later-secret") == "later-secret"
    masker.add("later-secret", "later secret")

    assert "later" not in masker.text("later-secret later secret")


def test_masks_are_left_alone_by_further_masking():
    masker = Masker(["secret-token"])
    once = masker.text("the secret-token", "secret-token")

    assert masker.text(once, "secret-token") == once


@pytest.mark.parametrize(
    "word", ["status", "requirements", "Provider/signup", "SIGNUP-NACK-PHONE", "application/json", "ACK", "a", "", "é"]
)
def test_a_word_of_the_kit_or_the_page_is_no_secret(word):
    masker = Masker()

    assert not masker.learn(word)
    assert masker.text(f"the {word} of {word}", "") == f"the {word} of {word}"


def test_a_token_too_long_to_be_used_is_not_looked_for():
    assert Masker().learn("x7" * (LONGEST_TOKEN // 2))
    assert not Masker().learn("x7" * (LONGEST_TOKEN // 2) + "y")


HOSTILE_TEXTS = {
    "one beginning over and over": "eyJhbG" * 170_000,
    "beginnings in a run": "eyJhbG." * 140_000,
    "beginnings apart": "eyJhbG " * 140_000,
    "beginnings of odd ones": "'(; !)" * 170_000,
    "one run": "a" * 1_000_000,
    "one run of parts": "a-" * 500_000,
    "almost a run": "a/b.c d" * 140_000,
}


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_text_made_of_the_beginnings_of_secrets_is_masked_all_the_same(name):
    """And in bounded time: a run of the tests would not end otherwise."""
    masker = Masker()
    masker.add(
        *(f"eyJhbGciOi.{n:05}.{'x' * n}" for n in range(2000)), *(f"'(; !){n:05} {'x' * n}" for n in range(2000))
    )
    secrets = [masker.secrets[0], masker.secrets[-1], f"'(; !)00007 {'x' * 7}"]

    masked = masker.text(f"{secrets[2]} {HOSTILE_TEXTS[name]} {' '.join(secrets)}")

    assert not [secret for secret in secrets if secret in masked]


@pytest.mark.parametrize("place", [0, 900, 990, 1010])
def test_a_secret_that_lies_across_the_end_of_what_is_written_is_masked(place):
    token = "k3y-" * 30
    content = b'"' + b"x" * place + b" " + token.encode() + b" " + b"y" * 300_000
    sent = exchange(SIGNUP, {}, Reply(200, (), content))

    row = row_of(sent, Masker([token]).text, longest=1000)

    assert "k3y-" not in text_of(row["reply"])
    assert len(text_of(row["reply"])) == 1000


# Writings.


TOKENS = st.text(
    string.ascii_letters + string.digits + "/+=-._~ !$&'()*,;:@?#%<>\"\\", min_size=10, max_size=40
).filter(
    lambda token: (
        token.strip(" \\") == token and len(set(token)) > 4 and re.search(r"[0-9]", token) and not is_word(token)
    )
)


@pytest.mark.parametrize("name", WRITINGS)
@given(token=TOKENS, around=st.sampled_from([(" ", " "), ('"', '"'), ("(", ")"), ("<b>", "</b>"), (": ", ", ")]))
@settings(QUICK, max_examples=20)
def test_a_secret_is_found_in_every_writing(name, token, around):
    masker = Masker([token])
    before, after = around

    masked = masker.text(f"it is{before}{WRITINGS[name](token)}{after}now")

    assert masked.rstrip("=").startswith(f"it is{before}{masker.mask(token)}")
    assert masked.endswith(f"{after}now")
    assert len(masked) <= len(f"it is{before}{masker.mask(token)}==%3D%3D{after}now")


@pytest.mark.parametrize("name", WRITINGS)
def test_a_learned_token_is_found_in_every_writing(name):
    masker = Masker()
    token = "Q7x/9aQ+b=c.d-e_f~0"
    assert masker.learn(token)

    assert masker.mask(token) in masker.text(f"it is {WRITINGS[name](token)} now")


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_declared_secret_is_found_in_base64_of_more_than_itself(shift, encode):
    secret = "kept?>~safe-42"
    coded = encode(f"{'u' * shift}:{secret}:and more".encode()).decode()

    masked = Masker([secret]).text(f"Basic {coded}")

    assert "<secret " in masked
    rest = "".join(re.split(r"<secret \w+>", masked.removeprefix("Basic ")))
    assert secret[2:-2].encode() not in base64.urlsafe_b64decode(rest.translate({43: 45, 47: 95}) + "===")


@pytest.mark.parametrize("form", [str.upper, str.lower, lambda s: s.encode().hex(), lambda s: s.encode().hex().upper()])
def test_a_declared_secret_is_found_in_one_case_and_in_hexadecimal_digits(form):
    masker = Masker(["S3cr3t-T0ken"])

    assert masker.text(f"got x{form('S3cr3t-T0ken')}x") == f"got x{masker.mask('S3cr3t-T0ken')}x"


def test_a_declared_word_is_not_sought_within_words_in_other_letters():
    text = "the LETMEINTO of a letmeinto"

    assert Masker(["Letmein"]).text(text) == text


@pytest.mark.parametrize(
    "before", ["\\n", "\\t", '\\"', "%20", "%0A", "&quot;", "\\u0022", "x=", "Bearer ", "bearer%20"]
)
def test_an_escape_before_a_secret_does_not_hide_it(before):
    masker = Masker()
    masker.learn("nose-cret-42")

    assert "cret-42" not in masker.text(f"it is{before}nose-cret-42")


@pytest.mark.parametrize(
    "text", ["100%", "a & b", "C:\\temp\\x", "&nosuch;", "%zz%4", "\\u12", "&#;", "&#9999999;", "\\"]
)
def test_what_is_no_escape_is_left_alone(text):
    masker = Masker(["open-sesame-1"])

    assert masker.text(text) == text
    assert masker.text(f"{text} open-sesame-1") == f"{text} {masker.mask('open-sesame-1')}"


@pytest.mark.parametrize("name", ["JSON of PHP", "JSON of .NET", "percent-encoded", "HTML, decimal"])
def test_the_beginning_of_a_secret_that_was_cut_is_masked_in_every_writing(name):
    secret = "k3y/of+" * 12
    cut = WRITINGS[name](secret)[:90]

    masked = Masker([secret]).text(f"observed: {cut}… (900 characters)")

    assert "k3y" not in masked
    assert masked.endswith("… (900 characters)")


# JSON.

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(max_size=5), inner, max_size=4),
    max_leaves=10,
)


def _hidden(value, secret, mask):
    if isinstance(value, str):
        return value.replace(secret, mask)
    if isinstance(value, dict):
        return {_hidden(k, secret, mask): _hidden(v, secret, mask) for k, v in value.items()}
    return [_hidden(v, secret, mask) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("ascii_only", [True, False])
@given(value=VALUES, token=TOKENS)
@QUICK
def test_masked_json_says_the_same_but_for_the_secrets(value, token, ascii_only):
    whole = {"a": value, token: [token, f"it is {token}"], "z": {"token": token, token: value}}
    masker = Masker([token])

    masked = masker.text(json.dumps(whole, ensure_ascii=ascii_only))

    assert json.loads(masked) == _hidden(whole, token, masker.mask(token))


@pytest.mark.parametrize(
    "template",
    [
        '{"a": 1.50, "a":1E+5 , "b":"?"}',
        '\ufeff{"b" : "?" , "a":-0.0}\r\n',
        '  [ 12345678901234567890.000, "?", {"\\u0061":null} ]',
        '{"?":{"?":"\\ud83d","c":"\\u00e9\\/"}}',
        '"?"',
    ],
)
def test_everything_else_in_json_stays_letter_for_letter(template):
    masker = Masker(["open/sesame-1"])

    masked = masker.text(template.replace("?", "open\\u002fsesame-1"))

    assert masked == template.replace("?", masker.mask("open/sesame-1"))


@pytest.mark.parametrize(
    "token", ['x", "b": "y', '": "', '"}]}, {"', "\\n\\n\\n\\n", "1, 2, 3", "null, true", "123456789"]
)
def test_a_token_that_looks_like_json_does_not_break_json(token):
    masker = Masker()
    masker.learn(token)
    value = {"a": "x", "b": "y", "c": [1, 2, 3, None, True], "n": [123456789, 1], "d": [{"e": "\n\n\n\n"}]}

    masked, unreadable, _ = read_json(masker.text(json.dumps(value)).encode())

    assert not unreadable
    assert masked.keys() == value.keys()
    assert [type(item) for item in masked["c"] + masked["n"]] == [type(item) for item in value["c"] + value["n"]]


def test_a_number_that_is_a_secret_is_masked_by_a_number():
    masker = Masker(["4711081542"])

    masked = json.loads(masker.text('{"pin": 4711081542, "pins": "4711081542"}'))

    assert masked["pins"] == masker.mask("4711081542")
    assert isinstance(masked["pin"], int)
    assert masked["pin"] != 4711081542


# Names, words and what has no masker.


def test_a_secret_is_found_in_the_name_of_a_header_field_in_any_case():
    masker = Masker(["Open-Sesame-42"])

    assert masker.name("x-open-sesame-42") == f"x-{masker.mask('Open-Sesame-42')}"
    assert masker.name("x-tok3n-of-mine", "TOK3N-of-mine") == f"x-{masker.mask('TOK3N-of-mine')}"
    assert masker.name("content-type") == "content-type"


@pytest.mark.parametrize("word", ["application/json", "status", "content-type", "Provider/get"])
def test_a_declared_value_that_is_a_word_is_masked_in_its_place_only(word):
    assert Masker([word]).text(f"a {word} of it") == f"a {word} of it"


def test_what_no_masker_is_at_hand_for_is_censored_by_all_of_them():
    one, other = Masker(["first-secret-1"]), Masker(["second-secret-2"])

    assert (
        censored("first-secret-1, second-secret-2") == f"{one.mask('first-secret-1')}, {other.mask('second-secret-2')}"
    )
    del one
    assert "first-secret-1" in censored("first-secret-1, second-secret-2")


# Time and memory.

ENDLESS = {
    "backslashes": "\\" * 250_000,
    "solidus": "\\/" * 125_000,
    "percent": "%25" * 100_000,
    "references": "&#47;" * 50_000,
    "zeros": "&#" + "0" * 250_000,
    "ampersands": "&a" * 125_000,
    "strings": '["' + '","' * 75_000 + '"]',
    "beginnings": "eyJhbG.eyJhbG" * 75_000,
    "escaped beginnings": "eyJhbG\\u002e" * 75_000,
    "the token itself": '"eyJhbG.x0000000000"' * 25_000,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_a_hostile_text_takes_no_more_than_its_length_in_time(name):
    masker = Masker(["Basic dmVuZG9yOnNlY3JldA=="])
    masker.learn("eyJhbG." + "x" * 4000)
    masker.learn("eyJhbG.x0000000000")

    begun = time.process_time()
    masked = masker.text(ENDLESS[name] + " eyJhbG.x0000000000")

    assert "eyJhbG.x0000000000" not in masked
    # Linear ones take a second at most; what is quadratic takes hours.
    assert time.process_time() - begun < 20


def test_a_made_up_token_that_tells_most_of_a_secret_one_is_masked_too(tmp_path):
    story = Story()
    token = "dGhpcyBpcyBhIHRva2VuIQ_b2Yz"
    story.signup(token=token)
    near = [*(one.make(token) for one in DISGUISES), token[:-8], f"{token[:-8]}AAAAAAAA"]
    for sent in (*near, "made-up-token-of-the-kit"):
        story.get(token=sent)
    masker = Masker()
    journal = Journal(tmp_path, masker)
    for made in story.exchanges:
        journal.write(made)
    journal.close()

    written = (tmp_path / "exchanges.jsonl").read_text()

    assert not [text for text in (token, *near) if text[:12] in written]
    assert "made-up-token-of-the-kit" in written
    mask = masker.mask(token)
    assert not [one.mark for one in DISGUISES if f'"{mask}{one.mark}"' not in written]


@pytest.mark.parametrize("disguise", DISGUISES, ids=lambda one: one.ending)
def test_a_token_made_of_a_given_one_is_made_anew_of_the_one_that_the_signup_gives(disguise):
    story = Story()
    given = story.signup(token="<secret 17c20654ad>").token_received
    story.wait()
    asked = story.get(token=given + disguise.mark)

    told = tell(asked, story.exchanges, HttpBinding(), story.config, history=False)

    assert f"""$(printf %s "$T1" | {disguise.shell})""" in told.curl + told.script
    token = "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo"
    shell = f"""T1={token}; printf %s "$(printf %s "$T1" | {disguise.shell})\""""
    assert subprocess.run(["sh", "-c", shell], capture_output=True, text=True).stdout == disguise.make(token) != token


def test_tokens_may_come_while_a_text_is_masked():
    masker, usual = Masker(["******00", "eyJhbGciOiJIUzI1NiJ9"]), sys.getswitchinterval()
    more = [f"{start}{number:x}" for number in range(900) for start in ("******", "eyJhbGci" + number * "x")]
    adding = threading.Thread(target=masker.add, args=more)
    sys.setswitchinterval(1e-6)
    try:
        adding.start()
        while adding.is_alive():
            assert "eyJhbG" not in masker.text("eyJhbGciOiJIUzI1NiJ9, not eyJ-hbGci nor ******00")
    finally:
        sys.setswitchinterval(usual)
        adding.join()


def test_a_cut_secret_is_looked_for_nearby_only():
    looks = []

    class Text(str):
        def find(self, part, start=0, end=None):
            looks.append((len(self) if end is None else end) - start)
            return str.find(self, part, start, len(self) if end is None else end)

    index, text = SecretIndex(), Text("abcdef " * 2000)
    index.add("abcdef!ghi jk")

    assert index.find(text) == []
    assert 0 < sum(looks) < 10 * len(text)
