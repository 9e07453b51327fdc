"""What `spec check` does not look at in openapi.yaml: headers, links, and examples under both libraries."""

import base64
import json
import re
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
import yaml
from referencing import Registry
from referencing.jsonschema import DRAFT202012

SCHEMAS = Path(__file__).parents[2] / "schemas"
BASE = "https://schemas.test/"
STEMS = {
    "signup": "signup",
    "getRegistration": "get",
    "updateInfo": "info-update",
    "addDocuments": "documents-add",
}
FILES = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(SCHEMAS.glob("*.json"))}
OPENAPI = yaml.load((SCHEMAS / "openapi.yaml").read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
OPERATIONS = {item["post"]["operationId"]: (path, item["post"]) for path, item in OPENAPI["paths"].items()}
REGISTRY = Registry().with_resources(
    (BASE + name, DRAFT202012.create_resource(contents)) for name, contents in FILES.items()
)
REGISTRY_RS = jsonschema_rs.Registry([(BASE + name, contents) for name, contents in FILES.items()])


def followed(node):
    """What a reference within the description stands for."""
    while "$ref" in node:
        name = node["$ref"].removeprefix("#/")
        assert name != node["$ref"], f"{node['$ref']} leaves the description"
        node = pointed(OPENAPI, name)
    return node


def pointed(document, pointer):
    for token in pointer.removeprefix("/").split("/"):
        document = document[token]
    return document


def judged(schema, instance):
    """The verdicts of both libraries on an instance, and what the first of them has to say."""
    schema = {"$id": BASE + "openapi.yaml", **schema}
    error = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema, registry=REGISTRY).iter_errors(instance)
    )
    other = jsonschema_rs.Draft202012Validator(schema, registry=REGISTRY_RS).is_valid(instance)
    return error is None, other, error and error.message


def examples():
    """Operation, kind of message, name, schema of the description, value: every example of a body."""
    for operation, (_, description) in OPERATIONS.items():
        contents = [("request", description["requestBody"])]
        contents += [(status, followed(reply)) for status, reply in description["responses"].items()]
        for kind, holder in contents:
            media = holder["content"]["application/json"]
            for name, example in media["examples"].items():
                value = followed(example)["value"]
                case = f"{operation}-{kind}-{name}"
                yield pytest.param(operation, kind, name, media["schema"], value, id=case)


EXAMPLES = list(examples())
REQUESTS = [param for param in EXAMPLES if param.values[1] == "request"]


@pytest.mark.parametrize("operation", STEMS)
def test_a_request_carries_the_header_of_the_page(operation):
    path, description = OPERATIONS[operation]
    parameters = {parameter["name"]: parameter for parameter in map(followed, description["parameters"])}

    assert set(parameters) == set(FILES["header.request.json"]["required"])
    assert all(parameter["in"] == "header" and parameter["required"] for parameter in parameters.values())
    assert judged(parameters["Action"]["schema"], path.removeprefix("/"))[:2] == (True, True)
    for other, _ in OPERATIONS.values():
        assert judged(parameters["Action"]["schema"], other.removeprefix("/"))[0] == (other == path)
    for name in ("Token", "Timestamp"):
        assert judged(parameters[name]["schema"], parameters[name]["example"]) == (True, True, None)


@pytest.mark.parametrize("operation", STEMS)
def test_a_reply_carries_the_header_of_the_page(operation):
    for status, reply in OPERATIONS[operation][1]["responses"].items():
        headers = {name: followed(header) for name, header in reply["headers"].items()}

        assert set(headers) == set(FILES["header.reply.json"]["required"])
        assert all(header["required"] for header in headers.values())
        for header in headers.values():
            assert judged(header["schema"], header["example"]) == (True, True, None)
        assert judged(headers["action"]["schema"], "ACK")[0] == (status == "200")
        assert judged(headers["action"]["schema"], "NACK")[0]


@pytest.mark.parametrize(("operation", "kind", "name", "schema", "value"), EXAMPLES)
def test_an_example_is_valid(operation, kind, name, schema, value):
    if kind == "request":
        file = f"{STEMS[operation]}.request.json"
    else:
        file = f"{STEMS[operation]}.{'ack' if name == 'acknowledged' else 'nack'}.json"

    assert judged(schema, value) == (True, True, None)
    assert judged({"$ref": file}, value) == (True, True, None)


def test_examples_show_more_than_one_kind_of_value():
    infos = [param.values[4]["info"] for param in REQUESTS if "info" in param.values[4]]

    assert {info["phone"].count("-") for info in infos} == {1, 2}
    assert {info["name"].isascii() for info in infos} == {True, False}


def test_documents_of_examples_are_what_their_names_say():
    documents = [
        document
        for param in EXAMPLES
        if param.values[1] == "request" or param.values[2] == "acknowledged"
        for document in param.values[4].get("documents", [])
    ]

    assert documents
    for document in documents:
        content = base64.b64decode(document["data"], validate=True)
        if document["name"].endswith(".pdf"):
            assert content.startswith(b"%PDF-")
            assert content.rstrip().endswith(b"%%EOF")
            start = int(content.split(b"startxref")[1].split()[0])
            assert content[start:].startswith(b"xref")
        else:
            assert content.startswith(b"\xff\xd8\xff")
            assert content.endswith(b"\xff\xd9")


def test_the_signup_links_to_every_later_call():
    links = OPERATIONS["signup"][1]["responses"]["200"]["links"]

    assert {followed(link)["operationId"] for link in links.values()} == set(OPERATIONS) - {"signup"}


@pytest.mark.parametrize("name", ["getRegistration", "updateInfo", "addDocuments"])
def test_a_link_takes_id_and_token_from_the_reply(name):
    reply = OPERATIONS["signup"][1]["responses"]["200"]
    link = followed(reply["links"][name])
    body = followed(reply["content"]["application/json"]["examples"]["acknowledged"])["value"]
    _, target = OPERATIONS[link["operationId"]]
    places = {f"{at['in']}.{at['name']}" for at in map(followed, target["parameters"])}

    def evaluated(expression):
        return pointed(body, expression.removeprefix("$response.body#"))

    assert link["operationId"] == name
    assert set(link["parameters"]) <= places
    assert evaluated(link["parameters"]["header.Token"]) == body["auth"]["token"]
    sent = re.sub(r"\{(\$response[^}]*)\}", lambda found: evaluated(found[1]), link["requestBody"])
    registration = json.loads(sent)["registration"]
    for param in REQUESTS:
        operation, _, _, schema, value = param.values
        if operation == name:
            assert judged(schema, {**value, "registration": registration}) == (True, True, None)


def test_every_part_of_the_description_is_used():
    text = (SCHEMAS / "openapi.yaml").read_text("utf-8")
    for kind, parts in OPENAPI["components"].items():
        for name in parts:
            assert f'"#/components/{kind}/{name}"' in text
