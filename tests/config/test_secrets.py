"""Secrets of a configuration may stand in the environment, are all known, and are never shown."""

import json

import pytest

from beckn_conformance.config.credentials import of_field
from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.errors import UsageError
from beckn_conformance.record.masking import Masker
from tests.config.configurations import declared, refused
from tests.exchanges import URL


def test_secrets_may_stand_in_the_environment(monkeypatch):
    for name in ("TOKEN", "KEY", "OLD"):
        monkeypatch.setenv(f"BECKN_TEST_{name}", f"value of {name}")

    config = declared(
        signup_token="env:BECKN_TEST_TOKEN",
        headers={"X-Key": "env:BECKN_TEST_KEY", "X-Plain": "plain"},
        registrations=[{"id": "env:BECKN_TEST_TOKEN", "token": "env:BECKN_TEST_OLD"}],
    )

    assert config.signup_token == "value of TOKEN"
    assert config.headers == {"X-Key": "value of KEY", "X-Plain": "plain"}
    assert config.registrations == (("env:BECKN_TEST_TOKEN", "value of OLD"),)
    assert "value of" not in json.dumps(config.declared)


def test_an_empty_variable_counts_as_missing(monkeypatch):
    monkeypatch.setenv("BECKN_TEST_EMPTY", "")

    with pytest.raises(UsageError, match="signup_token: the environment has no variable BECKN_TEST_EMPTY"):
        declared(signup_token="env:BECKN_TEST_EMPTY")


def test_the_digest_depends_on_declarations_but_not_on_secrets(monkeypatch):
    monkeypatch.setenv("BECKN_TEST_TOKEN", "first")
    first = declared(signup_token="env:BECKN_TEST_TOKEN")
    monkeypatch.setenv("BECKN_TEST_TOKEN", "second")
    second = declared(signup_token="env:BECKN_TEST_TOKEN")

    assert first.digest == second.digest
    assert first.digest != declared(settle=1).digest


def test_secrets_are_listed_longest_first():
    config = declared(
        signup_token="agreed-token",
        headers={"X-Key": "key-of-the-test-run"},
        registrations=[{"id": "r-1", "token": "token-1"}],
        verification_hook="https://user:password@gw.example/{id}",
    )

    assert config.secrets == ("key-of-the-test-run", "user:password", "agreed-token", "password", "token-1", "user")


@pytest.mark.parametrize(
    ("declared_as", "secrets"),
    [
        ({"headers": {"Authorization": "Bearer eyJh.bGci.c2ln"}}, {"Bearer eyJh.bGci.c2ln", "eyJh.bGci.c2ln"}),
        ({"headers": {"Authorization": "Basic dmVuZG9yOm9wZW4rc2VzYW1l"}}, {"vendor:open+sesame", "open+sesame"}),
        ({"headers": {"Cookie": "session=s3ss10n-of-m1ne; theme=dark"}}, {"s3ss10n-of-m1ne"}),
        ({"signup_token": "Token agreed-before-7"}, {"agreed-before-7"}),
        ({"verification_hook": "https://gw/{id}?key=k3y%2Fof%2Bmine&at=1"}, {"k3y/of+mine", "k3y%2Fof%2Bmine"}),
        ({"verification_hook": "https://ops:p%40ss-word@gw/{id}"}, {"p%40ss-word", "p@ss-word", "ops:p%40ss-word"}),
        ({"verification_hook": "curl -u ops:open-sesame https://gw/{id}"}, {"ops:open-sesame", "open-sesame"}),
        ({"verification_hook": "curl -H 'X-Key: open-sesame' https://gw/{id}"}, {"open-sesame"}),
        ({"verification_hook": "sh -c 'verify --api-key=open-sesame {id}'"}, {"open-sesame"}),
        ({"verification_hook": "env TOKEN=open-sesame verify --password 'open \"up'"}, {"open-sesame", 'open "up'}),
    ],
)
def test_a_secret_is_known_without_its_surroundings(declared_as, secrets):
    assert secrets <= set(declared(**declared_as).secrets)


def test_a_harmless_header_field_is_no_secret():
    assert declared(headers={"Accept": "application/json", "User-Agent": "kit/1"}).secrets == ()


@pytest.mark.parametrize(
    ("hook", "shown"),
    [
        ("https://ops:secret@gw.example:8443/T00/B00/{id}?key=k", "https://gw.example:8443/<secret>"),
        ("HTTP://gw.example?key=k", "HTTP://gw.example/<secret>"),
        ("/opt/verify --token t0ken-of-m1ne {id}", "/opt/verify <secret>"),
        ("sh -c 'unbalanced {id}", "sh <secret>"),
    ],
)
def test_only_the_host_or_program_of_a_hook_is_shown(hook, shown):
    config = GatewayConfig(URL, verification_hook=hook, declared={"verification_hook": hook})

    assert config.shown["verification_hook"] == shown
    assert config.to_json(Masker().mask)["verification_hook"] == shown


@pytest.mark.parametrize(
    "text",
    [
        *("signup_token: [open-sesame]", "headers: open-sesame", "headers: {X-Key: [open-sesame]}"),
        *("registrations: [{id: r-1, token: [open-sesame]}]", "registrations: [open-sesame]"),
        *("verification_hook: [open-sesame]", "proxy: [open-sesame]"),
    ],
)
def test_a_mistake_in_a_secret_is_named_without_the_secret(tmp_path, text):
    assert "sesame" not in refused(tmp_path, text)


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_field_that_frames_a_request_cannot_be_declared(tmp_path, name):
    assert refused(tmp_path, f"headers: {{{name}: '7'}}").startswith(f"gateway.yaml, line 1: headers.{name}: ")


@pytest.mark.parametrize("word", ["a", "a.-"])
def test_a_long_header_field_is_searched_once(word):
    """A recording of a stranger can hold one of megabytes."""
    value = f"{word * 300_000} session=s3ss10n-of-m1ne"

    assert [*of_field("Cookie", value)][-1] == "s3ss10n-of-m1ne"
