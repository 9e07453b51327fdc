"""A stranger's declaration names nothing of the laboratory's machine."""

import json
import stat

import pytest

from beckn_conformance.commands.fleet.job import write_config
from beckn_conformance.commands.lab import declarations
from beckn_conformance.config.credentials import HIDDEN
from beckn_conformance.config.keys import load_config
from tests.exchanges import SPECIFICATION, URL

COMMAND_LINE = {
    "signup_token": ({"signup_token": "env:LAB_SECRET"}, "signup_token"),
    "header": ({"headers": {"X.Y": "env:LAB_SECRET"}}, "headers.0.value"),
    "registration": ({"registrations": [{"id": "r", "token": "env:LAB_SECRET"}]}, "registrations.0.token"),
    "proxy": ({"proxy": "env:LAB_SECRET"}, "proxy"),
    "proxies": ({"proxy": "env"}, "proxy"),
    "hook": ({"verification_hook": "touch /tmp/owned"}, "verification_hook"),
    "hook after a space": ({"verification_hook": " https://a.example"}, "verification_hook"),
    "ca": ({"tls": {"ca": "/etc/ssl/certs/ca-certificates.crt"}}, "tls.ca"),
    "client_cert": ({"tls": {"client_cert": "~/key.pem"}}, "tls.client_cert"),
}


@pytest.mark.parametrize("name", COMMAND_LINE)
def test_a_stranger_names_no_file_no_command_and_no_variable(name, monkeypatch):
    monkeypatch.setenv("LAB_SECRET", "http://value.example:1")
    declaration, field = COMMAND_LINE[name]

    errors = declarations.check(URL, declaration, stranger=True)

    assert errors[field]
    assert "value.example" not in str(errors)


def test_an_officer_may_name_what_the_command_line_names(monkeypatch):
    monkeypatch.setenv("LAB_SECRET", "value")
    declaration = {"signup_token": "env:LAB_SECRET", "verification_hook": "verify {id}", "proxy": "env"}

    assert declarations.check(URL, declaration, stranger=False) == {}
    errors = declarations.check(URL, {"tls": {"ca": "/no/such"}}, stranger=False)
    assert errors == {"tls.ca": "/no/such cannot be read: No such file or directory"}


def test_pasted_certificates_become_private_files_of_the_run(tmp_path, certificate, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pem = certificate.read_text()
    declaration = {"tls": {"ca": pem, "client_cert": pem, "verify": True}, "binding": "http"}

    assert declarations.check(URL, declaration, stranger=True) == {}
    path = write_config(*declarations.for_run(declaration), tmp_path)
    config = load_config(URL, path, SPECIFICATION)

    assert config.tls == {"ca": "ca.pem", "client_cert": "client_cert.pem", "verify": True}
    assert {path.name for path in tmp_path.iterdir()} == {"gateway.yaml", "ca.pem", "client_cert.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


@pytest.mark.parametrize(
    "value", ["on", "~", "1.10", "2026-12-31", "<<", "!!python/name:os", "*a", "\x00\x85\u2028\ufeff", "😀"]
)
def test_a_text_reaches_the_run_as_it_was_entered(tmp_path, value):
    declaration = {"gateway": {"name": value}}

    path = write_config(*declarations.for_run(declaration), tmp_path)

    assert load_config(URL, path, SPECIFICATION).gateway == {"name": value}


@pytest.mark.parametrize(
    ("declaration", "name"),
    [
        ({"gateway": {"name": "x" * 70_000}}, ""),
        ({"gateway": {"name": "\ud800"}}, ""),
        ({"optional": json.loads("[" * 500 + "]" * 500)}, ""),
        ({"rate": float("inf")}, "rate"),
        ({"nonsense": 1}, "nonsense"),
        ({"tls": {"cA": "x"}}, "tls.cA"),
        ({"tls": "x"}, "tls"),
        ({"headers": []}, "headers"),
        ({"registrations": [[], {"id": {}}]}, "registrations"),
        ({"registrations": {"a": 1}}, "registrations"),
    ],
)
def test_a_declaration_of_another_form_is_refused(declaration, name):
    assert declarations.check(URL, declaration, stranger=True)[name]
    declarations.with_stored_secrets(declaration, {})
    declarations.redacted(declaration)


def test_a_url_of_half_a_character_is_another_host():
    stored = {"signup_token": "s3cret"}

    found = declarations.secrets_to_other_hosts(
        {"signup_token": HIDDEN, "peers": ["http://a/\ud800"]}, stored, "http://b", "http://b"
    )

    assert found.keys() == {"signup_token"}


@pytest.mark.parametrize("key", ["optional", "peers", "mask", "waivers", "registrations"])
def test_a_long_list_is_refused_at_once(key):
    errors = declarations.check(URL, {key: ["/x"] * 10_000}, stranger=True)

    assert errors
