"""Edited pages: changes with what is said of them, and edits that mean nothing."""

import re

from tests.published_page import published

PAGE = published()


def section(number):
    """The part of the page about an operation, its title included."""
    start = PAGE.index(f"### {number}. ")
    end = PAGE.find(f"### {number + 1}. ")
    return PAGE[start:end] if end > 0 else PAGE[start:]


def edited(old, new, within=PAGE):
    """The page with the first occurrence of a text replaced, in one of its sections perhaps."""
    assert old in within, old
    return PAGE.replace(within, within.replace(old, new, 1))


def page_of(edit):
    """The page after an edit, which is what ``edited`` takes or the whole page."""
    return edited(*edit) if isinstance(edit, tuple) else edit


def everywhere(pattern, new):
    """The page with every match of a pattern replaced."""
    text, count = re.subn(pattern, new, PAGE, flags=re.MULTILINE)
    assert count > 1, pattern
    return text


def between(start, end, within=PAGE):
    return within[within.index(start) : within.index(end, within.index(start))]


REQUEST = between("> **Header", "#### Table", section(2))
HEADER = between('    {\n      "Action"', "\n> **Body", section(2))
DOCUMENTS = between('"documents": [', '"api"')
NEW_OPERATION = section(2).replace("Provider/get", "Provider/delete").replace("2. Get", "5. Delete")
ROW = next(line for line in PAGE.splitlines(keepends=True) if line.startswith("| registration.id"))
PHONE, EMAIL = (
    next(x for x in PAGE.splitlines(keepends=True) if x.startswith(f"| info.{n} |")) for n in ("phone", "email")
)
CURL = "```sh\ncurl -X POST https://gw.example/Provider/signup -d '{}'\n```\n\n"
SECOND_DOCUMENT = between(',\n        {\n          "id"', "\n      ],", section(4))
SUCCESS = between("##### Success", "##### Failure")
CLONED = between(" This endpoint will", " For example")

