"""The published schema of HAR 1.2, as a validator."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft6Validator
from referencing import Registry
from referencing.jsonschema import DRAFT6

SCHEMA = Path(__file__).parent / "har-1.2.schema.json"


@cache
def validator() -> Draft6Validator:
    schemas = json.loads(SCHEMA.read_text(encoding="utf-8"))["schemas"]
    resources = [(name, DRAFT6.create_resource(schema)) for name, schema in schemas.items()]
    registry: Registry[Any] = Registry().with_resources([*resources, *((f"{name}#", one) for name, one in resources)])
    return Draft6Validator({"$ref": "har.json#"}, registry=registry)
