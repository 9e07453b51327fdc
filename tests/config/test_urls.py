"""A base URL has one form, whatever was typed, and an unusable one is refused with advice."""

import pytest

from beckn_conformance.config.urls import check_url
from beckn_conformance.errors import UsageError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://gw.example", "https://gw.example"),
        ("https://gw.example/api/", "https://gw.example/api"),
        ("http://127.0.0.1:8080//", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/a", "http://[::1]:8080/a"),
        ("HTTPS://GW.Example/Api", "https://gw.example/Api"),
        (" https://gw.example\n", "https://gw.example"),
        ("http://2130706433:8080", "http://127.0.0.1:8080"),
        ("http://0x7f000001", "http://127.0.0.1"),
        ("http://127.1/a", "http://127.0.0.1/a"),
        ("http://1.example", "http://1.example"),
        ("https://gw.example:443/api", "https://gw.example/api"),
        ("http://gw.example:80", "http://gw.example"),
        ("https://gw.example:80", "https://gw.example:80"),
        ("http://gw.example:08080", "http://gw.example:8080"),
        ("http://gw.example:", "http://gw.example"),
        ("https://gw.example./api", "https://gw.example/api"),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]"),
        ("http://[FD00::A]", "http://[fd00::a]"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.Example", "https://xn--bcher-kva.example"),
        ("https://भारत.example/api", "https://xn--h2brj9c.example/api"),
        ("https://gw。example", "https://gw.example"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://my_gateway:8080", "http://my_gateway:8080"),
        ("http://gw.example//api", "http://gw.example//api"),
        ("http://gw.example/a%20b;v=1/~x", "http://gw.example/a%20b;v=1/~x"),
    ],
)
def test_a_base_url_has_one_form(url, expected):
    assert check_url(url) == expected
    assert check_url(expected) == expected


REFUSED = {
    "needs a scheme": [
        *("", "gw.example", "gw.example:8080/api", "ftp://gw.example", "https://", "https:gw.example"),
        *("https:///gw.example", "https://:8080", "https://gw.example:0"),
    ],
    "is not a URL": ["https://gw.example:99999", "https://gw.example:port", "http://[::1"],
    "is not a": ["http://[::g]"],
    "an address with a zone": ["http://[fe80::1%25eth0]", "http://[fe80::1%eth0]"],
    "a query or a fragment": [
        *("https://gw.example?x=1", "https://gw.example/?", "https://gw.example/#", "https://gw.example#x"),
    ],
    "has a space, a backslash or a control character": ["https://gw .example"],
    "a backslash": ["https://gw.example\\@other.example"],
    "a control character": ["https://gw.exa\tmple", "https://gw.example/a\nb", "https://gw.exa\u200bmple"],
    "is not a host name": [
        *("https://gw%2eexample", "https://gw..example", "https://.gw.example", "https://-gw.example"),
        *("https://gw.example..", "https://*.example", "https://" + "a" * 64 + ".example"),
        *("https://" + "a." * 130 + "example", "https://☃☃☃" + "☃" * 90 + ".example"),
    ],
    "percent-encoded": ["https://gw.example/Café", "https://gw.example/{id}", "https://gw.example/100%"],
    "'.' or '..'": ["https://gw.example/a/../b", "https://gw.example/%2E%2e/b"],
}
"""URLs by the reason that is given."""


@pytest.mark.parametrize(("url", "why"), [(url, why) for why, urls in REFUSED.items() for url in urls])
def test_an_unusable_url_is_refused_with_the_reason(url, why):
    with pytest.raises(UsageError, match="--gateway-url") as caught:
        check_url(url)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    "url",
    [
        *("https://user:hush@gw.example", "https://:hush@gw.example", "https://user:hush@"),
        *("https://user:hush@gw.example:port", "https://user:hush@[::1", "https://user:hush@gw.example/?"),
        *("https://user:hush@gw .example", "ftp://user:hush@gw.example", "https://a@user:hush@gw.example"),
    ],
)
def test_a_password_in_a_url_is_refused_and_not_shown(url):
    with pytest.raises(UsageError) as caught:
        check_url(url)
    assert "hush" not in str(caught.value)
