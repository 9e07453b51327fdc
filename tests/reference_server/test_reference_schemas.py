"""A folder of schemas is read within bounds, and what it says is what the gateway does."""

import os
import shutil
from pathlib import Path

import pytest

from reference_server import create_app, of_specification
from reference_server.__main__ import main
from reference_server.files import LARGEST, folder, read
from tests.changed_schemas import changed, copied, with_website
from tests.reference_server.reference_messages import NEW_INFO, SIGNUP, put, signup_body
from tests.reference_server.reference_provider import Provider


def _link(file):
    file.unlink()
    file.symlink_to(folder() / file.name)


def _pipe(file):
    file.unlink()
    os.mkfifo(file)


def _sparse(file):
    with file.open("wb") as content:
        content.truncate(LARGEST + 1)


def _written(text):
    return lambda file: file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("common.json", _link),
        ("common.json", _pipe),
        ("common.json", _sparse),
        ("common.json", _written("[" * 100_000)),
        ("common.json", _written('{"$defs": NaN}')),
        ("common.json", _written("{}")),
        ("operations.yaml", _written("a: &a [x]\nb: *a\n")),
        ("operations.yaml", _written("- !!python/object/apply:os.getpid []\n")),
        ("operations.yaml", _written("- {key: ../signup, action: Provider/signup, prefix: SIGNUP}\n")),
        ("operations.yaml", _written("17")),
        ("requirements.yaml", _written("- {level: MUST}\n")),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_line(tmp_path, name, change, capsys):
    copy = copied(tmp_path / "schemas")
    change(copy / name)

    status = main(["--list", "--spec", str(copy)])

    said = capsys.readouterr()
    assert (status, said.out) == (2, "")
    assert said.err.startswith("reference_server: ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [({"$ref": "#/$defs/name"}, "refers to itself"), ({"type": "string", "pattern": "(?=x)y"}, "common.json")],
)
def test_a_schema_that_would_take_for_ever_is_refused(tmp_path, change, message):
    copy = copied(tmp_path / "schemas")
    changed(copy, "common.json", lambda common: common["$defs"].update(name=change))

    with pytest.raises(ValueError, match=message):
        create_app(specification=copy)


def test_no_name_leads_out_of_the_folder(tmp_path):
    with pytest.raises(ValueError, match="is not a file of"):
        read(tmp_path, "../secret.json")


def test_a_pattern_takes_time_in_proportion_to_the_text(tmp_path):
    copy = copied(tmp_path / "schemas")
    changed(copy, "common.json", lambda common: common["$defs"]["name"].update(pattern="^(a+)+$"))
    provider = Provider(create_app(specification=copy))

    seen = provider.call(SIGNUP, put(signup_body(), "/info/name", "a" * 5000 + "!"))

    assert seen.action == "NACK"


def test_a_literal_that_is_changed_is_what_the_gateway_says(tmp_path):
    copy = copied(tmp_path / "schemas")

    def change(common):
        common["$defs"]["registration_pending"]["properties"]["status"]["const"] = "CHANGE-WAITS"
        common["$defs"]["failed_registration"]["properties"]["status"]["const"] = "CHANGE-REFUSED"

    changed(copy, "common.json", change)
    provider = Provider(create_app(specification=copy))
    provider.sign_up()

    assert provider.update(NEW_INFO).body["registration"]["status"] == "CHANGE-WAITS"
    assert provider.update({"phone": "none"}).body["registration"]["status"] == "CHANGE-REFUSED"


def test_a_member_that_is_added_has_its_defects_in_each_operation(tmp_path):
    added = of_specification(with_website(tmp_path / "schemas")).keys() - of_specification().keys()

    for name in (
        "signup-info-website-no-scheme-accepted",
        "info-update-info-website-under-com-refused",
        "signup-info-website-error-unsaid",
        "get-ack-info-website-missing",
        "get-info-website-changed",
        "signup-info-website-ignored",
    ):
        assert name in added


@pytest.mark.parametrize(
    ("keywords", "names"),
    [
        ({"const": "DEACTIVATED"}, ("another-value", "lower-case")),
        ({"enum": ["NEW", "OLD"]}, ("another-value",)),
        ({"maxLength": 1}, ("too-long",)),
        ({"minLength": 1}, ("blank",)),
        ({"format": "uuid"}, ("another-format",)),
    ],
)
def test_a_border_of_a_reply_has_a_defect_that_oversteps_it(tmp_path, keywords, names):
    copy = copied(tmp_path / "schemas")
    changed(copy, "common.json", lambda c: c["$defs"]["info_kept"]["properties"]["name"].update(keywords))

    known = of_specification(copy)

    for name in names:
        assert known[f"get-ack-info-name-{name}"].requirement == "GET-BODY"


def test_a_member_that_becomes_optional_has_a_defect_that_demands_it(tmp_path):
    copy = copied(tmp_path / "schemas")
    changed(copy, "common.json", lambda common: common["$defs"]["info"]["required"].remove("email"))

    demanded = of_specification(copy)["signup-info-email-required"]

    assert (demanded.requirement, demanded.pointer) == ("SIGNUP-ACK-EMAIL", "/info/email")


def test_a_requirement_that_is_dropped_takes_its_defects_along(tmp_path):
    copy = shutil.copytree(folder(), tmp_path / "schemas")
    file = Path(copy) / "requirements.yaml"
    rows = file.read_text(encoding="utf-8").split("\n\n")
    file.write_text("\n\n".join(row for row in rows if "- id: TOKEN-NOT-REPEATED\n" not in row), encoding="utf-8")

    assert "get-token-repeated" not in of_specification(Path(copy))
