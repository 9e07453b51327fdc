"""The bundle says the same as schemas/, in files that need no others."""

import json
import re

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec import bundle
from beckn_conformance.errors import SpecificationError
from beckn_conformance.specification.loading import default_folder, load
from beckn_conformance.specification.pointer import member
from beckn_conformance.specification.validators import BASE, compile_schema
from tests.changed_schemas import changed, copied, with_operation

BUNDLE = dict(bundle.files(load()))
CALLS = {path.removeprefix("/"): item["post"] for path, item in BUNDLE["openapi.json"]["paths"].items()}
KINDS = ("request", "ack", "nack")
EXAMPLES = [
    example["value"]
    for call in load().files["description.yaml"]["calls"].values()
    for kind in KINDS
    for example in call[kind].values()
]
HEADERS = ("header.reply.json", "header.request.json")
MESSAGES = sorted(f"{operation.key}.{kind}.json" for operation in load().operations for kind in KINDS)


def test_it_holds_one_description_and_one_schema_for_each_message():
    assert sorted(BUNDLE) == sorted([*MESSAGES, "envelope.json", *HEADERS, "openapi.json"])


def test_the_bundle_beside_the_schemas_is_up_to_date():
    written = {path.name: path.read_text("utf-8") for path in (default_folder() / "bundle").iterdir()}

    assert written == bundle.texts(load()), "run: python -m tests.generate"


@pytest.mark.parametrize("name", BUNDLE)
def test_no_file_refers_to_another_one(name):
    references = re.findall(r'"\$ref": "([^"]*)"', json.dumps(BUNDLE[name]))

    assert [reference for reference in references if not reference.startswith("#/")] == []


def test_the_description_is_openapi_by_itself():
    from openapi_spec_validator import validate

    validate(BUNDLE["openapi.json"])


def followed(schema):
    """A schema of the description that can be compiled alone."""
    return compile_schema({**schema, "components": BUNDLE["openapi.json"]["components"]})


@pytest.mark.parametrize("action", CALLS)
def test_a_call_carries_the_members_of_the_header(action):
    fields = {field["name"]: field for field in CALLS[action]["parameters"]}
    allowed = [other for other in CALLS if followed(fields["Action"]["schema"]).is_valid(other)]

    assert {*fields} == {"Action", "Token", "Timestamp"}
    assert all(field["in"] == "header" and field["required"] for field in fields.values())
    assert allowed == [action]
    for status, reply in CALLS[action]["responses"].items():
        assert {*reply["headers"]} == {"action", "message"}
        answers = followed(reply["headers"]["action"]["schema"])
        assert [answers.is_valid(answer) for answer in ("ACK", "NACK")] == [status == "200", True]


@pytest.mark.parametrize("action", CALLS)
def test_an_example_is_valid_where_it_stands(action):
    messages = [CALLS[action]["requestBody"], *CALLS[action]["responses"].values()]
    for media in (message["content"]["application/json"] for message in messages):
        judge = followed(media["schema"])
        assert media["examples"]
        assert all(judge.is_valid(example["value"]) for example in media["examples"].values())


def test_the_signup_links_to_every_later_call_with_the_id_and_token_that_it_gave():
    reply = CALLS["Provider/signup"]["responses"]["200"]
    body = reply["content"]["application/json"]["examples"]["acknowledged"]["value"]

    assert {*reply["links"]} == {call["operationId"] for call in CALLS.values()} - {"signup"}
    for link in reply["links"].values():
        assert link["parameters"] == {"header.Token": "$response.body#/auth/token"}
        expression = json.loads(link["requestBody"])["registration"]["id"]
        assert member(body, expression.strip("{}").removeprefix("$response.body#")) == body["registration"]["id"]


def test_an_operation_that_has_only_just_been_added_is_described(tmp_path):
    made = dict(bundle.files(load(with_operation(tmp_path / "schemas"))))["openapi.json"]

    assert made["paths"]["/Provider/status"]["post"]["operationId"] == "status"


def test_no_two_schemas_differ_only_in_case():
    # Generators of code write a file for each, which some file systems cannot tell apart. Some take the title.
    schemas = BUNDLE["openapi.json"]["components"]["schemas"]
    titles = [schema["title"] for schema in schemas.values() if "title" in schema and "properties" in schema]

    for names in ([*schemas], titles):
        assert len({name.casefold() for name in names}) == len(names)


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_judged_as_by_the_schemas(name):
    alone, original = compile_schema(BUNDLE[name]), compile_schema({"$ref": BASE + name}, load().files)
    values = [*EXAMPLES, {}, None, {"registration": {"id": 1}}]

    assert [alone.is_valid(value) for value in values] == [original.is_valid(value) for value in values]
    assert any(map(alone.is_valid, values))


def test_an_envelope_holds_a_header_and_a_body():
    envelope = compile_schema(BUNDLE["envelope.json"])
    headers = {
        "request": {"Action": "Provider/get", "Token": "x", "Timestamp": "2019-09-13T14:31:54"},
        "ack": {"action": "ACK", "message": "Here"},
        "nack": {"action": "NACK", "message": "No"},
    }

    for call in load().files["description.yaml"]["calls"].values():
        for kind, header in headers.items():
            body = next(iter(call[kind].values()))["value"]
            assert envelope.is_valid({"header": header, "body": body})
            assert not any(map(envelope.is_valid, ({"header": header}, {"body": body}, {"header": {}, "body": body})))


NACK = "#/components/schemas/DocumentsAddNack"


@pytest.mark.parametrize(
    "errors", [None, "no", ["no"], [{"data": "no"}, {}], [1], [{"data": 1}], {"data": "no"}, 1, True]
)
def test_a_choice_between_a_list_and_a_text_allows_the_same_without_being_a_choice(errors):
    schemas = BUNDLE["openapi.json"]["components"]
    body = {"documents": errors}

    assert "anyOf" not in schemas["schemas"]["DocumentsErrors"]
    assert compile_schema({"$ref": NACK, "components": schemas}).is_valid(body) is compile_schema(
        {"$ref": BASE + "documents-add.nack.json"}, load().files
    ).is_valid(body)


def test_the_command_writes_the_files(tmp_path, capsys):
    assert main(["spec", "bundle", "-o", str(tmp_path / "out")]) == 0

    written = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in (tmp_path / "out").iterdir()}
    assert written == BUNDLE
    assert "16 files" in capsys.readouterr().out


def test_a_reference_that_leads_nowhere_is_named(tmp_path):
    folder = copied(tmp_path / "schemas")
    changed(folder, "get.ack.json", lambda body: body["properties"]["info"].update({"$ref": "common.json#/$defs/no"}))

    with pytest.raises(
        SpecificationError, match=r"get\.ack\.json: the reference common\.json#/\$defs/no leads nowhere"
    ):
        list(bundle.files(load(folder)))
