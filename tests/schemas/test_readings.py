"""The catalogue is complete and sound, and a broken one is noticed."""

import copy
import itertools
import json
import re
from collections import Counter
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from reference_server.files import read

SCHEMAS = Path(__file__).parents[2] / "schemas"
FILES = {path.name: json.loads(path.read_text("utf-8")) for path in sorted(SCHEMAS.glob("*.json"))}
CATALOGUE = FILES["catalogue.json"]
REQUIREMENTS = read(SCHEMAS, "requirements.yaml")
READINGS = read(SCHEMAS, "readings.yaml")
NUMBERS = {reading["number"] for reading in READINGS["readings"]}


def is_catalogued(kind, instance):
    """Whether the catalogue's schema takes the instance for the requirements, or for the readings."""
    schema = {**CATALOGUE, "anyOf": [{"$ref": f"#/$defs/{kind}"}]}
    verdicts = {
        jsonschema.Draft202012Validator(schema).is_valid(instance),
        jsonschema_rs.Draft202012Validator(schema).is_valid(instance),
    }
    assert len(verdicts) == 1, "the libraries disagree"
    return verdicts.pop()


def repeated(names):
    return [name for name, times in Counter(names).items() if times > 1]


def test_readings_stand_in_sections():
    sections = [reading["section"] for reading in READINGS["readings"]]
    runs = [section for section, _ in itertools.groupby(sections)]

    assert repeated(runs) == []


def test_every_reading_that_a_reading_refers_to_exists():
    for reading in READINGS["readings"]:
        told = " ".join(reading[part] for part in ("page", "sends", "accepts"))
        assert set(re.findall(r"\b[THQRXU][1-9][0-9]?\b", told)) <= NUMBERS - {reading["number"]}


def test_the_level_of_a_requirement_is_one_of_its_readings():
    names = {level["letter"]: level["name"] for level in READINGS["rules"]["levels"]}
    levels = {reading["number"]: {names[letter] for letter in reading["level"]} for reading in READINGS["readings"]}

    for requirement in REQUIREMENTS:
        of_readings = {level for number in requirement["reading"] for level in levels[number]}
        assert "untestable" in requirement or requirement["level"] in of_readings, requirement["id"]


def at(*path):
    """A change of the value at a path: what it is set to, or nothing to remove it."""

    def change(document, *value):
        for step in path[:-1]:
            document = document[step]
        if value:
            document[path[-1]] = value[0]
        else:
            del document[path[-1]]

    return change


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (at(0, "level"), ["SHALL"]),
        (at(0, "basis"), ["guessed"]),
        (at(0, "id"), ["reply-json"]),
        (at(0, "id"), []),
        (at(0, "text"), [""]),
        (at(0, "text"), []),
        (at(0, "reading"), ["T8"]),
        (at(0, "reading"), [["Z1"]]),
        (at(0, "reading"), [[]]),
        (at(0, "operations"), [["De lete"]]),
        (at(0, "operations"), [[]]),
        (at(0, "section"), ["§0"]),
        (at(0, "untestable"), ["nobody can see it"]),
        (at(0, "note"), ["a member that nobody reads"]),
        (at(0, "owns"), [["registration.id"]]),
        (at(0, "refuses"), [{"members": ["/info"], "strength": "may"}]),
        (at(0, "refuses"), [{"members": ["/info"], "strength": "must", "kinds": ["odd"]}]),
        (at(0, "accepts"), [{"members": ["/info"]}]),
        (at(0, "needs"), ["luck"]),
        (at(1), [REQUIREMENTS[0]]),
    ],
)
def test_broken_requirements_are_noticed(change, value):
    broken = copy.deepcopy(REQUIREMENTS)
    change(broken, *value)

    assert not is_catalogued("requirements", broken)


