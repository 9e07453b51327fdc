"""Page and schemas agree today, and of an edited page, or of edited schemas, exactly the edit is told."""

import json
import re
import shutil
from pathlib import Path

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.commands.spec import drift
from beckn_conformance.errors import SpecificationError, UsageError
from beckn_conformance.specification.loading import default_folder, load

FOLDER = Path(__file__).resolve().parents[1] / "specification"
PAGE = (FOLDER / "page.md").read_text(encoding="utf-8")


def edited(old, new, count=1):
    """The page with some occurrences of a text replaced."""
    assert old in PAGE
    return PAGE.replace(old, new, count)


def told(text, specification=None):
    """The lines on drift, without the name of the page."""
    found = drift.compare("page.md", text, specification or load())
    return [line.removeprefix("page.md:") for line in found.lines() if "note: " not in line][:-1]


def test_todays_page_agrees_with_the_schemas_and_what_is_noted_is_checked_in():
    found = drift.compare("page.md", PAGE, load())

    assert not found.drifted
    assert "\n".join(found.lines()) + "\n" == (FOLDER / "drift.txt").read_text(encoding="utf-8")


def test_trailing_commas_are_told_with_their_lines():
    found = drift.compare("page.md", PAGE, load())

    lines = [d.line for d in found.differences if d.kind == "typing error"]
    assert lines == [328, 361, 436]
    assert all(PAGE.splitlines()[line - 1].endswith(",") for line in lines)


