"""The Postman collection holds the four calls with values that a gateway must take, and no secrets."""

import json

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.postman.finding import ESCAPED, makes_variable
from beckn_conformance.messages import shell
from beckn_conformance.specification.loading import load

VARIABLES = {"{{serial}}": "123456", "{{registrationId}}": "reg-1", "{{token}}": "t", "{{signupToken}}": "signup"}


def collection(folder, declared="", *options):
    config, made = folder / "gateway.yaml", folder / "collection.json"
    config.write_text(declared)

    assert main(["postman", "--gateway-config", str(config), "-o", str(made), *options]) == 0
    return json.loads(made.read_text())


def requests(made):
    """Name, header members and body of each request, with variables replaced."""
    for folder in made["item"]:
        for item in folder["item"]:
            text = json.dumps(item["request"])
            for variable, value in VARIABLES.items():
                text = text.replace(variable, value)
            request = json.loads(text)
            header = {one["key"]: one["value"] for one in request["header"]}
            yield folder["name"], request["url"], header, json.loads(request["body"]["raw"])


def test_every_operation_has_a_valid_and_a_refused_call(tmp_path):
    called = {(kind, url.removeprefix("{{baseUrl}}/")) for kind, url, _, _ in requests(collection(tmp_path))}

    actions = [operation.action for operation in load().operations]
    assert called == {(kind, action) for kind in ("Valid calls", "Refused calls") for action in actions}


def test_valid_calls_keep_to_the_schemas_and_refused_ones_do_not(tmp_path):
    for kind, _, header, body in requests(collection(tmp_path)):
        operation = load().operation(header["Action"])
        validator = load().schemas.validator(f"{operation.key}.request.json")
        assert validator.is_valid(body) is (kind == "Valid calls")


def test_an_envelope_holds_the_header_under_its_declared_names(tmp_path):
    made = collection(tmp_path, "binding: envelope\nenvelope: {header: Kopf, body: Rumpf}\n")

    for _, url, _, content in requests(made):
        assert url.endswith(content["Kopf"]["Action"])
        assert set(content) == {"Kopf", "Rumpf"}


def test_secrets_of_the_configuration_are_variables_without_a_value(tmp_path):
    made = collection(tmp_path, "signup_token: hunter2-signup\nheaders: {X-Api-Key: hunter2-key}\n")

    assert "hunter2" not in json.dumps(made)
    assert {one["key"]: one["value"] for one in made["variable"]}["signupToken"] == ""
    assert all(header["X-Api-Key"] == "{{header-X-Api-Key}}" for _, _, header, _ in requests(made))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_the_time_is_that_of_the_declared_zone(zone, tmp_path):
    made = collection(tmp_path, f"timestamp_zone: {zone}\n")

    assert f'timeZone: "{zone}"' in made["event"][0]["script"]["exec"][0]


@pytest.mark.parametrize("text", ["{", "an {", "{{ID1}}"])
def test_a_value_beside_a_brace_or_another_value_is_not_written(text):
    # Postman replaces again: the values "{" and "{mine}}" would make a variable.
    assert makes_variable(text, shell.variable("T1"), ESCAPED)
    assert not makes_variable(f"{text} ", shell.variable("T1"), ESCAPED)
    assert makes_variable("{{ID1}}", "{mine}}", ESCAPED)
