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


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "needs a scheme"),
        ("gw.example", "needs a scheme"),
        ("gw.example:8080/api", "needs a scheme"),
        ("ftp://gw.example", "needs a scheme"),
        ("https://", "needs a scheme"),
        ("https:gw.example", "needs a scheme"),
        ("https:///gw.example", "needs a scheme"),
        ("https://:8080", "needs a scheme"),
        ("https://gw.example:99999", "is not a URL"),
        ("https://gw.example:0", "needs a scheme"),
        ("https://gw.example:port", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://[::g]", "is not a"),
        ("http://[fe80::1%25eth0]", "an address with a zone"),
        ("http://[fe80::1%eth0]", "an address with a zone"),
        ("https://gw.example?x=1", "a query or a fragment"),
        ("https://gw.example/?", "a query or a fragment"),
        ("https://gw.example/#", "a query or a fragment"),
        ("https://gw.example#x", "a query or a fragment"),
        ("https://gw .example", "has a space, a backslash or a control character"),
        ("https://gw.example\\@other.example", "a backslash"),
        ("https://gw.exa\tmple", "a control character"),
        ("https://gw.example/a\nb", "a control character"),
        ("https://gw.exa\u200bmple", "a control character"),
        ("https://gw%2eexample", "is not a host name"),
        ("https://gw..example", "is not a host name"),
        ("https://.gw.example", "is not a host name"),
        ("https://-gw.example", "is not a host name"),
        ("https://gw.example..", "is not a host name"),
        ("https://*.example", "is not a host name"),
        ("https://" + "a" * 64 + ".example", "is not a host name"),
        ("https://" + "a." * 130 + "example", "is not a host name"),
        ("https://☃☃☃" + "☃" * 90 + ".example", "is not a host name"),
        ("https://gw.example/Café", "percent-encoded"),
        ("https://gw.example/{id}", "percent-encoded"),
        ("https://gw.example/100%", "percent-encoded"),
        ("https://gw.example/a/../b", "'.' or '..'"),
        ("https://gw.example/%2E%2e/b", "'.' or '..'"),
    ],
)
def test_an_unusable_url_is_refused_with_the_reason(url, why):
    with pytest.raises(UsageError, match="--gateway-url") as caught:
        check_url(url)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isascii()


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hush@gw.example",
        "https://:hush@gw.example",
        "https://user:hush@",
        "https://user:hush@gw.example:port",
        "https://user:hush@[::1",
        "https://user:hush@gw.example/?",
        "https://user:hush@gw .example",
        "ftp://user:hush@gw.example",
        "https://a@user:hush@gw.example",
    ],
)
def test_a_password_in_a_url_is_refused_and_not_shown(url):
    with pytest.raises(UsageError) as caught:
        check_url(url)
    assert "hush" not in str(caught.value)
