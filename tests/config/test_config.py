"""Declarations reach the kit, and every mistake in them is named with its place."""

import datetime
import itertools
import math
import os
import re

import pytest
import yaml

from beckn_conformance.config.gateway import GatewayConfig, Waiver
from beckn_conformance.config.keys import examined, load_config
from beckn_conformance.errors import UsageError
from tests.config.configurations import declared, refused
from tests.exchanges import SPECIFICATION, URL

SCHEMA = SPECIFICATION.files["gateway-config.json"]
WAIVER = {
    "requirement": "SIGNUP-NACK-PHONE",
    "pointer": "/info/phone",
    "reason": "known",
    "owner": "ops",
    "expires": "2027-01-31",
    "class": "disputed-test",
}
DECLARED = {
    "gateway": ({"name": "G", "vendor": "V", "version": "1"}, "gateway"),
    "binding": ("envelope", "binding"),
    "envelope": ({"header": "Head", "body": "Content"}, "envelope"),
    "method": ("PUT", "method"),
    "signup_token": ("agreed-token", "signup_token"),
    "timestamp_zone": ("Asia/Kolkata", "timestamp_zone"),
    "verification": ("immediate", "verification"),
    "updates": ("deferred", "updates"),
    "documents_echo": ("redacted", "documents_echo"),
    "status_names": ({"UPDATE-PENDING": "WAITING"}, "status_names"),
    "optional": (["/info/company_id", "/documents/*/name"], "optional"),
    "values": ({"company_id": "[A-Z]{5}"}, "values"),
    "settle": (3.5, "settle"),
    "timeout": (20, "timeout"),
    "patience": (60, "patience"),
    "concurrency": (4, "concurrency"),
    "hostile": ("none", "hostile"),
    "rate": (2.5, "rate"),
    "headers": ({"X-Api-Key": "key-of-the-test"}, "headers"),
    "tls": ({"verify": False}, "tls"),
    "proxy": ("http://proxy.example:3128", "proxies"),
    "verification_hook": ("verify {id}", "verification_hook"),
    "registrations": ([{"id": "r-1", "token": "token-of-r-1"}], "registrations"),
    "policy_update_frequency": (12, "policy_update_frequency"),
    "mask": (["documents"], "mask"),
    "waivers": ([WAIVER], "waivers"),
}
REACHED = {
    "envelope": ("Head", "Content"),
    "optional": ("/info/company_id", "/documents/*/name"),
    "values": {"/info/company_id": "[A-Z]{5}"},
    "registrations": (("r-1", "token-of-r-1"),),
    "mask": ("documents",),
    "proxy": {URL: "http://proxy.example:3128"},
    "waivers": (
        Waiver("SIGNUP-NACK-PHONE", "known", "ops", datetime.date(2027, 1, 31), "/info/phone", "disputed-test"),
    ),
}


TOGETHER = {"peers": ["https://peer.example/api"], "clone_within": 5}
"""Keys that are declared together or not at all."""


def test_every_key_has_a_test():
    assert {*DECLARED, *TOGETHER} == set(SCHEMA["properties"])


def test_peers_are_declared_with_the_time_to_clone():
    config = declared(**TOGETHER)

    assert (config.peers, config.clone_within) == (("https://peer.example/api",), 5)
    assert config.declared == TOGETHER


def test_a_gateway_is_no_peer_of_itself():
    itself = [URL, f"{URL.replace('https', 'HTTPS')}/"]
    peers = [*itself, "https://a.example/", "https://b.example", "HTTPS://A.example:443"]

    assert declared(peers=peers, clone_within=5).peers == ("https://a.example", "https://b.example")


