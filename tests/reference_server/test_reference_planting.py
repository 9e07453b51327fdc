"""Everything that can be planted is there, is described, and does what it is there for."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from reference_scenario import ADD, GET, SIGNUP, UPDATE, make_deterministic, transcript

from reference_server import DEFECTS, VARIATIONS, Defect, Variation, create_app

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
REQUIREMENTS = {entry["id"]: entry for entry in yaml.safe_load((SCHEMAS / "requirements.yaml").read_text())}
ACTIONS = {"signup": SIGNUP, "get": GET, "info-update": UPDATE, "documents-add": ADD}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_every_requirement_that_can_be_tested_has_a_defect() -> None:
    testable = {name for name, entry in REQUIREMENTS.items() if not entry.get("untestable")}

    assert {defect.requirement for defect in DEFECTS.values()} == testable


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_described(defect: Defect) -> None:
    served = {ACTIONS[operation] for operation in REQUIREMENTS[defect.requirement]["operations"]}

    assert DEFECTS[defect.name] is defect
    assert KEBAB.fullmatch(defect.name)
    assert defect.operation in served
    assert defect.summary
    assert "\n" not in defect.summary
    assert re.fullmatch(r"(/[a-z_]+|/\*)*|header:(action|message|Action|Token|Timestamp)", defect.pointer)
    assert defect.consequences <= REQUIREMENTS.keys() - {defect.requirement}


@pytest.mark.parametrize("variation", VARIATIONS.values(), ids=VARIATIONS)
def test_a_variation_is_described(variation: Variation) -> None:
    assert VARIATIONS[variation.name] is variation
    assert KEBAB.fullmatch(variation.name)
    assert re.fullmatch(r"[THQRX][0-9]+", variation.reading)
    assert variation.summary
    assert "\n" not in variation.summary


def test_declarations_are_ones_that_the_kit_knows() -> None:
    schema = json.loads((SCHEMAS / "gateway-config.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)

    for planted in (*DEFECTS.values(), *VARIATIONS.values()):
        validator.validate(dict(planted.configuration))


@pytest.fixture(scope="module")
def clean() -> dict[str, list[str]]:
    """What a gateway without defects says, by operation."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        make_deterministic(monkeypatch)
        return {action: transcript(create_app(), action) for action in ACTIONS.values()}


def test_a_gateway_without_defects_always_says_the_same(
    clean: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deterministic(monkeypatch)

    assert {action: transcript(create_app(), action) for action in ACTIONS.values()} == clean


ALONE = {name: defect for name, defect in DEFECTS.items() if "peers" not in defect.configuration}
"""What shows at the gateway itself, and not only at those that it clones to."""


@pytest.mark.parametrize("defect", ALONE.values(), ids=ALONE)
def test_a_defect_shows_in_the_replies_of_its_operation(
    defect: Defect, clean: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deterministic(monkeypatch)

    said = transcript(create_app(defects=[defect.name]), defect.operation)

    pairs = zip(said, clean[defect.operation], strict=True)
    different = [line for line, sound in pairs if line != sound]
    assert any(line.startswith(f"/{defect.operation} ") for line in different)
