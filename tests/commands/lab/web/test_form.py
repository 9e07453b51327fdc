"""The form of a declaration says the same as a configuration file, and gives no secret back."""

import pytest
from starlette.datastructures import FormData

from beckn_conformance.commands.lab import declarations
from beckn_conformance.commands.lab.web.form import fields, parse
from beckn_conformance.commands.lab.web.visits import ANONYMOUS, Visit
from tests.exchanges import SPECIFICATION, URL

STORED = {
    "gateway": {"name": "Ours"},
    "binding": "http",
    "signup_token": "token-of-signup",
    "concurrency": 4,
    "settle": 2.5,
    "tls": {"verify": False, "client_cert": "-----BEGIN of the client"},
    "optional": ["/info/company_id", "/info/phone"],
    "mask": ["personal"],
    "headers": {"X-Api-Key": "key-1", "X.Second": "key-2"},
    "registrations": [{"id": "r-1", "token": "token-1"}, {"id": "r-2", "token": "token-2"}],
    "waivers": [{"requirement": "REPLY-JSON", "reason": "known", "owner": "ops", "expires": "2027-01-31"}],
    "verification_hook": "https://ours.example/verify?key=secret-key",
}


def submitted(found):
    """What a browser submits for these fields if nothing is changed."""
    form = {}
    for field in found:
        if field.kind == "table":
            form |= submitted(cell for row in field.rows for cell in row)
        else:
            form[field.name] = field.value.split("\n") if field.kind == "choices" else [field.value]
    return form


def by_name(found):
    return {field.name: field for field in found}


def test_every_key_of_the_schema_has_a_field():
    keys = [*SPECIFICATION.files["gateway-config.json"]["properties"]]

    assert [*dict.fromkeys(field.name.partition(".")[0] for field in fields({}))] == keys
    assert {field.kind for field in fields({})} == {
        *("text", "number", "secret", "pem", "choice", "choices", "lines", "table")
    }


def test_a_form_submitted_unchanged_changes_nothing():
    shown = declarations.redacted(STORED)

    declaration, errors = parse(submitted(fields(shown)), STORED)

    assert (declarations.with_stored_secrets(declaration, STORED), errors) == (STORED, {})
    assert parse(submitted(fields({})), {}) == ({}, {})


def test_no_secret_is_given_back():
    text = repr(fields(declarations.redacted(STORED)))

    assert not any(word in text for word in ("token-", "key-1", "key-2", "of the client", "secret-key", "ours.example"))
    assert by_name(fields(declarations.redacted(STORED)))["signup_token"].stored
    assert not by_name(fields(declarations.redacted({})))["signup_token"].stored


def test_a_secret_is_kept_replaced_or_removed():
    form = submitted(fields(declarations.redacted(STORED)))
    form |= {
        "signup_token.remove": ["on"],
        "verification_hook": ["https://other.example"],
        "headers.0.name": [""],
        "registrations.0.token": ["another"],
        "registrations.2.id": ["r-3"],
    }

    declaration = declarations.with_stored_secrets(parse(form, STORED)[0], STORED)

    assert "signup_token" not in declaration
    assert declaration["verification_hook"] == "https://other.example"
    assert declaration["headers"] == {"X.Second": "key-2"}
    assert declaration["registrations"] == [
        {"id": "r-1", "token": "another"},
        {"id": "r-2", "token": "token-2"},
        {"id": "r-3", "token": ""},
    ]


def test_a_secret_that_is_not_stored_yet_is_not_called_stored():
    submitted_now = {**STORED, "signup_token": "new", "proxy": "http://u:p@proxy.example:1"}

    shown = declarations.redacted_entry(submitted_now, STORED)

    assert (shown["signup_token"], shown["proxy"], shown["headers"]["X-Api-Key"]) == ("", "", "<secret>")


def test_no_stored_secret_moves_to_another_place():
    elsewhere = {"gateway": {"name": "<secret>"}, "headers": {"X-Other": "<secret>"}, "proxy": "<secret>"}

    assert declarations.with_stored_secrets(elsewhere, STORED) == {**elsewhere, "headers": {"X-Other": ""}, "proxy": ""}