@pytest.mark.parametrize(
    ("change", "value"),
    [
        (at("rules"), []),
        (at("rules", "levels"), [[]]),
        (at("rules", "levels", 0, "letter"), ["S"]),
        (at("readings", 0, "level"), [["X"]]),
        (at("readings", 0, "level"), ["C"]),
        (at("readings", 0, "level"), [["C", "C"]]),
        (at("readings", 0, "number"), ["T0"]),
        (at("readings", 0, "number"), ["Q1"]),
        (at("readings", 0, "number"), []),
        (at("readings", 0, "section"), ["Weather"]),
        (at("readings", 0, "keys"), [[]]),
        (at("readings", 0, "keys"), [["Method"]]),
        (at("readings", 0, "page"), [""]),
        (at("readings", 0, "sends"), [None]),
        (at("readings", 0, "accepts"), []),
        (at("readings", 0, "note"), ["a member that nobody reads"]),
        (at("readings", 1), [READINGS["readings"][0]]),
    ],
)
def test_broken_readings_are_noticed(change, value):
    broken = copy.deepcopy(READINGS)
    change(broken, *value)

    assert not is_catalogued("readings", broken)


# The examples of the page, shortened only in their white space and in the parts that recur.
RECURRING = {
    "INFO": '"info": {"name": "string", "phone": "string", "email": "string", "company_id": "string"}',
    "INFO_ERRORS": '"info": {"name": "ERROR", "phone": "ERROR", "email": "ERROR", "company_id": "ERROR"}',
    "DOCUMENT": '"name": "string", "data": "W3dWhrYWtp68jWsa21v490XqxOy2zVkuD"',
    "DOCUMENT_ERRORS": '"documents": [{"name": "ERROR", "data": "ERROR"}]',
    "API": '"api": {"endpoint_url": "string"}',
}
PAGE = {
    "signup.request": '{INFO, "documents": [{DOCUMENT}], API}',
    "signup.ack": """{
        "registration": {"id": "string", "status": "string"},
        "auth": {"token": "string", "exp": "string"},
        INFO,
        "documents": [{DOCUMENT, "status": "PENDING-VERIFICATION"}],
        "api": {"endpoint_url": "string", "status": "PENDING-VERIFICATION"}
    }""",
    "signup.nack": '{INFO_ERRORS, DOCUMENT_ERRORS, "api": {"endpoint_url": "ERROR"}}',
    "get.request": '{"registration": {"id": "string"}}',
    "get.ack": '{"registration": {"id": "string", "status": "string"}, INFO, "documents": [{DOCUMENT}], API}',
    "get.nack": '{"registration": {"id": "ERROR"}}',
    "info-update.request": '{"registration": {"id": "string"}, INFO}',
    "info-update.ack": """{
        "registration": {"id": "string", "status": "UPDATE-PENDING"},
        INFO,
        "documents": [{DOCUMENT, "status": "VERIFIED"}],
        API
    }""",
    "info-update.nack": '{"registration": {"id": "ERROR", "status": "UPDATE-FAIL"}, INFO_ERRORS,}',
    "documents-add.request": '{"registration": {"id": "string"}, "documents": [{DOCUMENT,}]}',
    "documents-add.ack": """{
        "registration": {"id": "string", "status": "UPDATE-PENDING"},
        INFO,
        "documents": [
            {"id": "string", DOCUMENT, "status": "VERIFIED"},
            {"id": "string", DOCUMENT, "status": "PENDING-VERIFICATION"}
        ],
        API
    }""",
    "documents-add.nack": "{DOCUMENT_ERRORS,}",
}


def as_printed(name):
    text = re.sub(r"\b[A-Z_]+\b", lambda word: RECURRING.get(word[0], word[0]), PAGE[name])
    return text.replace("ERROR", "field specific error message")


def without_trailing_commas(text):
    return re.sub(r",(?=\s*[}\]])", "", text)


def test_three_examples_of_the_page_have_trailing_commas():
    assert [name for name in PAGE if without_trailing_commas(as_printed(name)) != as_printed(name)] == [
        "info-update.nack",
        "documents-add.request",
        "documents-add.nack",
    ]


@pytest.mark.parametrize("name", PAGE)
def test_an_example_of_the_page_satisfies_its_schema(name):
    registry = Registry().with_resources(
        (file, DRAFT202012.create_resource(contents)) for file, contents in FILES.items()
    )
    body = json.loads(without_trailing_commas(as_printed(name)))
    if "info" in body and name.endswith("request"):  # whose placeholders break the formats
        body["info"] |= {"phone": "+91-8023329991", "email": "info@example.com"}

    jsonschema.Draft202012Validator(FILES[f"{name}.json"], registry=registry).validate(body)