@pytest.mark.parametrize("key", DECLARED)
def test_a_declared_key_reaches_the_kit(key):
    value, attribute = DECLARED[key]
    config = declared(**{key: value})

    assert getattr(config, attribute) == REACHED.get(key, value)
    assert getattr(config, attribute) != getattr(GatewayConfig(URL), attribute)
    assert config.declared == {key: value}


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}\n"])
def test_an_empty_file_declares_nothing(tmp_path, text):
    file = tmp_path / "gateway.yaml"
    file.write_text(text)

    assert load_config(URL, file, SPECIFICATION) == load_config(URL, None, SPECIFICATION) == GatewayConfig(URL)


def test_options_override_the_file(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text("binding: http\ntimeout: 5\n")

    config = load_config(URL, file, SPECIFICATION, {"binding": "envelope", "timeout": None, "rate": 3.0})

    assert (config.binding, config.timeout, config.rate) == ("envelope", 5, 3.0)


def test_a_date_may_be_a_date_of_yaml(tmp_path):
    file = tmp_path / "gateway.yaml"
    rows = {**WAIVER, "expires": datetime.date(2027, 1, 31)}
    file.write_text(yaml.safe_dump({"waivers": [rows]}))

    assert load_config(URL, file, SPECIFICATION).waivers[0].expires == datetime.date(2027, 1, 31)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("method: POST\nbindings: http\n", "gateway.yaml, line 2: unknown key 'bindings'; did you mean 'binding'?"),
        ("gateway:\n  nam: G\n", "gateway.yaml, line 2: unknown key 'gateway.nam'; did you mean 'name'?"),
        (
            "tls:\n  verify: true\n  client_certificate: x\n",
            "gateway.yaml, line 3: unknown key 'tls.client_certificate'; did you mean 'client_cert'?",
        ),
        (
            "status_names:\n  UPDATE-PENDNG: x\n",
            "gateway.yaml, line 2: unknown key 'status_names.UPDATE-PENDNG'; did you mean 'UPDATE-PENDING'?",
        ),
        (
            "registrations:\n  - {id: a, token: b}\n  - id: c\n    token: d\n    tokn: e\n",
            "gateway.yaml, line 5: unknown key 'registrations.1.tokn'; did you mean 'token'?",
        ),
        ("\n\nbinding: tcp\n", "gateway.yaml, line 3: binding: it takes auto, http or envelope, not 'tcp'"),
        ("settle: 0\n", "gateway.yaml, line 1: settle: it takes more than 0, not 0"),
        ("settle: soon\n", "gateway.yaml, line 1: settle: it takes a number, not 'soon'"),
        ("concurrency: 0\n", "gateway.yaml, line 1: concurrency: it takes 1 or more, not 0"),
        ("signup_token: [5]\n", "gateway.yaml, line 1: signup_token: it takes text"),
        ("signup_token:\n", "gateway.yaml, line 1: signup_token: it takes text"),
        ("timeout: ~\n", "gateway.yaml, line 1: timeout: it takes a number, not '~'"),
        ("timeout: 12:30\n", "gateway.yaml, line 1: timeout: it takes a number, not '12:30'"),
        ("tls: {verify: no}\n", "gateway.yaml, line 1: tls.verify: it takes true or false, not 'no'"),
        ("mask: all\n", "gateway.yaml, line 1: mask: it takes a list, not 'all'"),
        ("mask: [documents, documents]\n", "gateway.yaml, line 1: mask: it takes each value once"),
        ("timestamp_zone: {a: b}\n", "gateway.yaml, line 1: timestamp_zone: it takes text, not keys with values"),
        ("updates: true\n", "gateway.yaml, line 1: updates: it takes immediate or deferred, not true"),
        ("envelope: {header: body}\n", "gateway.yaml, line 1: envelope: header and body cannot both be named 'body'"),
        ("waivers: []\nwaivers: []\n", "gateway.yaml, line 2: the key 'waivers' stands on line 1 already"),
        ("headers:\n  A: b\n  A: c\n", "gateway.yaml, line 3: the key 'A' stands on line 2 already"),
        ("tls: &a {verify: true}\nheaders: {<<: *a}\n", "gateway.yaml, line 2: the merge key << is not read"),
        ("timestamp_zone: IST/Delhi\n", "gateway.yaml, line 1: timestamp_zone: 'IST/Delhi' is not a zone of the IANA"),
        ("timestamp_zone: ../etc\n", "gateway.yaml, line 1: timestamp_zone: '../etc' is not a zone of the IANA"),
        ("values:\n  company_id: '[A-'\n", "gateway.yaml, line 2: values.company_id: '[A-' cannot be used: it is no"),
        ("values: {company_id: '(?=a)b'}\n", "gateway.yaml, line 1: values.company_id: '(?=a)b' cannot be used: "),
        (
            "values: {company_id: '((a{99}){99}){99}'}\n",
            "gateway.yaml, line 1: values.company_id: '((a{99}){99}){99}' cannot be used",
        ),
        (
            "optional:\n  - /info/companyid\n",
            "gateway.yaml, line 2: optional.0: '/info/companyid' is not a member of a request; did you mean '/info/c",
        ),
        (
            "optional: [info]\n",
            "gateway.yaml, line 1: optional.0: it takes a value such as /info/company_id, not 'info'",
        ),
        ("tls: {ca: /no/such/file}\n", "gateway.yaml, line 1: tls.ca: /no/such/file cannot be read: No such file"),
        ("headers: {'X Y': a}\n", "gateway.yaml, line 1: headers: it takes a value such as X-Api-Key"),
        ('headers: {X-Key: "a\\nb"}\n', "gateway.yaml, line 1: headers.X-Key: "),
        ("headers: {X-Key: Schlüssel}\n", "gateway.yaml, line 1: headers.X-Key: "),
        ('signup_token: "a\\nb"\n', "gateway.yaml, line 1: signup_token: "),
        ("signup_token: Schlüssel\n", "gateway.yaml, line 1: signup_token: "),
        ("waivers:\n  - requirement: X\n", "gateway.yaml, line 2: waivers.0: 'reason', 'owner', 'expires' are missing"),
        (
            "waivers:\n  - {requirement: SIGNUP-NACK-FONE, reason: r, owner: o, expires: 2027-01-01}\n",
            "gateway.yaml, line 2: waivers.0.requirement: there is no requirement 'SIGNUP-NACK-FONE'; did you mean",
        ),
        (
            "waivers:\n  - {requirement: REPLY-JSON, reason: r, owner: o, expires: soon}\n",
            "gateway.yaml, line 2: waivers.0.expires: it takes a value such as 2026-12-31, not 'soon'",
        ),
        (
            "binding: http\npeers: [https://peer.example]\n",
            "gateway.yaml, line 2: peers: declare clone_within as well: which gateways are cloned to, and in how many",
        ),
        ("clone_within: 5\n", "gateway.yaml, line 1: clone_within: declare peers as well: which gateways are cloned"),
        ("clone_within: 5\npeers: []\n", "gateway.yaml, line 2: peers: it takes at least 1, not nothing"),
        ("clone_within: 0\npeers: [https://a]\n", "gateway.yaml, line 1: clone_within: it takes more than 0"),
        ("clone_within: 5\npeers: [peer]\n", "gateway.yaml, line 2: peers.0: 'peer' needs a scheme"),
        (
            "clone_within: 5\npeers: ['https://a?b']\n",
            "gateway.yaml, line 2: peers.0: 'https://a?b' must not have a query",
        ),
        (f"clone_within: 5\npeers: [{URL}]\n", f"gateway.yaml, line 2: peers: there is none besides {URL} itself"),
        ("verification_hook: 'sh -c \"x'\n", "gateway.yaml, line 1: verification_hook: No closing quotation"),
        ("verification_hook: ' '\n", "gateway.yaml, line 1: verification_hook: it names no command"),
        (
            "verification_hook: https://u:open-sesame@a b/{id}?key=x\n",
            "gateway.yaml, line 1: verification_hook: its URL 'https://a b' has a space",
        ),
        ("- binding\n", "gateway.yaml, line 1: keys with values are needed, not a list"),
        ("just text\n", "gateway.yaml, line 1: keys with values are needed, not 'just text'"),
        ("binding: http\nsettle: [1,\n", "gateway.yaml, line 3: not YAML: "),
        ("a: &x 1\nb: *y\n", "gateway.yaml, line 2: the alias *y stands for nothing"),
        ("signup_token: env:NO_SUCH_NAME\n", "gateway.yaml, line 1: signup_token: the environment has no variable"),
        (
            "binding: http\nheaders:\n  X-Key: env:NO_SUCH_NAME\n",
            "gateway.yaml, line 3: headers.X-Key: the environment has no variable NO_SUCH_NAME",
        ),
        (
            "registrations:\n  - {id: a, token: 'env:NO_SUCH_NAME'}\n",
            "gateway.yaml, line 2: registrations.0.token: the environment has no variable NO_SUCH_NAME",
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_the_nearest_key(tmp_path, text, expected):
    assert refused(tmp_path, text).startswith(expected)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError, match=re.escape(f"{tmp_path / 'no.yaml'} cannot be read: No such file")):
        load_config(URL, tmp_path / "no.yaml", SPECIFICATION)
    (tmp_path / "latin.yaml").write_bytes("gateway: {name: Métro}".encode("latin-1"))
    with pytest.raises(UsageError, match="it is not UTF-8"):
        load_config(URL, tmp_path / "latin.yaml", SPECIFICATION)
    with pytest.raises(UsageError, match="cannot be read"):
        load_config(URL, tmp_path, SPECIFICATION)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *itertools.product(("timeout", "patience", "rate"), (-1.0, math.nan, math.inf)),
        *itertools.product(("concurrency",), (0, 100_000)),
    ],
)
def test_a_mistake_in_an_option_is_named_by_the_option(key, value):
    with pytest.raises(UsageError, match=rf"^--gateway-{key}: .*{re.escape(str(value))}"):
        load_config(URL, None, SPECIFICATION, {key: value})


