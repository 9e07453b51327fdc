"""A strange folder of schemas ends in one line that names the file and the place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from beckn_conformance.errors import SpecificationError
from beckn_conformance.specification.loading import load
from tests.changed_schemas import changed, copied

Change = Callable[[Any], Any]


def _member(value: Any) -> Change:
    return lambda body: body["properties"].update(api=value)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("signup.request.json", _member("text"), "/properties/api"),
        ("signup.request.json", _member(True), "/properties"),
        ("signup.request.json", _member({"$ref": "common.json#/$defs/nothing"}), "/properties/api/$ref"),
        ("signup.request.json", _member({"$ref": "nothing.json"}), "/properties/api/$ref"),
        (
            "signup.request.json",
            lambda body: body.update({"x-else": {"x-safe": []}}) or _member({"$ref": "#/x-else"})(body),
            "/properties/api/$ref",
        ),
        ("get.ack.json", lambda body: body["required"].append({}), "/required"),
        ("get.nack.json", lambda body: body.update(required=True), "/required"),
        ("common.json", lambda body: body["$defs"]["name"].update({"x-safe": []}), "/$defs/name/x-safe"),
        ("common.json", lambda body: body["$defs"]["name"]["x-safe"].update(maxLength="3"), "/x-safe/maxLength"),
        ("header.reply.json", lambda body: body.pop("$schema"), "$schema"),
    ],
)
def test_a_schema_that_is_none_is_named_with_its_place(tmp_path: Path, name: str, change: Change, said: str) -> None:
    folder = copied(tmp_path / "schemas")
    changed(folder, name, change)

    with pytest.raises(SpecificationError, match=f"^{name}: ") as raised:
        load(folder)

    assert said in str(raised.value)


@pytest.mark.parametrize("name", ["get.request.json", "info-update.nack.json", "header.reply.json"])
def test_a_message_without_a_file_is_named(tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path / "schemas")
    (folder / name).unlink()

    with pytest.raises(SpecificationError, match=f"^{name} is missing"):
        load(folder)
