"""The form in which a declaration is edited, made from ``schemas/gateway-config.json``."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ....config.credentials import HIDDEN
from ....specification.loading import shipped
from ..declarations import SECRET, at

SPARE_ROWS: Final = 3
"""Empty rows at the end of a table, to add some."""
REMOVE: Final = ".remove"
"""Ending of the name of the box that removes a stored secret."""
FLAGS: Final = {"true": True, "false": False}
HELP: Final = {
    "signup_token": "token of a signup, agreed beforehand (H2)",
    "headers": "HTTP header fields sent with every request",
    "tls.ca": "certificates to trust, in PEM form",
    "tls.client_cert": "the client's certificate with its private key, in PEM form",
    "proxy": "HTTP proxy before the gateway and its peers, http://host:port",
    "verification_hook": "URL to POST to, which has a person's verification done; {id} is the registration id",
    "registrations.token": "",
}
"""Help for keys whose description names files, commands or the environment."""
LABELS: Final = {
    "tls.ca": "Trusted certificates",
    "tls.client_cert": "Client certificate",
    "tls.verify": "Verify the certificate",
    "gateway.name": "Name of the gateway",
    "gateway.vendor": "Vendor",
    "gateway.version": "Version",
    "envelope.header": "Envelope: header member",
    "envelope.body": "Envelope: body member",
    "status_names.UPDATE-PENDING": "Own word for UPDATE-PENDING",
    "status_names.UPDATE-FAIL": "Own word for UPDATE-FAIL",
    "values.company_id": "Pattern of company ids",
    "optional": "Optional members",
    "settle": "Settles within",
    "clone_within": "Cloned within",
}
"""Labels of fields whose keys are no words for people."""
SECRET_COLUMNS: Final = ("headers.value", "registrations.token")

Form = Mapping[str, Sequence[str]]
"""By name of a field, what was submitted."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the form."""

    name: str
    """In the form, and in errors: ``tls.ca``, or ``headers.0.value`` within a table."""
    label: str
    help: str
    kind: str
    """``text``, ``number``, ``secret`` (one line, never shown), ``pem`` (many lines), ``choice`` (one of ``choices`` or
    nothing), ``choices`` (any of them), ``lines`` (a list, one item a line), or ``table``."""
    choices: tuple[str, ...] = ()
    secret: bool = False
    value: str = ""
    """The text to show; empty for a secret. Items of ``lines`` and ``choices`` are separated by line feeds."""
    stored: bool = False
    """True for a secret that is stored: if the field is left empty, it is kept."""
    error: str = ""
    columns: tuple[Field, ...] = ()
    """Of a table."""
    rows: tuple[tuple[Field, ...], ...] = ()
    """Of a table, the last ones empty. A row whose first column is emptied is removed."""

    @property
    def group(self) -> str:
        """The key around it, such as ``tls``; empty at the top."""
        return self.name.rpartition(".")[0]


def fields(declaration: Mapping[str, Any], errors: Mapping[str, str] = {}) -> list[Field]:
    """Returns the fields of the form for a declaration as ``declarations.shown``, with errors by name."""
    return [_filled(field, at(declaration, field.name), errors) for field in _empty()]