SECTION = """
### 5. Delete a Beckn Service Provider

#### API Endpoint:

    /Provider/delete

#### Description:

Delete it.

#### Request Structure :

> **Header :**

    {
      "Action": "Provider/delete",
      "Token": "string",
      "Timestamp": "2019-09-13T14:31:54"
    }

> **Body :**

    {
      "registration": {
        "id" : "string"
      }
    }

#### Responses

##### Success

**Header :**

    {
      "action": "ACK",
      "message": "Success Message string"
    }
"""
GET_ROW = next(line for line in PAGE.splitlines(keepends=True) if line.startswith("| registration.id |"))
GET_REPLY = PAGE[PAGE.index("### 2. Get") : PAGE.index("### 3. Update")].partition("##### Success")[2]
UPDATE = PAGE[PAGE.index("### 3. Update") : PAGE.index("### 4. Add")]
EDITS = {
    "a renamed member of a request": (
        '"company_id": "string"',
        '"company_number": "string"',
        ["40: Provider/signup request body /info/company_number: in place of 'company_id' of signup.request.json"],
    ),
    "a renamed object of a reply": (
        '"auth": {',
        '"credential": {',
        ["84: Provider/signup ACK body /credential: in place of 'auth' of signup.ack.json"],
    ),
    "a renamed member of a header": (
        '"Timestamp"',
        '"Time"',
        ["30: Provider/signup request header /Time: in place of 'Timestamp' of header.request.json"],
    ),
    "a member that is new": (
        '      "auth": {\n        "token": "string",\n',
        '      "auth": {\n        "token": "string",\n        "scope": "string",\n',
        ["86: Provider/signup ACK body /auth/scope: a member that signup.ack.json does not have"],
    ),
    "a member that is gone": (
        '        "token": "string",\n        "exp": "string"\n',
        '        "token": "string"\n',
        ["84: Provider/signup ACK body /auth/exp: in the schemas, and not on the page"],
    ),
    "a member that a reading had as not shown": (
        GET_REPLY,
        GET_REPLY.replace('"endpoint_url": "string"', '"endpoint_url": "string",\n        "status": "string"'),
        ["203: Provider/get ACK body /api/status: a new member; R11 has it as not shown"],
    ),
    "another type": (
        '"exp": "string"',
        '"exp": 1568385114',
        ["86: Provider/signup ACK body /auth/exp: a number where the schemas have a string"],
    ),
    "a list that is none": (
        '"documents": [\n        {\n          "name" : "string",\n          "data" : '
        '"W3dWhrYWtp68jWsa21v490XqxOy2zVkuD"\n        }\n      ],\n      "api": {\n        "endpoint_url": "string"\n'
        "      }\n    }\n\n#### Table",
        '"documents": {},\n      "api": {\n        "endpoint_url": "string"\n      }\n    }\n\n#### Table',
        ["42: Provider/signup request body /documents: an object where the schemas have an array"],
    ),
    "another literal of a status": (
        '"status" : "UPDATE-PENDING"',
        '"status" : "UPDATE-QUEUED"',
        [
            "287: Provider/info/update ACK body /registration/status: "
            "'UPDATE-QUEUED' in place of 'UPDATE-PENDING'; the schemas allow 'UPDATE-PENDING'"
        ],
    ),
    "a literal that the schemas allow as well": (
        '"status" : "PENDING-VERIFICATION"\n        }\n      ],\n      "api": {\n        "endpoint_url": "string",',
        '"status" : "VERIFIED"\n        }\n      ],\n      "api": {\n        "endpoint_url": "string",',
        ["98: Provider/signup ACK body /documents/*/status: 'VERIFIED' in place of 'PENDING-VERIFICATION'"],
    ),
    "a literal where there was none": (
        '"status" : "string"',
        '"status" : "REGISTERED"',
        ["82: Provider/signup ACK body /registration/status: 'REGISTERED' in place of 'string'"],
    ),
    "another Action": (
        '"Action": "Provider/get"',
        '"Action": "/Provider/get"',
        ["151: Provider/get request header /Action: '/Provider/get' in place of 'Provider/get'"],
    ),
    "another action": (
        '"action": "NACK"',
        '"action": "FAIL"',
        ["112: Provider/signup NACK header /action: 'FAIL' in place of 'NACK'; the schemas allow 'ACK', 'NACK'"],
    ),
    "another sample": (
        "W3dWhrYWtp68jWsa21v490XqxOy2zVkuD",
        "JVBERi0xLjQK",
        [
            "45: Provider/signup request body /documents/*/data: "
            "'JVBERi0xLjQK' in place of 'W3dWhrYWtp68jWsa21v490XqxOy2zVkuD'"
        ],
    ),
    "a new row": (
        "| documents | Array |",
        "| info.website | string | Home page | URL | https://example.com |\n| documents | Array |",
        ["62: Provider/signup table: a row for 'info.website', which signup.request.json does not have"],
    ),
    "a row that a reading had as missing": (
        "| documents | Array |",
        "| api.endpoint_url | string | The API | URL | https://example.com/api |\n| documents | Array |",
        ["62: Provider/signup table: a new row for 'api.endpoint_url'"],
    ),
    "a row in another table": (
        GET_ROW,
        f"{GET_ROW}| info | Object | Company information | JSON Object | - |\n",
        ["170: Provider/get table: a row for 'info', which get.request.json does not have"],
    ),
    "a row that is gone": (
        GET_ROW,
        "",
        ["166: Provider/get table /registration/id: in the request, and without a row in the table"],
    ),
    "a renamed row": (
        "| info.phone |",
        "| info.telephone |",
        ["59: Provider/signup table: a row for 'info.telephone' in place of 'info.phone'"],
    ),
    "a second row": (
        "| info.phone |",
        "| info.name | string | x | Plain text with UTF-8 encoding | Delhi Metro Rail Corporation |\n| info.phone |",
        ["59: Provider/signup table: a second row for 'info.name'"],
    ),
    "another data type": (
        "| info.phone | string |",
        "| info.phone | Number |",
        ["59: Provider/signup table: info.phone: data type 'Number', and 'string' in the schemas"],
    ),
    "another format": (
        "+{country code}-{phone number}-{extension}",
        "+{country code}-{phone number}",
        [
            "59: Provider/signup table: info.phone: format '+{country code}-{phone number}' in place of "
            "'+{country code}-{phone number}-{extension}'"
        ],
    ),
    "another example": (
        "| info@example.com |",
        "| info.example.com |",
        [
            "60: Provider/signup table: info.email: example 'info.example.com' in place of 'info@example.com'; "
            "the schemas refuse it"
        ],
    ),
    "another column": (
        "| Key | Data Type |",
        "| Key | Type |",
        ["55: Provider/signup table: column 'Type' in place of 'Data Type'"],
    ),
    "another heading": (
        "#### Request Structure :",
        "#### The Request",
        ["23: Provider/signup: heading 'The Request' in place of 'Request Structure'"],
    ),
    "another title": (
        "### 2. Get Registration Details of a BP",
        "### 2. Look up a BP",
        ["136: Provider/get: heading '2. Look up a BP' in place of '2. Get Registration Details of a BP'"],
    ),
    "a heading of another level": (
        "#### API Endpoint:",
        "### API Endpoint:",
        ["15: Provider/signup: heading 'API Endpoint' of level 3 in place of 4"],
    ),
    "a heading that is gone": (
        "##### Failure :\n",
        "",
        ["79: Provider/signup: the heading 'Failure' is missing after this line"],
    ),
    "a new heading": (
        "#### Table of Definitions\n",
        "#### Notes\n\nNone.\n\n#### Table of Definitions\n",
        ["53: Provider/signup: heading 'Notes' is not in the layout"],
    ),
    "another label": (
        "> **Header :**",
        "> **HTTP Header :**",
        ["25: Provider/signup: label 'HTTP Header' in place of 'Header'"],
    ),
    "an example that is gone": (
        PAGE[PAGE.index('    {\n      "registration": {\n        "id": "field specific') : PAGE.index("### 3. Update")],
        "",
        ["215: Provider/get: the nack is missing after this line"],
    ),
    "an example that is no JSON": (
        '"Action": "Provider/get",',
        '"Action": "Provider/get"',
        ["152: Provider/get request header: no JSON: expecting ',' delimiter"],
    ),
    "an example without end": (
        '"Action": "Provider/get",',
        f'"Action": {"[" * 9999}',
        ["150: Provider/get request header: no example: nested too deeply"],
    ),
    "a fifth endpoint": (
        '          "data" : "field specific error message"\n        }\n      ],\n    }',
        '          "data" : "field specific error message"\n        }\n      ],\n    }\n' + SECTION,
        ["443: Provider/delete: endpoint /Provider/delete is not in the schemas"],
    ),
    "a fifth endpoint in between": (
        "### 3. Update Beckn Provider info",
        SECTION.lstrip() + "\n### 3. Update Beckn Provider info",
        ["228: Provider/delete: endpoint /Provider/delete is not in the schemas"],
    ),
    "an endpoint that is gone": (
        UPDATE,
        "",
        ["322: Provider/info/update: endpoint /Provider/info/update of the schemas is missing"],
    ),
    "a renamed endpoint": (
        "    /Provider/get\n",
        "    /Provider/lookup\n",
        ["140: Provider/get: endpoint /Provider/lookup in place of /Provider/get"],
    ),
    "running text": ("Get registration details of a Beckn Provider.", "Look it up.", []),
    "fenced code": (
        "    /Provider/get\n",
        "```\n/Provider/get\n```\n",
        [],
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_of_an_edited_page_exactly_the_edit_is_told(edit):
    old, new, expected = EDITS[edit]

    assert told(edited(old, new)) == expected


def test_several_edits_are_told_each_in_its_place():
    text = edited('"phone"', '"telephone"', -1)

    lines = told(text)

    assert [int(line.partition(":")[0]) for line in lines] == [
        number for number, line in enumerate(text.splitlines(), 1) if '"telephone"' in line
    ]
    assert all("in place of 'phone'" in line for line in lines)


def test_a_mended_typing_error_is_told_no_more():
    text = edited("      ],\n    }", "      ]\n    }")

    found = drift.compare("page.md", text, load())

    assert not found.drifted
    assert [d.line for d in found.differences if d.kind == "typing error"] == [328, 361]


def test_a_new_typing_error_is_told_with_its_line():
    text = edited('"Timestamp": "2019-09-13T14:31:54"\n', '"Timestamp": "2019-09-13T14:31:54",\n')

    found = drift.compare("page.md", text, load())

    assert not found.drifted
    assert [d.line for d in found.differences if d.kind == "typing error"] == [30, 328, 361, 436]


# Edited schemas.


@pytest.fixture
def schemas(tmp_path):
    folder = tmp_path / "schemas"
    shutil.copytree(default_folder(), folder)
    return folder


def rewritten(folder, name, old, new):
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_a_literal_changed_in_the_schemas_is_told_where_the_page_has_it(schemas):
    rewritten(schemas, "common.json", '"const": "UPDATE-FAIL"', '"const": "UPDATE-FAILED"')

    assert told(PAGE, load(schemas)) == [
        "321: Provider/info/update NACK body /registration/status: 'UPDATE-FAIL'; the schemas allow 'UPDATE-FAILED'"
    ]


def test_an_example_that_the_schemas_refuse_now_is_told(schemas):
    rewritten(schemas, "common.json", '"pattern": "^\\\\s*\\\\+[^A', '"pattern": "^\\\\s*00[^A')

    assert told(PAGE, load(schemas)) == [
        "59: Provider/signup table: info.phone: the schemas refuse the example '+91-8023329991'",
        "266: Provider/info/update table: info.phone: the schemas refuse the example '+91-8023329991'",
    ]


def test_an_example_with_fewer_items_than_the_schemas_ask_for_is_told(schemas):
    rewritten(schemas, "signup.ack.json", '"type": "array",', '"type": "array", "minItems": 2,')

    (line,) = told(PAGE, load(schemas))

    assert line.startswith("94: Provider/signup ACK body: the example is not valid: ")


def test_a_member_of_the_schemas_that_no_reading_settles_is_told(schemas):
    rewritten(schemas, "signup.ack.json", '"registration",', '"registration", "session",')
    rewritten(schemas, "signup.ack.json", '"properties": {', '"properties": {"session": {"type": "string"},')

    assert told(PAGE, load(schemas)) == ["79: Provider/signup ACK body /session: in the schemas, and not on the page"]


def test_a_difference_that_is_settled_no_more_is_told(schemas):
    add = "documents-add.request.json"
    rewritten(schemas, add, '"registration"\n  ]', '"registration", "documents"\n  ]')
    rewritten(schemas, add, "common.json#/$defs/documents", "common.json#/$defs/documents_of_an_addition")
    rewritten(
        schemas,
        "common.json",
        '"$defs": {',
        '"$defs": {"documents_of_an_addition": {"type": "array", "items": {"$ref": "#/$defs/document"}},',
    )

    assert told(PAGE, load(schemas)) == [
        "358: Provider/documents/add request body /documents: "
        "no longer on the page, and optional in the schemas, as Q11 settles"
    ]


def test_schemas_without_what_the_page_said_are_no_ground_to_compare(schemas):
    (schemas / "page.yaml").unlink()

    with pytest.raises(SpecificationError, match=r"page\.yaml"):
        told(PAGE, load(schemas))


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("reading: R11", "reading: R99", "R99"),
        ("level: 5", "level: 7", "layout/operation/11"),
        ("difference: values", "difference: value", "settled"),
    ],
)
def test_a_wrong_record_of_the_page_is_named(schemas, old, new, match):
    rewritten(schemas, "page.yaml", old, new)

    with pytest.raises(SpecificationError, match=match):
        told(PAGE, load(schemas))