@pytest.mark.parametrize(
    ("form", "name", "text"),
    [
        ({"concurrency": "many"}, "concurrency", "it takes a whole number, not 'many'"),
        ({"concurrency": "257"}, "concurrency", "it takes 256 at most, not 257"),
        ({"settle": "nan"}, "settle", "nan is not a finite number"),
        ({"settle": "9" * 5000}, "settle", "it takes 86400 at most, not inf"),
        ({"binding": "often"}, "binding", "it takes auto, http or envelope, not 'often'"),
        ({"tls.verify": "perhaps"}, "tls.verify", "it takes true or false, not 'perhaps'"),
        ({"mask": "all"}, "mask", "it takes documents or personal, not 'all'"),
        (
            {"optional": "/info/phone\n/info/fone"},
            "optional",
            "'/info/fone' is not a member of a request; did you mean",
        ),
        ({"values.company_id": "(a"}, "values.company_id", "'(a' cannot be used: it is not a regular expression"),
        ({"values.company_id": "((a{99}){99}){99}"}, "values.company_id", "'((a{99}){99}){99}' cannot be used"),
        ({"values.company_id": "(a+)+\\1"}, "values.company_id", "'(a+)+\\\\1' cannot be used"),
        ({"headers.0.name": "A B", "headers.0.value": "v"}, "headers", "it takes a value such as X-Api-Key"),
        ({"headers.3.name": "X", "headers.3.value": "é"}, "headers.0.value", "it has a character that no header"),
        ({"headers.0.name": "Content-Length"}, "headers.0.value", "it says where a request ends"),
        ({"headers.0.name": "X", "headers.1.name": "X"}, "headers.0.name", "'X' stands here twice"),
        ({"registrations.0.id": "r"}, "registrations.0.token", "it takes text that is not empty"),
        ({"waivers.0.requirement": "REPLY-JSON"}, "waivers.0", "'reason', 'owner', 'expires' are missing"),
        ({"proxy": "socks://user:pass@h:1"}, "proxy", "'socks://h:1' needs a scheme"),
        ({"peers": "https://a.example", "clone_within": "0"}, "clone_within", "it takes more than 0"),
        ({"peers": "https://a.example\nb", "clone_within": "1"}, "peers", "'b' needs a scheme"),
        ({"peers": "https://a.example"}, "peers", "declare clone_within as well"),
        ({"timestamp_zone": "../../etc/passwd"}, "timestamp_zone", "'../../etc/passwd' is not a zone"),
        ({"tls.ca": "-----BEGIN CERTIFICATE-----\nnothing"}, "tls.ca", "'ca.pem' cannot be used: "),
    ],
)
def test_a_mistake_stands_at_its_field_with_the_words_of_the_command_line(form, name, text):
    parsed, errors = parse({key: [value] for key, value in form.items()}, {})
    declaration = declarations.with_stored_secrets(parsed, {})

    errors |= declarations.check(URL, declaration, stranger=True)

    assert errors[name].startswith(text)
    found = fields(declarations.redacted_entry(declaration, {}), errors)
    cells = [cell for field in found for row in field.rows for cell in row]
    assert any(field.error == errors[name] for field in [*found, *cells])


def test_all_mistakes_are_found_at_once():
    form = {"concurrency": ["0"], "settle": ["x"], "tls.ca": ["/etc/passwd"], "optional": ["/no"]}

    errors = declarations.check(URL, parse(form, {})[0], stranger=True)

    assert {*errors} == {*form}


def test_fields_are_gathered_in_linear_time():
    compared = []

    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            compared.append(self)
            return str.__eq__(self, other)

    rows = [(Name(number % 500), str(number)) for number in range(1000)]
    found = Visit(None, None, ANONYMOUS, form=FormData(rows)).lists

    assert found == {str(number): [str(number), str(number + 500)] for number in range(500)}
    assert len(compared) < 10 * len(rows)
