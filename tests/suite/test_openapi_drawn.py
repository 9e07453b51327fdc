"""What Schemathesis draws: plain data that can be sent, the same for the same seed, from the schemas in use."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.messages.json_text import write_json
from beckn_conformance.run.examples import Examples
from beckn_conformance.specification import validators
from beckn_conformance.specification.loading import load
from beckn_conformance.suite import openapi
from beckn_conformance.suite.specification import choose

pytestmark = pytest.mark.long

ACTIONS = ("Provider/signup", "Provider/get", "Provider/info/update", "Provider/documents/add")
ROOT = Path(openapi.__file__).resolve().parents[1]


def draw(strategy, count=20, *, seed=1):
    return Examples(lambda: strategy, seed, "drawn").chunk(0, count)


@pytest.fixture
def changed(tmp_path):
    """A copy of schemas/; the kit's own is chosen again after the test."""
    folder = tmp_path / "schemas"
    shutil.copytree(load().folder, folder)
    yield folder
    choose(None)


def refused(action, body):
    """Whether a member that the page asks for is missing from a body, or of another type."""
    validator = validators.compile_schema(
        {"$ref": f"{validators.BASE}{load().operation(action).key}.request.json"}, load().files
    )
    return not validator.is_valid(body)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("faulty", [False, True])
def test_every_body_can_be_sent_and_is_refused_by_the_schema_if_faulty(action, faulty):
    drawn = draw(openapi.bodies(action, faulty=faulty))

    for body in drawn:
        content = write_json(body)

        assert isinstance(body, dict)
        assert json.loads(content) == body
        assert b"\\u0000" not in content
        assert b"\\ud" not in content
    # What makes a body faulty need not be something that the schema asks for.
    count = sum(refused(action, body) for body in drawn)
    assert count > len(drawn) / 2 if faulty else count == 0


def test_headers_hold_what_any_binding_can_carry():
    for faulty in (False, True):
        for header in draw(openapi.headers("Provider/get", faulty=faulty)):
            assert header.keys() <= {"Action", "Token", "Timestamp"}
            assert all(v.isascii() and v.isprintable() and v == v.strip() for v in header.values())


def test_the_same_seed_draws_the_same_messages():
    strategy = openapi.messages("Provider/signup")(GatewayConfig(""))

    assert draw(strategy, 5, seed=7) == draw(strategy, 5, seed=7)
    assert draw(strategy, 5, seed=7) != draw(strategy, 5, seed=8)


def test_a_changed_copy_of_the_schemas_is_drawn_from(changed):
    file = changed / "get.request.json"
    schema = json.loads(file.read_text())
    schema["properties"]["motive"] = {"type": "string", "enum": ["curiosity"]}
    file.write_text(json.dumps(schema))
    choose(load(changed))

    assert {body["motive"] for body in draw(openapi.bodies("Provider/get", faulty=False))} == {"curiosity"}


def test_collecting_the_suite_does_not_load_schemathesis():
    code = "import beckn_conformance.suite.test_schemathesis, sys; print('schemathesis' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )

    assert done.stdout.strip() == "False"