# An edit, or an edited page; a text of the line that is named, or nothing if only one line is wanted; what is said.
CHANGES = {
    # Endpoints.
    "endpoint with a method": (("    /Provider/get\n", "    POST /Provider/get\n"), "POST", "method POST"),
    "endpoint as a URL": (
        ("    /Provider/get\n", "    https://gw.example/Provider/get\n"),
        "https:",
        "https://gw.example",
    ),
    "method in backticks": (("    /Provider/get\n", "`GET /Provider/get`\n"), "GET", "method GET"),
    "endpoints with a method": (everywhere(r"^    (/\S+)$", r"    POST \1"), "/signup", "method POST"),
    "endpoint with a slash": (("    /Provider/get\n", "    /Provider/get/\n"), "get/", "in place of /Provider/get"),
    "endpoint of another name": (("    /Provider/get\n", "    /Provider/find\n"), "/find", "in place of /Provider/get"),
    "endpoints beneath another path": (everywhere(r"^    (/\S+)$", r"    /v2\1"), "/signup", "/v2"),
    "endpoint missing": (("    /Provider/get\n", ""), "Endpoint", "the endpoint is missing"),
    # Headings and labels.
    "all headings deeper": (everywhere(r"^(##+) ", r"#\1 "), "Overview", "1 level deeper"),
    "headings of a section deeper": (
        PAGE.replace(section(2), section(2).replace("####", "#####")),
        "Endpoint",
        "deeper",
    ),
    "heading deeper": (("#### Responses", "##### Responses"), "Responses", "1 level deeper"),
    "heading in other words": (("#### Request Structure", "#### Request"), "Request", "'Request' in place of"),
    "heading missing": (("##### Failure\n", ""), "", "'Failure' is missing"),
    "heading new": (("#### Responses", "#### Notes\n\nNo. None.\n\n#### Responses"), "Notes", "'Notes' is not in"),
    "heading new at the end": (PAGE + "\n## History\n\nNone. Yet.\n", "History", "'History' is not in"),
    "headings in other words": (
        everywhere("#### Table of Definitions", "#### Members"),
        "Members",
        "'Members' in place of",
    ),
    "title in other words": (("2. Get Registration Details", "2. Look up"), "Look up", "'2. Look up of a BP' in place"),
    "title missing": (("### 2. Get Registration Details of a BP\n", ""), "", "'2. Get Registration"),
    "label in other words": (("**Header :**", "**Fields :**"), "Fields", "label 'Fields' in place of 'Header'"),
    "label missing": (("> **Header :**\n", ""), "Request Structure", "the label 'Header' is missing"),
    "sections in another order": (
        PAGE.replace(section(2) + section(3), section(3) + section(2)),
        "2. Get",
        "heading '2. Get Registration Details of a BP' with what is beneath it after '3. Update",
    ),
    "parts in another order": (
        edited(SUCCESS, "").replace("### 2. Get", f"{SUCCESS}### 2. Get"),
        "Success",
        "'Success' with what is beneath it after 'Failure'",
    ),
    "labels in another order": (
        (REQUEST, f"{REQUEST[REQUEST.index('> **Body') :]}{REQUEST[: REQUEST.index('> **Body')]}"),
        "Header",
        "'Header' with what is beneath it after 'Body'",
    ),
    # Operations, examples and tables as a whole.
    "operation missing": (PAGE.replace(section(2), ""), "", "endpoint /Provider/get of the schemas is missing"),
    "operation new": (PAGE.replace("### 3.", NEW_OPERATION + "### 3."), "/Provider/delete", "is not in the schemas"),
    "operation twice": (PAGE.replace("### 3.", section(2) + "### 3."), "/Provider/get", "a second time"),
    "example missing": ((HEADER, ""), "Header", "the request header is missing"),
    "example without an end": ((HEADER, f"```\n{HEADER}"), "{", "a block of code without an end"),
    "example of curl": (("> **Header :**", f"{CURL}> **Header :**"), "curl", "a block of code is not in the layout"),
    "example new": (("#### Responses", 'Or:\n\n    {"info": {}}\n\n#### Responses'), '"info"', "is not in the layout"),
    "table missing": (
        PAGE.replace(between("#### Table", "#### Resp", section(2)), "", 1),
        "",
        "'Table of Definitions'",
    ),
    "failure missing": ((between("##### Failure", "### 2."), ""), "", "'Failure' with what is beneath"),
    # Members and values of examples.
    "member renamed": (('"exp"', '"expires"'), "expires", "/auth/expires: in place of 'exp'"),
    "member renamed everywhere": (everywhere('"phone"', '"mobile"'), "mobile", "/info/mobile: in place of 'phone'"),
    "member new": (('"exp"', '"scope": "string",\n        "exp"'), "scope", "/auth/scope: a member that the schemas"),
    "member missing": ((',\n        "exp": "string"', ""), '"auth"', "/auth/exp: in the schemas, and not"),
    "member that a reading has as not shown": (
        ('"data"', '"status": "string",\n          "data"', section(2)),
        "status",
        "/documents/*/status: a new member; R11 has it as not shown",
    ),
    "another type": (('"exp": "string"', '"exp": 1568385114'), '"exp"', "a number where the schemas have a string"),
    "no list": ((DOCUMENTS, '"documents": {},\n      '), "documents", "an object where the schemas have an array"),
    "empty list": ((DOCUMENTS, '"documents": [],\n      '), "documents", "an empty list"),
    "null that is not allowed": (('"email": "string"', '"email": null'), "email", "a null where the schemas"),
    "literal": (('"UPDATE-PENDING"', '"UPDATE-QUEUED"'), "QUEUED", "in place of 'UPDATE-PENDING'; the schemas allow"),
    "literal that is allowed": (('"PENDING-VERIFICATION"', '"VERIFIED"'), "VERIFIED", "in place of 'PENDING-VER"),
    "literal for a placeholder": (('"status" : "string"', '"status" : "NEW"'), "NEW", "'NEW' in place of 'string'"),
    "placeholder for a literal": (('"UPDATE-FAIL"', '"string"'), "status", "'string' in place of 'UPDATE-FAIL'"),
    "Action": (('"Action": "Provider/get"', '"Action": "/Provider/get"'), "Action", "'/Provider/get' in place of"),
    "action": (('"action": "NACK"', '"action": "FAIL"'), "FAIL", "/action: 'FAIL' in place of 'NACK'"),
    "example that does not fit": (("14:31:54", "14:31:54Z"), "54Z", "54Z', which the schemas refuse"),
    "date that is none": (("2019-09-13", "2019-02-30"), "02-30", "which a gateway should refuse"),
    "phone that does not fit": (('"phone": "string"', '"phone": "12"'), "phone", "'12', which the schemas refuse"),
    "one document of two": (
        (SECOND_DOCUMENT, "", section(4)),
        "documents",
        "/documents: 1 of 2 items, which show different literals",
    ),
    "no JSON": (('"Action": "Provider/get",', '"Action": "Provider/get"'), "Token", "no JSON: Expecting ',' delimiter"),
    "nested too deeply": (('"Provider/get",', "[" * 999), "{", "nested in more than 100 levels"),
    "many values": (('"Provider/get",', "[" * 9999), "{", "more than 5000 values"),
    # Tables.
    "row new": ((PHONE, f"| info.fax | string | Fax | Plain text | - |\n{PHONE}"), "fax", "which the request does"),
    "row that a reading has as missing": (
        (PHONE, f"| api.endpoint_url | string | URL | URL | - |\n{PHONE}"),
        "endpoint_url",
        "Q12 has it without one",
    ),
    "row missing": ((ROW, ""), "| Key", "/registration/id: in the request, and without a row"),
    "row renamed": (("| info.phone |", "| info.tel |"), "info.tel", "a row for 'info.tel' in place of 'info.phone'"),
    "row twice": ((PHONE, PHONE + PHONE), "info.phone", "a second row for 'info.phone'"),
    "row in other words": (
        (EMAIL, "| info.email | Number | Mail | any | 5 |\n"),
        "info.email",
        "covered by SIGNUP-ACK-EMAIL",
    ),
    "data type": (("| info.phone | string |", "| info.phone | Number |"), "info.phone", "data type 'Number'"),
    "format": (("-{extension}", ""), "info.phone", "format '+{country code}-{phone number}' in place of"),
    "example of a row": (("| info@example.com", "| info.example.com"), "info.email", "the schemas refuse it"),
    "example of a row missing": (("| info@example.com |", "| - |"), "info.email", "is gone"),
    "dashes missing": (("| --- | --- | --- | --- | --- |\n", ""), "Key", "a table without a row of dashes"),
    "empty line in a table": ((EMAIL, "\n" + EMAIL), "Key", "an empty line divides the table"),
    "column renamed": (("| Key | Data Type |", "| Key | Type |"), "Type", "column 'Type' in place of 'Data Type'"),
    "column new": (
        ("| Example |\n| --- |", "| Example | Required |\n| --- | --- |"),
        "Required",
        "a new column 'Required'",
    ),
    "columns missing": (everywhere(r"^(\|.*)\|[^|\n]*\|$", r"\1|"), "Key", "column 'Example' is missing"),
    # Sentences and definitions.
    "definition": (
        ("| Phone number of the organization |", "| Phone number of the organization, optional, may be null |"),
        "info.phone",
        "covered by SIGNUP-ACK-PHONE, SIGNUP-NACK-PHONE, UPDATE-ACK-PHONE, UPDATE-NACK-PHONE, Q6",
    ),
    "number": (("24 hours", "12 hours"), "12 hours", "'12' in place of '24' in '… PUF should not be less than 12"),
    "words removed": ((" for the first time", ""), "Register a", "covered by SIGNUP-ACK, SIGNUP-ID-UNIQUE, Q13"),
    "sentence removed": ((CLONED, ""), "", "gone: 'This endpoint will be cloned across all the BGs"),
    "sentence new": ((CLONED, f"{CLONED} Tokens expire."), "Tokens", "new text that nothing covers: 'Tokens expire.'"),
    "sentence moved": (
        edited(CLONED, "").replace("#### Responses", f"{CLONED}\n\n#### Responses", 1),
        "cloned",
        "moved: ",
    ),
    "sentence in capitals": (("should not be", "SHOULD NOT be"), "SHOULD", "'SHOULD NOT' in place of 'should not'"),
    "sentence replaced": (("Get registration details of a Beckn Provider.", "Find it."), "Find it", "R11"),
    "paragraph removed": ((between("This API", "## API Reference"), ""), "Overview", "covered by SIGNUP-ENDPOINT"),
    "list new": (
        ("## API Ref", "- One is a.\n- Two is b.\n- Three is c.\n- Four is d.\n\n## API Ref"),
        "One",
        "new text",
    ),
    "sentence in bold new": (("#### Responses", "**All members are due.**\n\n#### Responses"), "due", "new text"),
    "heading and text missing": ((between("## Overview", "## API Reference"), ""), "", "'Overview' with what is"),
}