# Pages in another layout, and no pages.


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# Gateways\n\nThere are some.\n",
        "# API\n\n    /orders/new\n\n    {}\n",
        re.sub(r"(?m)^    .*\n", "", PAGE),
        "# Registration API\n\n## POST /Provider/signup\n\n```json\n{}\n```\n",
        "# API\n\n    /Provider/signup\n\nSend this:\n\n    {}\n",
    ],
    ids=["empty", "other", "other endpoints", "no code", "endpoints in headings", "endpoint alone"],
)
def test_a_page_in_another_layout_is_an_error(text):
    with pytest.raises(UsageError, match="not laid out as the specification page is"):
        told(text)


def test_the_command_tells_drift_by_its_status(tmp_path, capsys):
    path = tmp_path / "page.md"
    path.write_text(PAGE, encoding="utf-8")
    assert main(["spec", "drift", str(path)]) == 0
    assert (
        f"{path}: no differences from the schemas, 3 typing errors, 30 settled by readings" in capsys.readouterr().out
    )

    path.write_text(edited('"exp": "string"', '"expires\x1b": "string"'.replace("\x1b", "\\u001b")), encoding="utf-8")
    assert main(["spec", "drift", str(path)]) == 1
    out = capsys.readouterr().out
    assert f"{path}:86: Provider/signup ACK body /auth/expires\\x1b: in place of 'exp'" in out
    assert "\x1b" not in out


def test_the_command_gives_json(tmp_path, capsys):
    path = tmp_path / "page.md"
    path.write_text(edited("UPDATE-FAIL", "UPDATE-BAD"), encoding="utf-8")

    assert main(["spec", "drift", str(path), "--json"]) == 1

    found = json.loads(capsys.readouterr().out)
    assert found["drifted"] is True
    (row,) = (row for row in found["differences"] if row["kind"] == "drift")
    assert (row["line"], row["operation"], row["part"], row["pointers"]) == (
        321,
        "Provider/info/update",
        "nack",
        ["/registration/status"],
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"# Nothing\n"])
def test_what_is_no_page_is_told_in_one_line(tmp_path, capsys, content):
    path = tmp_path / "page.md"
    if content is not None:
        path.write_bytes(content)

    assert main(["spec", "drift", str(path)]) == 4

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
