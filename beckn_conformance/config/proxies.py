"""Finds the HTTP proxies between the kit and a gateway. Those of the environment are used only if declared."""

from __future__ import annotations

import base64
import re
import urllib.request
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from ..errors import UsageError
from .urls import check_url

ENVIRONMENT = "env"
"""Stands for the proxies that environment variables name."""
USER = re.compile(r"//[^/?#]*@")


def proxies_of(declared: str, urls: Iterable[str]) -> dict[str, str]:
    """Maps base URLs to their proxies; a URL that is called directly is left out. Raises UsageError."""
    if declared != ENVIRONMENT:
        return dict.fromkeys(urls, check_proxy(declared))
    named = {url: found for url in urls if (found := named_by_environment(url))}
    return {url: check_proxy(text, name) for url, (name, text) in named.items()}


def check_proxy(text: str, name: str = "") -> str:
    """Normalises the URL of a proxy, ``http://host:port``, with user and password if it has them.

    Raises UsageError, whose text shows neither, for anything else.
    """
    user = (USER.search(text) or ["//"])[0]
    bare = USER.sub("//", text, count=1)
    parts = urlsplit(check_url(bare, name))
    port = urlsplit(bare.strip()).port
    # Clients differ about the default port.
    if parts.scheme != "http" or parts.path or port is None:
        raise UsageError(f"{name} {bare!a} needs the form http://host:port; proxies of other kinds are not supported")
    return f"http:{user}{parts.netloc.removesuffix(f':{port}')}:{port}"


def without_user(proxy: str) -> str:
    """The URL of a proxy without user and password, if it had any."""
    return USER.sub("//…@", proxy)


def has_user(proxy: str) -> bool:
    """True if the URL of a proxy has a user or a password."""
    return USER.search(proxy) is not None


def secrets_of(proxy: str) -> Iterable[str]:
    """Yields user and password of a proxy in every form in which they are sent or written."""
    if not has_user(proxy):
        return
    parts = urlsplit(proxy)
    yield from filter(None, (parts.password, unquote(parts.password or ""), parts.netloc.rpartition("@")[0]))
    yield authorization(proxy).removeprefix("Basic ")


def authorization(proxy: str) -> str:
    """The value of ``Proxy-Authorization``; empty if the URL has no user."""
    parts = urlsplit(proxy)
    if not has_user(proxy):
        return ""
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def named_by_environment(url: str) -> tuple[str, str] | None:
    """The environment variable that names a proxy for a URL, and its value. None if there is none, or ``NO_PROXY``
    lists the host."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies_environment()
    for scheme in (parts.scheme, "all"):
        if text := proxies.get(scheme):
            if urllib.request.proxy_bypass(parts.netloc):
                return None
            return f"{scheme.upper()}_PROXY", text if "://" in text else f"http://{text}"
    return None


def advice(url: str) -> str:
    """A hint for a URL that gives no usable answer: the environment names an unused proxy. Empty if it does not."""
    named = named_by_environment(url)
    return f"; {named[0]} of the environment is not used unless the configuration says proxy: env" if named else ""