MEANINGLESS = {
    "endpoint in backticks": ("    /Provider/get\n", "`/Provider/get`\n"),
    "endpoint in a fence": ("    /Provider/get\n", "```\n/Provider/get\n```\n"),
    "endpoint with its name": ("    /Provider/get\n", "Endpoint: `/Provider/get`\n"),
    "other values that fit": everywhere("2019-09-13T14:31:54", "2026-01-31T08:00:00"),
    "other values in bodies": ('"phone": "string"', '"phone": "+91-8023329991"'),
    "other messages": everywhere("field specific error message", "what is wrong"),
    "other placeholders": everywhere('"string"', '"<string>"'),
    "null that is allowed": ('"email": "field specific error message"', '"email": null'),
    "null for a list": (DOCUMENTS, '"documents": null,\n      '),
    "members in another order": edited('"email": "string",', "").replace('"phone"', '"email": "string", "phone"', 1),
    "third document": (SECOND_DOCUMENT, SECOND_DOCUMENT * 2, section(4)),
    "example that is not indented": (HEADER, HEADER.replace("    ", "")),
    "example on one line": (HEADER, "    " + " ".join(HEADER.split()) + "\n"),
    "columns in another order": everywhere(r"^\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$", r"|\2|\5|\1|\4|\3|"),
    "rows in another order": (PHONE + EMAIL, EMAIL + PHONE),
    "another dash for nothing": everywhere(r"\| - \|", "| – |"),
    "another sign for a list": everywhere(r"documents\[\]\.", "documents[*]."),
    "keys in backticks": everywhere(r"^\| ([a-z]\S*) \|", r"| `\1` |"),
    "another example that fits": ("| info@example.com |", "| office@metro.example.com |"),
    "formats in another order": ("pdf, jpeg, jpg", "jpg, jpeg, pdf"),
    "definition with a period": ("| Company information |", "| company information. |"),
    "an all-bold note": ("#### Responses", "**Note**\n\n#### Responses"),
    "a sentence in bold": (
        "Get registration details of a Beckn Provider.",
        "**Get registration details of a Beckn Provider**.",
    ),
    "anchors": everywhere(r"^(##.*)$", r"\1 {#anchor}"),
    "numbers of titles": everywhere(r"^### \d\. ", "### "),
    "no front matter": PAGE[PAGE.index("## Overview") :],
    "front matter of TOML": "+++\ntitle = 'x'\n+++\n" + PAGE[PAGE.index("## Overview") :],
    "title as a heading": ("## Overview", "# Beckn Gateway Registration API\n\n## Overview"),
    "labels without a quote": everywhere(r"^> \*\*", "**"),
    "label as plain text": ("> **Header :**", "Header:"),
    "headings underlined": everywhere(r"^## (.*)$", r"\1\n---"),
    "wrapped lines": everywhere(r"(?<=[a-z]) (?=cloned|the )", "\n").replace("\nthe ", " the "),
    "a paragraph divided": (CLONED, f"\n\n{CLONED.strip()}"),
    "sentences joined": ("Beckn Ecosystem. Examples of", "Beckn Ecosystem; examples of"),
    "a sentence as a list": ("are Cab Services, Metro Services,", "are\n\n- Cab Services,\n- Metro Services,\n- "),
    "links and code": ("Beckn Ecosystem", "[Beckn](https://beckn.example) `Ecosystem`"),
    "comments": ("## API Reference", "<!-- to do -->\n\n## API Reference"),
    "a table of contents": ("## Overview", "- [Overview](#overview)\n\n## Overview"),
    "lines of Windows": PAGE.replace("\n", "\r\n"),
    "typing errors mended": PAGE.replace("procss", "process").replace("],\n    }", "]\n    }"),
}
