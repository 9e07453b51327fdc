"""Everything that can be planted is there and is described; what it does, tests/proof shows."""

import json
import re
import shutil
from pathlib import Path

import jsonschema
import pytest

from reference_server import DEFECTS, VARIATIONS, of_specification
from reference_server.files import read
from reference_server.message import ACTIONS, SIGNUP

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
REQUIREMENTS = {entry["id"]: entry for entry in read(SCHEMAS, "requirements.yaml")}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_every_requirement_that_can_be_tested_has_a_defect():
    testable = {name for name, entry in REQUIREMENTS.items() if not entry.get("untestable")}

    assert {defect.requirement for defect in DEFECTS.values()} == testable


def _faults_of(defect):
    """Say what is wrong with the description of a defect."""
    served = REQUIREMENTS[defect.requirement]["operations"]
    if not KEBAB.fullmatch(defect.name):
        yield "its name is not in kebab case"
    # A token is given out by a signup, whichever calls it is for.
    if ACTIONS[defect.operation] not in served and defect.pointer != "/auth/token":
        yield f"{defect.requirement} is not about {defect.operation}"
    if not defect.summary or "\n" in defect.summary:
        yield "its summary is not one line"
    if not re.fullmatch(r"(/[a-z_]+|/\*)*|header:(action|message|Action|Token|Timestamp)", defect.pointer):
        yield "its pointer is none"
    if not defect.consequences <= REQUIREMENTS.keys() - {defect.requirement}:
        yield "its consequences are no other requirements"


def test_every_defect_is_described():
    assert {name: faults for name, defect in DEFECTS.items() if (faults := [*_faults_of(defect)])} == {}


def test_every_defect_and_variation_is_filed_under_its_name():
    for known in (DEFECTS, VARIATIONS):
        assert [name for name, planted in known.items() if planted.name != name] == []


def test_a_variation_is_described():
    for variation in VARIATIONS.values():
        assert KEBAB.fullmatch(variation.name)
        assert re.fullmatch(r"[THQRX][0-9]+", variation.reading)
        assert variation.summary
        assert "\n" not in variation.summary


def test_declarations_are_ones_that_the_kit_knows():
    schema = json.loads((SCHEMAS / "gateway-config.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    for planted in (*DEFECTS.values(), *VARIATIONS.values()):
        if planted.configuration:
            validator.validate(dict(planted.configuration))


KINDS = {"accepted", "refused", "error-unsaid", "error-blank", "missing", "null", "another-type", "path-missing"}


@pytest.mark.parametrize("action", ["signup", "get", "info-update", "documents-add"])
def test_an_operation_has_the_defects_that_follow_from_its_schemas(action):
    names = {name for name in DEFECTS if name.startswith(f"{action}-")}
    silent = {"error-unsaid", "error-blank"} if action == "signup" else set()

    missing = {kind for kind in KINDS if not any(name.endswith(f"-{kind}") for name in names)}

    assert missing <= {"refused"} | silent if action == "get" else missing == set()


def test_a_copy_of_the_schemas_has_the_defects_of_the_checkout(tmp_path):
    copied = shutil.copytree(SCHEMAS, tmp_path / "schemas")

    assert of_specification(Path(copied)).keys() == DEFECTS.keys()


@pytest.mark.parametrize("form", ["reply-sorted", "reply-indented", "reply-escaped", "reply-envelope-capitalized"])
@pytest.mark.parametrize("page", ["malformed-bare-empty", "malformed-bare-html"])
def test_what_comes_in_the_place_of_a_reply_is_not_written_anew(planted, page, form):
    alone, together = (planted(variations=names).raw(f"/{SIGNUP}", b"{", {}) for names in ([page], [page, form]))

    assert (together.status_code, together.content) == (400, alone.content)