def parse(form: Form, stored: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the declaration that was submitted, and errors by name that ``declarations.check`` cannot see.

    ``stored`` secrets that were left empty are ``HIDDEN``.
    """
    declared: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in _empty():
        value: Any
        if field.kind == "table":
            value = _table(form, field, errors)
        elif field.secret and not _text(form, field.name):
            is_kept = at(stored, field.name) is not None and f"{field.name}{REMOVE}" not in form
            value = HIDDEN if is_kept else ""
        else:
            value = _value(form, field)
        if value not in ("", [], {}):
            group = declared.setdefault(field.group, {}) if field.group else declared
            group[field.name.rpartition(".")[2]] = value
    return declared, errors


# Fields.


@functools.lru_cache(maxsize=1)
def _empty() -> tuple[Field, ...]:
    schema = shipped().files["gateway-config.json"]
    return tuple(_fields(schema["properties"], "", schema["$defs"]))


def _fields(properties: Mapping[str, Any], prefix: str, definitions: Mapping[str, Any]) -> Iterator[Field]:
    """Yields the fields for the properties of an object; objects with known keys are taken apart."""
    for key, given in properties.items():
        rule = {**definitions[given["$ref"].rpartition("/")[2]], **given} if "$ref" in given else given
        name = f"{prefix}{key}"
        if "properties" in rule:
            yield from _fields(rule["properties"], f"{name}.", definitions)
            continue
        field = Field(
            name,
            LABELS.get(name, key.replace("_", " ").capitalize()),
            HELP.get(name, rule.get("description", "")),
            _kind(name, rule),
            tuple(FLAGS) if rule.get("type") == "boolean" else tuple(rule.get("enum", _items(rule).get("enum", ()))),
            secret=name in (*SECRET, *SECRET_COLUMNS),
        )
        if field.kind == "table":
            named: Mapping[str, Any] = {"name": {}, "value": {}}
            columns = _fields(_items(rule).get("properties", named), f"{name}.", definitions)
            field = replace(field, columns=tuple(replace(c, name=c.name.rpartition(".")[2]) for c in columns))
        yield field


def _items(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    items: Mapping[str, Any] = rule.get("items", {})
    return items


def _kind(name: str, rule: Mapping[str, Any]) -> str:
    type_ = rule.get("type")
    if name in ("tls.ca", "tls.client_cert"):
        return "pem"
    if name in SECRET or name in SECRET_COLUMNS:
        return "secret"
    if type_ == "object" or "properties" in _items(rule):
        return "table"
    if type_ == "array":
        return "choices" if "enum" in _items(rule) else "lines"
    if "enum" in rule or type_ == "boolean":
        return "choice"
    return "number" if type_ in ("number", "integer") else "text"


# Values shown.


def _filled(field: Field, value: Any, errors: Mapping[str, str]) -> Field:
    error = errors.get(field.name, "")
    if field.kind == "table":
        rows = enumerate([*_rows(value), *({} for _ in range(SPARE_ROWS))])
        return replace(field, rows=tuple(_row(field, number, row, errors) for number, row in rows), error=error)
    if field.secret:
        return replace(field, stored=value == HIDDEN, error=error)
    return replace(field, value=_written(value), error=error)


def _row(table: Field, number: int, row: Mapping[str, Any], errors: Mapping[str, str]) -> tuple[Field, ...]:
    """The cells of a row. What is wrong with the row as a whole stands at the first."""
    name = f"{table.name}.{number}"
    cells = [_filled(replace(c, name=f"{name}.{c.name}"), row.get(c.name), errors) for c in table.columns]
    cells[0] = replace(cells[0], error=cells[0].error or errors.get(name, ""))
    return tuple(cells)


def _rows(value: Any) -> list[Mapping[str, Any]]:
    if isinstance(value, dict):
        return [{"name": name, "value": content} for name, content in value.items()]
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _written(value: Any) -> str:
    """A value as it stands in the form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


# Values submitted.


def _text(form: Form, name: str) -> str:
    given = form.get(name) or [""]
    return given[0].replace("\r\n", "\n").strip()


def _value(form: Form, field: Field) -> Any:
    """Reads a field that is no table; empty if nothing was submitted."""
    text = _text(form, field.name)
    if field.kind == "choices":
        return [choice for choice in form.get(field.name, ()) if choice]
    if field.kind == "lines":
        return [line.strip() for line in text.split("\n") if line.strip()]
    if field.choices == tuple(FLAGS):
        return FLAGS.get(text, text)
    return _number(text) if field.kind == "number" else text


def _number(text: str) -> int | float | str:
    """A number, or else the text, which the schema refuses."""
    for type_ in (int, float):
        try:
            return type_(text)
        except ValueError:
            pass
    return text


def _table(form: Form, table: Field, errors: dict[str, str]) -> Any:
    """The rows of a table, without those whose first column is empty."""
    first = table.columns[0].name
    pattern = re.compile(rf"{re.escape(table.name)}\.([0-9]{{1,6}})\.{first}")
    numbers = sorted({int(found[1]) for name in form if (found := pattern.fullmatch(name))})
    rows = []
    for number in numbers:
        row = {c.name: _value(form, replace(c, name=f"{table.name}.{number}.{c.name}")) for c in table.columns}
        if row[first]:
            # A secret that is left empty is kept.
            row |= {c.name: HIDDEN for c in table.columns if c.secret and not row[c.name]}
            rows.append({key: value for key, value in row.items() if value != ""})
    return _by_name(rows, table.name, errors) if table.name == "headers" else rows


def _by_name(rows: Sequence[Mapping[str, Any]], table: str, errors: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for row in rows:
        name = row["name"]
        if name in made:
            errors[f"{table}.{[*made].index(name)}.name"] = f"{name!r} stands here twice"
        made[name] = row["value"]
    return made
