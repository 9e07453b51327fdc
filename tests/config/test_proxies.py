"""A proxy is used only if it is declared, and its user and password are never shown."""

import datetime
import json

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.config.proxies import advice, authorization, check_proxy, without_user
from beckn_conformance.errors import UsageError
from beckn_conformance.record.masking import Masker
from beckn_conformance.record.run import Run
from tests.config.configurations import declared
from tests.exchanges import SPECIFICATION, URL

PEER = "http://peer.example"


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch):
    """An environment that names no proxy."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://proxy.example:3128", "http://proxy.example:3128"),
        ("HTTP://Proxy.Example:3128/", "http://proxy.example:3128"),
        ("http://proxy.example:80", "http://proxy.example:80"),
        ("http://[::1]:3128", "http://[::1]:3128"),
        ("http://me:hush%40@proxy.example:3128", "http://me:hush%40@proxy.example:3128"),
    ],
)
def test_a_proxy_is_declared_by_its_url(text, expected):
    config = declared(proxy=text)

    assert check_proxy(text) == config.proxy == expected
    assert GatewayConfig(URL).proxy is None


@pytest.mark.parametrize(
    "text",
    [
        *("proxy.example:3128", "http://me:hush@proxy.example", "https://me:hush@proxy.example:3128"),
        *("socks5://me:hush@proxy.example:1080", "http://me:hush@proxy.example:3128/path"),
        *("http://me:hush@proxy.example:port", "http://me:hush@:3128", "http://me:hush@proxy.example:3128?x"),
    ],
)
def test_other_proxies_are_refused_without_showing_passwords(text):
    with pytest.raises(UsageError, match="configuration: proxy") as caught:
        declared(proxy=text)
    assert "hush" not in str(caught.value)


def test_proxies_of_the_environment_are_used_only_if_declared(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://other.example:8080")
    more = {"peers": [PEER], "clone_within": 1}

    assert declared(**more).proxies == {}
    assert declared(proxy="env", **more).proxies == {
        URL: "http://proxy.example:3128",
        PEER: "http://other.example:8080",
    }


def test_no_proxy_excludes_hosts(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "peer.example")

    assert declared(proxy="env", peers=[PEER], clone_within=1).proxies == {URL: "http://proxy.example:3128"}


def test_a_bad_proxy_of_the_environment_is_named_by_its_variable(monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5h://localhost:1080")

    with pytest.raises(UsageError, match="configuration: proxy: ALL_PROXY 'socks5h://localhost:1080' needs"):
        declared(proxy="env")


def test_user_and_password_are_never_shown(monkeypatch):
    monkeypatch.setenv("BECKN_TEST_PROXY", "http://me:hush%2Fhush@proxy.example:3128")
    written, kept = declared(proxy="http://me:hush%2Fhush@proxy.example:3128"), declared(proxy="env:BECKN_TEST_PROXY")

    assert written.proxy == kept.proxy
    assert {"hush%2Fhush", "hush/hush", "bWU6aHVzaC9odXNo"} <= {*written.secrets}
    assert authorization(written.proxy) == "Basic bWU6aHVzaC9odXNo"
    assert (written.shown["proxy"], kept.shown["proxy"]) == ("http://…@proxy.example:3128", "env:BECKN_TEST_PROXY")
    assert "hush" not in json.dumps(written.to_json(Masker()))


def test_a_record_says_that_a_proxy_had_a_user():
    config = declared(proxy="http://me:hush@proxy.example:3128")
    kept = GatewayConfig.from_json(json.loads(json.dumps(config.to_json(Masker().mask))))

    assert kept.proxy == without_user(config.proxy) == "http://…@proxy.example:3128"


def test_advice_names_the_unused_variable(monkeypatch):
    assert advice(URL) == ""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")

    assert "HTTPS_PROXY" in advice(URL)
    assert advice(PEER) == ""


@pytest.mark.parametrize("user", ["", "me:hush@"])
def test_a_recorded_proxy_is_read_back(user):
    config = declared(proxy=f"http://{user}[::1]:3128")
    run = Run(SPECIFICATION, config, "0" * 12, 1, datetime.datetime.now(datetime.UTC))
    written = {"kind": "run", "at": 0.0, **json.loads(json.dumps(run.to_json(Masker())))}

    def complaints():
        errors = SPECIFICATION.schemas.validator("record.json#/$defs/run").iter_errors(written)
        return [error for error in errors if "proxies" in f"{[*error.instance_path]} {error.message}"]

    assert complaints() == []
    written["config"]["proxies"] = {URL: "http://x'; touch pwned"}
    assert complaints()