@pytest.mark.parametrize(
    "text",
    [
        "1: 2\n",
        "? [a, b]\n: c\n",
        "{a: b}: c\n",
        "on: true\n",
        "null: 1\n",
        "waivers: [[]]\n",
        "registrations: {id: a}\n",
        "values: []\n",
        "tls: x\n",
        "envelope: {header: [1]}\n",
        "headers: &a {X-Key: *a}\n",
        "- " * 50_000,
        "a: " + "[" * 50_000,
        "a: &a [x,x]\nb: &b [*a,*a]\n"
        + "".join(f"{chr(c + 1)}: &{chr(c + 1)} [*{chr(c)},*{chr(c)}]\n" for c in range(98, 121)),
        "a: &a " + "x" * 3_000_000 + "\nb: [" + "*a," * 1000 + "]\n",
        "optional: [null]\n",
        "waivers: [{requirement: REPLY-JSON, reason: r, owner: o, expires: 2027-01-01 10:00:00}]\n",
        "expires: 2027-99-99\n",
        "a: !!python/object:os.system x\n",
        "settle: .inf\n",
        "\x00",
        "a: b: c\n",
        "binding: http\n\tsettle: 1\n",
    ],
)
def test_odd_yaml_is_a_usage_error(tmp_path, text):
    assert refused(tmp_path, text).startswith("gateway.yaml")


