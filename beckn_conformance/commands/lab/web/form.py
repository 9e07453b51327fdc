"""The form in which a declaration is edited, made from ``schemas/gateway-config.json``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ....config.credentials import HIDDEN
from ....specification.loading import shipped
from ..declarations import SECRET, at

SPARE_ROWS: Final = 3
"""Empty rows at the end of a table, to add some."""
REMOVE: Final = ".remove"
"""Ending of the name of the box that removes a stored secret."""
FLAGS: Final = {"true": True, "false": False}
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "Who is judged": ("gateway",),
    "Protocol": ("binding", "envelope", "method", "timestamp_zone"),
    "Behaviour": (
        *("verification", "updates", "documents_echo", "status_names", "optional", "values", "settle"),
        *("peers", "clone_within", "policy_update_frequency"),
    ),
    "Access": ("signup_token", "headers", "tls", "proxy", "verification_hook", "registrations"),
    "Limits": ("timeout", "patience", "concurrency", "rate", "hostile"),
    "Report and waivers": ("mask", "waivers"),
}
"""Keys of a declaration by the part of the form that they stand in; what is new to it stands at the end."""
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
    rows: tuple[tuple[Field, ...], ...] = ()
    """Of a table, the last ones empty. A row whose first column is emptied is removed."""

    @property
    def parts(self) -> list[Field]:
        """The field itself, and the cells of its rows."""
        return [self, *(cell for row in self.rows for cell in row)]


@dataclass(frozen=True, slots=True)
class Group:
    """A part of the form."""

    title: str
    fields: Sequence[Field]

    @property
    def errors(self) -> dict[str, str]:
        """The errors at its fields and in their rows, by name."""
        return {
            part.name: f"{field.label}{'' if part is field else f', {part.label}'}: {part.error}"
            for field in self.fields
            for part in field.parts
            if part.error
        }

    @property
    def declared(self) -> int:
        """How many of its fields have a value."""
        return sum(any(part.value or part.stored for part in field.parts) for field in self.fields)


def groups(declaration: Mapping[str, Any], errors: Mapping[str, str] = {}) -> list[Group]:
    """The form for a declaration as ``declarations.redacted``, with errors by name."""
    titles = {key: title for title, keys in GROUPS.items() for key in keys}
    sorted_: dict[str, list[Field]] = {title: [] for title in (*GROUPS, "Further")}
    for field in fields(declaration, errors):
        sorted_[titles.get(field.name.partition(".")[0], "Further")].append(field)
    return [Group(title, some) for title, some in sorted_.items() if some]


def fields(declaration: Mapping[str, Any], errors: Mapping[str, str] = {}) -> list[Field]:
    """The fields of the form for a declaration as ``declarations.redacted``, with errors by name."""
    return [*_fields(shipped().files["gateway-config.json"]["properties"], declaration, errors)]


def _fields(
    properties: Mapping[str, Any], declared: Any, errors: Mapping[str, str], name: str = "", key: str = ""
) -> Iterator[Field]:
    """Yields the fields for the properties of an object; objects with known keys are taken apart.

    Their names begin with ``name``, which has the numbers of rows in it, and ``key`` is the same without.
    """
    definitions = shipped().files["gateway-config.json"]["$defs"]
    for last, given in properties.items():
        rule = {**definitions[given["$ref"].rpartition("/")[2]], **given} if "$ref" in given else given
        value = at(declared, last)
        if "properties" in rule:
            yield from _fields(rule["properties"], value, errors, f"{name}{last}.", f"{key}{last}.")
            continue
        whole, kind = f"{name}{last}", _kind(f"{key}{last}", rule)
        secret = f"{key}{last}" in (*SECRET, *SECRET_COLUMNS)
        rows = _rows(value) if kind == "table" else []
        columns = _items(rule).get("properties", {"name": {}, "value": {}})
        yield Field(
            whole,
            rule.get("title", last.replace("_", " ").capitalize()),
            HELP.get(f"{key}{last}", rule.get("description", "")),
            kind,
            tuple(FLAGS) if rule.get("type") == "boolean" else tuple(rule.get("enum", _items(rule).get("enum", ()))),
            secret,
            "" if secret or kind == "table" else _written(value),
            secret and value == HIDDEN,
            # An error of a whole row stands at its first cell.
            errors.get(whole, "") or (errors.get(name[:-1], "") if name and last == next(iter(properties)) else ""),
            tuple(
                tuple(_fields(columns, row, errors, f"{whole}.{number}.", f"{key}{last}."))
                for number, row in enumerate(rows)
            ),
        )


def _items(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    items: Mapping[str, Any] = rule.get("items", {})
    return items


def _kind(key: str, rule: Mapping[str, Any]) -> str:
    type_ = rule.get("type")
    if key in ("tls.ca", "tls.client_cert"):
        return "pem"
    if key in SECRET or key in SECRET_COLUMNS:
        return "secret"
    if type_ == "object" or "properties" in _items(rule):
        return "table"
    if type_ == "array":
        return "choices" if "enum" in _items(rule) else "lines"
    if "enum" in rule or type_ == "boolean":
        return "choice"
    return "number" if type_ in ("number", "integer") else "text"


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """The rows of a table, with spare ones."""
    if isinstance(value, dict):
        value = [{"name": name, "value": content} for name, content in value.items()]
    rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    return [*rows, *({} for _ in range(SPARE_ROWS))]


def _written(value: Any) -> str:
    """A value as it stands in the form."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)


# Submitted forms.


def parse(form: Form, stored: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Returns the declaration that was submitted, and errors by name that ``declarations.check`` cannot see.

    ``stored`` secrets that were left empty are ``HIDDEN``.
    """
    declared: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for field in fields({}):
        value = _table(form, field, errors) if field.kind == "table" else _value(form, field, field.name)
        if field.secret and not value and f"{field.name}{REMOVE}" not in form:
            value = HIDDEN if at(stored, field.name) is not None else ""
        if value not in ("", [], {}):
            group, _, key = field.name.rpartition(".")
            (declared.setdefault(group, {}) if group else declared)[key] = value
    return declared, errors


def _value(form: Form, field: Field, name: str) -> Any:
    """Reads a field that is no table; empty if nothing was submitted."""
    text = (form.get(name) or [""])[0].replace("\r\n", "\n").strip()
    if field.kind == "choices":
        return [choice for choice in form.get(name, ()) if choice]
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
    columns = {cell.name.rpartition(".")[2]: cell for cell in table.rows[0]}
    first = next(iter(columns))
    pattern = re.compile(rf"{re.escape(table.name)}\.([0-9]{{1,6}})\.{first}")
    rows = []
    for number in sorted({int(found[1]) for name in form if (found := pattern.fullmatch(name))}):
        row = {key: _value(form, cell, f"{table.name}.{number}.{key}") for key, cell in columns.items()}
        if row[first]:
            # A secret that is left empty is kept.
            row |= {key: HIDDEN for key, cell in columns.items() if cell.secret and not row[key]}
            rows.append({key: value for key, value in row.items() if value != ""})
    if table.name != "headers":
        return rows
    made: dict[str, Any] = {}
    for row in rows:
        if row["name"] in made:
            errors[f"headers.{[*made].index(row['name'])}.name"] = f"{row['name']!r} stands here twice"
        made[row["name"]] = row["value"]
    return made
