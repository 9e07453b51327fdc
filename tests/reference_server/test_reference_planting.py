"""Everything that can be planted is there and is described; what it does, tests/proof shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from reference_server import DEFECTS, VARIATIONS, Defect, Variation
from reference_server.message import ACTIONS

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
REQUIREMENTS = {entry["id"]: entry for entry in yaml.safe_load((SCHEMAS / "requirements.yaml").read_text())}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def test_every_requirement_that_can_be_tested_has_a_defect() -> None:
    testable = {name for name, entry in REQUIREMENTS.items() if not entry.get("untestable")}

    assert {defect.requirement for defect in DEFECTS.values()} == testable


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_defect_is_described(defect: Defect) -> None:
    served = {*REQUIREMENTS[defect.requirement]["operations"]}

    assert DEFECTS[defect.name] is defect
    assert KEBAB.fullmatch(defect.name)
    assert ACTIONS[defect.operation] in served
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
