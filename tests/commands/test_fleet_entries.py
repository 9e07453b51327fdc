"""The gateways of a fleet are read from YAML, and every mistake is named with its place."""

import textwrap

import pytest

from beckn_conformance.commands.fleet.entries import read
from beckn_conformance.errors import UsageError
from tests.exchanges import SPECIFICATION


@pytest.fixture
def listed(tmp_path):
    """Reads what is written as FLEET.yaml."""

    def listed(text, **how):
        file = tmp_path / "FLEET.yaml"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return read(file, SPECIFICATION, limit=600, **how)

    return listed


def test_a_gateway_needs_no_more_than_a_name_and_a_url(listed):
    (only,) = listed("gateways: [{name: acme, url: 'https://gw.example/api/'}]")

    assert (only.name, only.url, only.limit) == ("acme", "https://gw.example/api", 600)
    assert only.config == {"gateway": {"name": "acme"}}
    assert only.arguments == ("--conformance-class", "core")


def test_defaults_hold_key_by_key_where_a_gateway_says_nothing(listed, tmp_path):
    (tmp_path / "b.yaml").write_text("binding: envelope\ngateway: {name: B, version: '2'}\n")
    a, b = listed(
        """
        defaults:
          config: {binding: http, timeout: 3}
          class: strict
          limit: 60
          options: {fuzz-examples: 5}
        gateways:
          - {name: a, url: reference, seed: 7, options: {k: phone or email}}
          - name: b
            url: reference:get-email-upper-case
            config: b.yaml
            class: core
            limit: 9
            options: {fuzz-examples: 8}
        """
    )

    assert a.config == {"binding": "http", "timeout": 3, "gateway": {"name": "a"}}
    assert b.config == {"binding": "envelope", "timeout": 3, "gateway": {"name": "B", "version": "2"}}
    assert (a.limit, b.limit) == (60, 9)
    assert a.arguments == (
        *("--conformance-class", "strict", "--hypothesis-seed", "7", "--fuzz-examples", "5", "-kphone or email"),
    )
    assert b.arguments == ("--conformance-class", "core", "--fuzz-examples", "8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gateway: []", "line 1: unknown key 'gateway'; did you mean 'gateways'?"),
        ("gateways: []", "line 1: gateways:"),
        ("defaults: {}", "'gateways' is missing"),
        (
            "gateways:\n- {name: a, urls: x, url: reference}",
            "line 2: unknown key 'gateways.0.urls'; did you mean 'url'",
        ),
        ("gateways:\n- {name: a}", "line 2: gateways.0: 'url' is missing"),
        ("gateways:\n- {name: ../a, url: reference}", "line 2: gateways.0.name:"),
        ("gateways:\n- {name: Index.html, url: reference}", "line 2: Index.html is a file of the fleet's own"),
        ("gateways:\n- {name: a, url: reference}\n- {name: A, url: reference}", "line 3: a gateway is named a already"),
        ("gateways:\n- {name: a, url: 'http://h/'}\n- {name: b, url: 'http://h'}", "line 3: http://h is judged as a"),
        ("gateways:\n- {name: a, url: 'ftp://h'}", "line 2: url 'ftp://h' needs a scheme"),
        ("gateways:\n- {name: a, url: 'reference:get-email-upper'}", "did you mean 'get-email-upper-case'?"),
        ("gateways:\n- {name: a, url: reference, options: {n: 4}}", "line 2: unknown key 'gateways.0.options.n'"),
        (
            "gateways:\n- name: a\n  url: reference\n  config:\n    bindng: http",
            "line 5: unknown key 'bindng'; did you",
        ),
        ("gateways:\n- {name: a, url: reference, config: none.yaml}", "none.yaml cannot be read"),
        (
            "defaults:\n  config: {signup_token: env:BECKN_NOT_SET}\ngateways:\n- {name: a, url: reference}",
            "no variable",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(listed, text, said):
    with pytest.raises(UsageError) as raised:
        listed(text)

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_what_only_another_machine_has_is_not_looked_for_here(listed):
    declared = "{signup_token: env:BECKN_NOT_SET, headers: {X-Key: env:NOT}, tls: {ca: /not/here.pem}, proxy: env:NOT}"

    (only,) = listed(f"gateways: [{{name: a, url: reference, config: {declared}}}]", here=False)

    assert only.config["signup_token"] == "env:BECKN_NOT_SET"
    assert only.config["tls"] == {"ca": "/not/here.pem"}
