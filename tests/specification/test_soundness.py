"""A strange folder of schemas ends in one line that names the file and the place."""

from collections.abc import Callable
from typing import Any

import pytest

from beckn_conformance.errors import SpecificationError, UsageError
from beckn_conformance.specification import loading, soundness
from beckn_conformance.specification.loading import load
from tests.changed_schemas import changed, copied

Change = Callable[[Any], Any]


def _member(value):
    return lambda body: body["properties"].update(api=value)


def _timestamp(malformed: Any) -> Change:
    return lambda body: body["properties"]["Timestamp"].update({"x-malformed": malformed})


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
        ("common.json", lambda body: body["$defs"]["name"].update({"$id": "name.json"}), "/$defs/name/$id"),
        ("common.json", lambda body: body["$defs"]["name"].update({"$dynamicRef": "#"}), "/$defs/name/$dynamicRef"),
        ("header.reply.json", lambda body: body.pop("$schema"), "$schema"),
        ("header.reply.json", lambda body: body.pop("properties"), '"properties" is a required'),
        ("header.request.json", lambda body: body.pop("properties"), '"properties" is a required'),
        ("header.request.json", lambda body: body["properties"]["Action"].update(enum=[5]), "/properties/Action/enum"),
        ("header.request.json", lambda body: body["properties"]["Timestamp"].pop("x-malformed"), "x-malformed"),
        ("header.request.json", _timestamp({"a number": 5}), "/properties/Timestamp/x-malformed"),
    ],
)
def test_a_schema_that_is_none_is_named_with_its_place(tmp_path, name, change, said):
    folder = copied(tmp_path / "schemas")
    changed(folder, name, change)

    with pytest.raises(SpecificationError, match=f"^{name}: ") as raised:
        load(folder)

    assert said in str(raised.value)


def _doubling(folder, levels, key):
    """Gives a request a member that is twice as large with each level."""
    parts = {f"level{levels}": {"type": "string"}}
    for level in range(levels):
        twice = [{"$ref": f"common.json#/$defs/level{level + 1}"}] * 2
        parts[f"level{level}"] = (
            {"anyOf": twice}
            if key == "anyOf"
            else {"type": "object", "properties": dict(zip("ab", twice, strict=True))}
        )
    changed(folder, "common.json", lambda content: content["$defs"].update(parts))
    changed(folder, "get.request.json", _member({"$ref": "common.json#/$defs/level0"}))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: _doubling(folder, 14, "properties"), "too many parts"),
        (lambda folder: _doubling(folder, 40, "anyOf"), "nested too deeply"),
        (lambda folder: _doubling(folder, 12, "anyOf"), "too many parts"),
        (lambda folder: changed(folder, "get.ack.json", _member({"pattern": "((a{1,99}){1,99}){1,99}"})), "no.*regex"),
    ],
)
def test_a_message_that_nothing_can_be_made_of_is_refused(tmp_path, spoil, said):
    folder = copied(tmp_path / "schemas")
    spoil(folder)

    with pytest.raises(SpecificationError, match=said):
        load(folder)


@pytest.mark.parametrize("name", ["get.request.json", "info-update.nack.json", "header.reply.json"])
def test_a_message_without_a_file_is_named(tmp_path, name):
    folder = copied(tmp_path / "schemas")
    (folder / name).unlink()

    with pytest.raises(SpecificationError, match=f"^{name} is missing"):
        load(folder)


def test_a_copy_that_takes_for_ever_to_read_is_given_up(tmp_path, monkeypatch):
    def never_ends(*_):
        while True:
            pass

    monkeypatch.setattr(loading, "SECONDS", 0.05)
    monkeypatch.setattr(soundness, "check", never_ends)

    with pytest.raises(UsageError, match=r"^reading .* takes more than 0\.05 s of processor time$"):
        load(copied(tmp_path / "schemas"))