def test_an_unquoted_word_is_a_text_if_a_text_is_due(tmp_path):
    file = tmp_path / "gateway.yaml"
    file.write_text(
        "headers: {on: yes, No: 1.10, A: 1e3, B: 0x1F, C: 007, D: true, E: ~, F: 2027-01-01, G: 12:30:00, H: 1_000}\n"
        "gateway: {version: 2.0, name: NO}\n"
        "timeout: 1e1\n"
        "waivers: [{requirement: REPLY-JSON, reason: 12, owner: 'null', expires: 2027-01-01}]\n"
    )

    config = load_config(URL, file, SPECIFICATION)

    assert config.headers == {
        "on": "yes",
        "No": "1.10",
        "A": "1e3",
        "B": "0x1F",
        "C": "007",
        "D": "true",
        "E": "~",
        "F": "2027-01-01",
        "G": "12:30:00",
        "H": "1_000",
    }
    assert config.gateway == {"version": "2.0", "name": "NO"}
    assert config.timeout == 10
    assert (config.waivers[0].reason, config.waivers[0].owner) == ("12", "null")
    assert config.waivers[0].expires == datetime.date(2027, 1, 1)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in its file systems")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "sparse", "certificates without an end"])
def test_a_configuration_is_a_regular_file_of_limited_size(tmp_path, kind):
    file = tmp_path / "gateway.yaml"
    match kind:
        case "pipe":
            os.mkfifo(file)
        case "device":
            file.symlink_to("/dev/zero")
        case "folder":
            file.mkdir()
        case "sparse":
            file.touch()
            os.truncate(file, 2**40)
        case _:
            file.write_text(f"tls: {{ca: {tmp_path / 'ca.pem'}}}\n")
            (tmp_path / "ca.pem").touch()
            os.truncate(tmp_path / "ca.pem", 2**40)

    with pytest.raises(UsageError, match=r"cannot be read: it is (not a regular file|larger than)"):
        load_config(URL, file, SPECIFICATION)


