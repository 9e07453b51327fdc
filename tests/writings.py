"""Forms in which gateways write a value that they were given."""

import base64
import html
import json
import urllib.parse


def _written(text, form):
    """Every character of a text that is not a letter or a digit, in some form."""
    return "".join(letter if letter.isalnum() else form.format(ord(letter)) for letter in text)


def _each(text, form):
    return "".join(form.format(ord(letter)) for letter in text)


def _as_json(text):
    return json.dumps(text)[1:-1]


def _php(text):
    return _as_json(text).replace("/", "\\/")


WRITINGS = {
    "as it is": lambda s: s,
    "JSON of PHP": _php,
    "JSON of .NET": lambda s: _written(s, "\\u{:04X}"),
    "JSON of Jackson": lambda s: _written(s, "\\u{:04x}"),
    "JSON, every letter escaped": lambda s: _each(s, "\\u{:04x}"),
    "JSON within JSON": lambda s: _as_json(_as_json(s)),
    "JSON of PHP within JSON of PHP": lambda s: _php(_php(s)),
    "percent-encoded": lambda s: urllib.parse.quote(s, safe=""),
    "percent-encoded, every letter": lambda s: _each(s, "%{:02x}"),
    "percent-encoded twice": lambda s: urllib.parse.quote(urllib.parse.quote(s, safe=""), safe=""),
    "a form": urllib.parse.quote_plus,
    "percent-encoded JSON": lambda s: urllib.parse.quote(_written(s, "\\u{:04X}"), safe=""),
    "JSON of percent-encoded": lambda s: _php(urllib.parse.quote(s)),
    "HTML": html.escape,
    "HTML, decimal": lambda s: _written(s, "&#{};"),
    "HTML, hexadecimal": lambda s: _written(s, "&#x{:X};"),
    "HTML, by name": lambda s: s.replace("&", "&amp;").replace("/", "&sol;").replace("+", "&plus;"),
    "HTML of JSON": lambda s: html.escape(json.dumps(s)[1:-1]),
    "HTML twice": lambda s: html.escape(_written(s, "&#{:03};")),
    "hexadecimal escapes": lambda s: _written(s, "\\x{:02x}"),
    "octal escapes": lambda s: _written(s, "\\{:03o}"),
    "escapes with braces": lambda s: _written(s, "\\u{{{:x}}}"),
    "UTF-16 read as something else": lambda s: s.encode("utf-16-le").decode("latin-1"),
    "Base64": lambda s: base64.b64encode(s.encode()).decode(),
    "Base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "Base64 in a form": lambda s: urllib.parse.quote(base64.b64encode(s.encode()), safe=""),
}