@pytest.mark.parametrize("key", ["settle", "timeout", "rate", "patience"])
def test_nan_is_no_number_of_seconds(tmp_path, key):
    assert refused(tmp_path, f"{key}: .nan\n").startswith(f"gateway.yaml, line 1: {key}")


# Waivers.


@pytest.mark.parametrize(
    ("pointer", "hint"),
    [
        ("documents.1.data", "'/documents/*/data'"),
        ("/documents/1/dta", "'/documents/*/data'"),
        ("/documents/data", "'/documents/*/data'"),
        ("/documents/01/data", "'/documents/*/data'"),
        ("/info/*", "'/info"),
        ("/Info/phone", "'/info/phone'"),
        ("header:Message", "'header:message'"),
    ],
)
def test_a_waiver_for_no_member_is_refused_with_the_nearest_one(pointer, hint):
    with pytest.raises(UsageError, match="is not a member of a request or a reply") as caught:
        declared(waivers=[{**WAIVER, "pointer": pointer}])

    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "pointer", ["", "/info", "/documents/1/data", "/documents/*/data", "/documents/0", "/auth/token", "header:action"]
)
def test_a_waiver_may_name_any_member_of_a_message(pointer):
    (waiver,) = declared(waivers=[{**WAIVER, "pointer": pointer}]).waivers

    assert waiver.pointer == pointer


def test_every_faulty_key_is_named_with_its_path_and_the_sound_ones_are_used():
    raw = {
        "binding": "often",
        "settle": 3,
        "tls": {"cA": "x"},
        "waivers": [WAIVER, {**WAIVER, "pointer": "/nowhere"}],
        "headers": {"Content-Length": "1", "X.Y": "é"},
        "peers": ["https://a.example", "nothing"],
    }

    config, faults = examined(URL, raw, SPECIFICATION)

    assert [fault.path for fault in faults] == [
        ("tls", "cA"),
        ("binding",),
        ("peers",),
        ("waivers", 1, "pointer"),
        ("headers", "Content-Length"),
        ("peers", 1),
    ]
    assert (config.settle, config.binding, config.waivers) == (3, "auto", ())


def test_a_name_of_a_header_field_with_a_dot_is_one_key(tmp_path):
    text = "headers:\n  A: a\n  X.Y: é\n"

    assert refused(tmp_path, text).startswith("gateway.yaml, line 3: headers.X.Y: it has a character")
