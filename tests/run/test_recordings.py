"""Recordings in the manner of other programs are judged for what they hold, and for nothing that they leave out."""

import contextlib
import copy
import datetime
import gzip
import json
import random
import re

import pytest

from beckn_conformance.commands.cli import main
from beckn_conformance.errors import UsageError
from tests.run.recordings import (
    FIRST,
    STYLES,
    archive,
    attached,
    entries,
    field,
    judged,
    judged_as,
    marked,
    redacted,
    without_tokens,
    zipped,
)

NAME = ("GET-ROUND-TRIP", "Provider/get", "/info/name")
LIST = ("DOCUMENTS-LISTED", "Provider/documents/add", "/documents")
DEFECTS = {"get-name-ascii": NAME, "documents-add-second-addition-replaces-first": LIST}


@pytest.mark.parametrize("style", STYLES)
def test_a_fair_gateway_has_no_findings_whoever_records_it(style, tmp_path):
    result = judged_as(STYLES[style](entries()), tmp_path)

    assert result.found == set()
    assert result.status("GET-ROUND-TRIP") == "passed"
    assert result.verdict.exit_status == 0


@pytest.mark.parametrize("style", STYLES)
def test_what_is_found_in_a_sound_recording_is_found_in_all(style, tmp_path):
    found = judged_as(STYLES[style](entries(*DEFECTS)), tmp_path).found

    assert {NAME, LIST} <= found
    assert {requirement for requirement, *_ in found} <= {NAME[0], LIST[0], "DOCUMENTS-KEPT", "DOCUMENTS-ECHO"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_recording_in_another_encoding_is_read(encoding, tmp_path):
    result = judged_as(entries("get-name-ascii"), tmp_path, encoding)

    assert NAME in result.found


@pytest.mark.parametrize("style", ["a page with a service worker", "every call twice"])
def test_that_calls_are_on_record_twice_is_said(style, tmp_path):
    result = judged_as(STYLES[style](entries()), tmp_path)

    assert f"{len(entries())} calls are on record twice, and are judged once" in result.notes


@pytest.mark.parametrize(
    ("style", "note"),
    [
        ("mitmproxy", "the size of a reply is not that of the text, which is whole JSON (20 times)"),
        ("chrome-har", "the size of a reply is not that of the text, which is whole JSON"),
        ("request text in another encoding", "the text of a request was recorded in another encoding"),
        ("times in whole seconds", "times are told to 1 s"),
    ],
)
def test_what_is_amiss_with_a_recording_is_said(style, note, tmp_path):
    if style == "chrome-har":
        calls = entries()
        for call in calls:
            field(call["response"], "content-length", None)
    else:
        calls = entries()
    assert note in judged_as(STYLES[style](calls), tmp_path).notes


@pytest.mark.parametrize(
    "style",
    [
        redacted("[Filtered]", in_replies=True),
        redacted("[Filtered]", in_replies=False),
        redacted("***", in_replies=True),
        redacted("SECRET_1", in_replies=False),
        redacted("anything", in_replies=True),
        without_tokens,
    ],
)
def test_tokens_that_were_taken_out_are_no_evidence(style, tmp_path):
    result = judged_as(style(entries()), tmp_path)

    assert result.found == set()
    assert "nothing is judged by Token of requests" in result.notes
    assert result.status("GET-ROUND-TRIP") == "passed"
    assert result.status("TOKEN-NACK-UNKNOWN") == "untested"


def test_without_tokens_everything_else_is_found(tmp_path):
    result = judged_as(redacted("***", in_replies=True)(entries("get-name-ascii")), tmp_path)

    assert result.found == {NAME}


@pytest.mark.parametrize(
    ("pattern", "mark"),
    [
        (r'"token": ?"[^"]*"', '"token": ""'),
        (r'"token": ?"[^"]*"', '"token": null'),
        (r'"auth": ?\{[^}]*\}', '"auth": null'),
    ],
)
def test_tokens_that_were_taken_out_of_replies_are_not_missed(pattern, mark, tmp_path):
    result = judged_as(marked(pattern, mark)(entries()), tmp_path)

    assert result.found == set()
    assert "nothing is judged by auth of replies" in result.notes
    assert result.status("SIGNUP-TOKEN") == "untested"


def test_a_token_that_is_missing_where_nobody_used_it_is_missed(tmp_path):
    calls = [
        call for call in marked('"token": ?"[^"]*"', '"token": ""')(entries()) if "signup" in call["request"]["url"]
    ]

    assert ("SIGNUP-TOKEN", "Provider/signup", "/auth/token") in judged_as(calls, tmp_path).found


@pytest.mark.parametrize(
    ("pattern", "mark"),
    [
        (r'[^"]+@[^"]+', "[email redacted]"),
        (r'[^"]+@[^"]+', "<EMAIL_ADDRESS>"),
        (r"(\+91-80)\d+", r"\1****"),
        (r"\d{10}", "[NUMBER]"),
        (r"reg-[0-9a-f]{8}[0-9a-f]*", "[id redacted]"),
        (r"(reg-)[0-9a-f]*", r"\1..."),
        (r"(reg-)[0-9a-f]+", r"\1<hex>"),
        ("PENDING-VERIFICATION", "***"),
        (r"\+91-80\d*(\d\d)", r"user-\1"),
        (r"\+91-80\d*", "n/a"),
        (r"[a-z]+\d@example", "nobody@example"),
        (r'"documents": ?\[({[^{}]*})\]', r'"documents":\1'),
    ],
)
def test_values_that_a_filter_replaced_are_not_judged(pattern, mark, tmp_path):
    assert judged_as(marked(pattern, mark)(entries()), tmp_path).found == set()


@pytest.mark.parametrize(
    ("side", "pattern", "value"),
    [
        ("request", r"\+91-80\d*(\d\d)", r"user-\1"),
        ("request", r"\+91-80\d*", ""),
        ("request", r'("email": ?")[^"]*', r"\1nobody@example.com"),
        ("response", r'("email": ?")[^"]*@[^"]*', r"\1nobody@example.com"),
        ("response", r"\+91-80\d*(\d\d)", r"user-\1"),
        ("response", "PENDING-VERIFICATION", "open"),
        ("response", r'"exp": ?"[^"]*"', '"exp": ""'),
        ("response", '"data": ?"[^"]*"', '"data": "JVBERi0xLjQK"'),
    ],
)
def test_values_that_a_filter_replaced_on_one_side_are_not_judged(side, pattern, value, tmp_path):
    calls = entries()
    for call in calls:
        part = call["request"]["postData"] if side == "request" else call["response"]["content"]
        part["text"] = re.sub(pattern, value, part["text"])

    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize("value", ["", "null", '"L000"', "false", "{}"])
@pytest.mark.parametrize("part", ["postData", "content"])
def test_values_that_a_filter_took_out_or_cut_on_one_side_are_not_judged(value, part, tmp_path):
    calls = entries()
    for call in calls:
        message = call["request"] if part == "postData" else call["response"]
        field(message, "content-length", str(len(message[part]["text"].encode())))
        member = r'"company_id": ?"L[^"]*"(, ?)?' if not value else r'(?<="company_id":) ?"L[^"]*"'
        message[part]["text"] = re.sub(member, value, message[part]["text"])

    assert judged_as(calls, tmp_path).found == set()


def test_a_member_that_no_reply_has_is_missed(tmp_path):
    calls = entries()
    for call in calls:
        content = call["response"]["content"]
        content["text"] = (
            re.sub(r'"company_id": ?"L[^"]*",?', "", content["text"]).replace(",}", "}").replace(", }", "}")
        )
        field(call["response"], "content-length", None)

    assert ("GET-BODY", "Provider/get", "/info/company_id") in judged_as(calls, tmp_path).found


def test_values_of_several_members_that_a_filter_replaced_by_others_of_their_length_are_not_judged(tmp_path):
    calls = entries()
    for call in calls:
        for message, part in ((call["request"], "postData"), (call["response"], "content")):
            masked = re.sub(
                r"\+91-80[0-9-]*|[a-z]+\d@example.com", lambda found: "x" * len(found[0]), message[part]["text"]
            )
            message[part]["text"] = masked
            field(message, "content-length", str(len(masked.encode())))

    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize(("sign", "found"), [("X", False), ("*", False), ("l", True)])
def test_a_value_that_a_filter_masked_sign_by_sign_is_not_judged(sign, found, tmp_path):
    calls = entries()[:4]
    for call in calls:
        for part in (call["request"]["postData"], call["response"]["content"]):
            part["text"] = re.sub(r"(\+91-80)([\d-]*)", lambda one: one[1] + sign * len(one[2]), part["text"])

    assert bool(judged_as(calls, tmp_path).found) is found


@pytest.mark.parametrize(("members", "found"), [("phone|company_id", False), ("phone", True)])
def test_values_of_several_members_that_a_filter_exchanged_for_others_like_them_are_not_judged(
    members, found, tmp_path
):
    calls = entries()
    for call in calls:
        content = call["response"]["content"]
        content["text"] = re.sub(
            rf'"(?:{members})": ?"[^"]*', lambda found: re.sub(r"\d", "4", found[0]), content["text"]
        )
        field(call["response"], "content-length", str(len(content["text"].encode())))

    assert bool(judged_as(calls, tmp_path).found) is found


@pytest.mark.parametrize(
    ("side", "pattern", "value"),
    [
        ("request", r',? ?"api": ?{[^}]*}', ""),
        ("request", r'"registration": ?{[^}]*},? ?', ""),
        ("response", r'"id": ?"reg-[^"]*",? ?', ""),
        ("request", r"[^\x00-\x7f]", "?"),
        ("response", r"[^\x00-\x7f]", ""),
    ],
)
def test_what_one_side_lost_altogether_is_not_judged_without_lengths(side, pattern, value, tmp_path):
    calls = entries()
    for call in calls:
        field(call[side], "content-length", None)
        part = call["request"]["postData"] if side == "request" else call["response"]["content"]
        part["text"] = re.sub(pattern, value, json.dumps(json.loads(part["text"]), ensure_ascii=False))

    assert judged_as(calls, tmp_path).found == set()


def test_an_update_that_is_not_on_record_is_no_fault_of_what_is_shown(tmp_path):
    calls = entries()

    assert judged_as([call for call in calls if "info/update" not in call["request"]["url"]], tmp_path).found == set()


@pytest.mark.parametrize("id_", ["reg-1", "00000000-0000-0000-0000-000000000000"])
def test_one_id_in_the_place_of_all_is_not_judged(id_, tmp_path):
    third = marked("office0", "office7")(entries()[:1])

    assert judged_as(marked("reg-[0-9a-f]+", id_)([*entries(), *third]), tmp_path).found == set()


@pytest.mark.parametrize("told", [True, False])
def test_faulty_values_are_judged_where_content_length_confirms_them(told, tmp_path):
    calls = []
    for number in range(3):
        (call, *_) = entries()
        for message, part in ((call["request"], "postData"), (call["response"], "content")):
            text = (
                message[part]["text"].replace("+91-8023329990-12", f"80-{number}").replace("office0", f"office{number}")
            )
            message[part]["text"] = re.sub("reg-[0-9a-f]{4}", f"reg-000{number}", text)
            field(message, "content-length", str(len(message[part]["text"].encode())) if told else None)
        calls.append(call)

    found = {requirement for requirement, *_ in judged_as(calls, tmp_path).found}

    assert ("SIGNUP-NACK-PHONE" in found) is told


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    ("pattern", "value", "requirement"),
    [
        (r'"documents": ?\[({.*?})\]', r'"documents":\1', "SIGNUP-NACK-DOCUMENTS"),
        (r'"phone": ?"[^"]*",? ?', "", "SIGNUP-NACK-PHONE"),
        (r"\+91-80", "80", "SIGNUP-NACK-PHONE"),
    ],
)
def test_a_faulty_value_that_the_reply_shows_sound_was_sent_as_such(pattern, value, requirement, told, tmp_path):
    calls = entries()
    request = calls[0]["request"]
    text = re.sub(pattern, value, request["postData"]["text"], count=1)
    request["postData"]["text"] = text
    field(request, "content-length", str(len(text.encode())) if told else None)

    found = {requirement for requirement, *_ in judged_as(calls, tmp_path).found}

    assert (requirement in found) is told
    assert told or not found


@pytest.mark.parametrize("told", [True, False])
def test_a_document_that_a_reply_blames_was_sent(told, tmp_path):
    (call, *_) = entries()
    refused(call)
    text = call["response"]["content"]["text"] = '{"documents": [{}, {"name": "is too long"}]}'
    field(call["response"], "content-length", str(len(text)))
    if not told:
        field(call["request"], "content-length", None)

    assert bool(judged_as([call], tmp_path).found) is told


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("text", ["{}", "null", '{"body": "was long"}'])
def test_an_empty_request_that_is_acknowledged_may_have_lost_its_body(text, told, tmp_path):
    calls = entries()
    for call in calls[1:3]:
        call["request"]["postData"]["text"] = text
        field(call["request"], "content-length", str(len(text)) if told else None)

    assert bool(judged_as(calls, tmp_path).found) is (told and text != "null")


def test_documents_that_the_reply_to_a_signup_shows_were_sent(tmp_path):
    calls = entries()[:5]
    for call in calls:
        body = json.loads(call["response"]["content"]["text"])
        (first, *_) = body["documents"]
        body["documents"] = [
            {**first, "name": "Insurance.pdf"},
            {**first, "data": "JVBERi0xLjQK"},
            *body["documents"][1:],
        ]
        call["response"]["content"]["text"] = json.dumps(body)
        for part in ("request", "response"):
            field(call[part], "content-length", None)

    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize(
    "odd", [None, [], "action", {"value": "x"}, {"name": "action"}, {"name": "message", "value": None}]
)
@pytest.mark.parametrize("part", ["request", "response"])
def test_a_header_field_that_cannot_be_read_may_have_been_any(odd, part, tmp_path):
    calls = entries()
    for name in ("action", "message"):
        field(calls[1][part], name, None)
    calls[1][part]["headers"].append(odd)

    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize("odd", [{"name": "etag", "value": None}, {"name": "age", "value": 7}])
def test_a_field_that_is_not_judged_may_be_odd(odd, tmp_path):
    calls = entries("get-name-ascii")
    for call in calls:
        call["response"]["headers"].append(odd)

    assert judged_as(calls, tmp_path).found == {NAME}


def refused(call, status=400):
    """Puts a NACK that blames nothing in the place of a reply."""
    call["response"]["status"] = status
    call["response"]["content"]["text"] = "{}"
    for name, value in (("action", "NACK"), ("message", "later"), ("content-length", "2")):
        field(call["response"], name, value)


def test_a_refusal_without_a_reason_may_have_been_a_passing_one(tmp_path):
    calls = entries()
    refused(calls[6])
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert result.verdict.exit_status == 0


@pytest.mark.parametrize("seconds", [0.002, -60])
def test_of_two_signups_of_one_provider_either_may_be_refused(seconds, tmp_path):
    (call, *_) = entries()
    twin = copy.deepcopy(call)
    refused(twin)
    text = twin["response"]["content"]["text"] = '{"info": {"company_id": "is registered already"}}'
    field(twin["response"], "content-length", str(len(text)))
    when = datetime.datetime.fromisoformat(call["startedDateTime"]) + datetime.timedelta(seconds=seconds)
    twin.update(startedDateTime=when.isoformat(timespec="milliseconds"), time=5)

    assert judged_as([call, twin], tmp_path).found == set()


@pytest.mark.parametrize(
    ("faulty", "found"), [(False, False), (True, True)], ids=["valid ones, too", "faulty ones only"]
)
def test_whoever_refuses_valid_calls_without_a_reason_may_refuse_faulty_ones_so(faulty, found, tmp_path):
    calls = entries()
    for place in (7, 8, 17, 18) if faulty else (1, 7, 8, 17, 18):
        refused(calls[place])
    for number in range(3):
        more = copy.deepcopy([calls[7], calls[17]])
        calls += marked("office", f"bureau{number}")(more[:1])
        calls += marked(r'"phone": ?"12"(.*)office1@', rf'"phone":"+91-802332995{number}"\1nobody')(more[1:])

    assert ("NACK-TEXT" in {requirement for requirement, *_ in judged_as(calls, tmp_path).found}) is found


@pytest.mark.parametrize(("extension", "found"), [("-12", False), ("", True)])
def test_a_provider_that_is_not_on_record_may_have_a_value(extension, found, tmp_path):
    calls = entries()[:2]
    for number in range(3):
        call = copy.deepcopy(calls[0])
        text = call["request"]["postData"]["text"].replace("9990-12", f"997{number}{extension}")
        text = text.replace("office0", f"bureau{number}").replace("L00000", f"L1000{number}")
        call["request"]["postData"]["text"] = text.replace("Grüne", ("Rote", "Blaue", "Weiße")[number])
        field(call["request"], "content-length", None)
        refused(call, 409)
        body = call["response"]["content"]["text"] = '{"info": {"phone": "is registered already"}}'
        field(call["response"], "content-length", str(len(body)))
        call["startedDateTime"] = call["startedDateTime"].replace("T10", f"T{number + 11}")
        calls.append(call)

    assert bool(judged_as(calls, tmp_path).found) is found


@pytest.mark.parametrize("status", [403, 409])
@pytest.mark.parametrize("body", ["{}", '{"registration": {"id": "was rejected"}}'])
def test_a_change_may_be_refused_for_what_is_not_on_record(body, status, tmp_path):
    calls = [call for call in entries() if not call["request"]["url"].endswith("get")]
    for call in calls:
        if call["request"]["url"].endswith(("update", "add")):
            refused(call, status)
            call["response"]["content"]["text"] = body
            field(call["response"], "content-length", str(len(body)))

    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize("status", [409, 423])
def test_a_framework_may_refuse_a_change_for_what_is_not_on_record(status, tmp_path):
    calls = entries()[:3]
    refused(calls[2], status)
    for name in ("action", "message"):
        field(calls[2]["response"], name, None)

    assert judged_as(calls, tmp_path).found == set()


def test_refusals_without_a_reason_are_none_where_nothing_is_served(tmp_path):
    calls = entries()
    for call in calls:
        if call["request"]["url"].endswith("get"):
            refused(call)

    assert judged_as(calls, tmp_path).found == {("GET-ACK", "Provider/get", "")}


@pytest.mark.parametrize(("places", "found"), [((7,), False), ((7, 17, 6), False), ((7, 17), True)])
def test_a_faulty_call_may_have_met_a_busy_gateway(places, found, tmp_path):
    calls = entries()
    for place in places:
        refused(calls[place])

    assert (("SIGNUP-NACK-PHONE", "Provider/signup", "/info/phone") in judged_as(calls, tmp_path).found) is found


@pytest.mark.parametrize(
    ("places", "found"),
    [
        ((1, 3, 6), set()),
        ((1, 8, 18), set()),
        ((7, 17, 8, 18), set()),
        ((1, 3, 6, 9, 11, 13, 16, 19), {"Provider/get"}),
    ],
    ids=["valid calls", "of both kinds", "two faulty calls", "all of an operation"],
)
def test_a_server_error_is_a_passing_one_where_other_calls_are_answered(places, found, tmp_path):
    calls = entries()
    for place in places:
        refused(calls[place], 500)
        for name in ("action", "message"):
            field(calls[place]["response"], name, None)

    assert {o for r, o, _ in judged_as(calls, tmp_path).found if r == "REPLY-NO-CRASH"} == found


@pytest.mark.parametrize("status", [429, 503])
def test_a_call_that_is_put_off_blames_nothing(status, tmp_path):
    calls = entries()
    refused(calls[7], status)

    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize("lost", [("action", "message"), ("date", "action", "message", "server")])
def test_a_recorder_that_sees_no_fields_of_its_own_is_no_evidence(lost, tmp_path):
    calls = entries()
    for call in calls:
        for name in lost:
            field(call["response"], name, None)
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert result.verdict.exit_status == 10


@pytest.mark.parametrize("name", ["action", "timestamp"])
@pytest.mark.parametrize("value", ["[redacted]", "d2a57dc1d883fd21fb9951699df71cc7"])
def test_header_members_that_a_filter_replaced_are_no_evidence(name, value, tmp_path):
    calls = entries()
    for call in calls:
        field(call["request"], name, value)

    assert judged_as(calls, tmp_path).found == set()


def test_times_of_a_clock_that_was_set_back_are_not_believed(tmp_path):
    calls = entries("get-name-ascii")
    for call in calls[1:]:
        call["startedDateTime"] = call["startedDateTime"].replace("T10", "T09")
    result = judged_as(calls, tmp_path)

    assert result.found == {NAME}
    assert "are wrong: nothing is judged by them" in result.notes


@pytest.mark.parametrize("style", ["times in whole seconds", "as it was"])
@pytest.mark.parametrize("apart", [0.02, 0.4])
def test_an_order_that_cannot_be_true_is_not_believed(style, apart, tmp_path):
    calls = entries()
    for place, call in enumerate(calls):
        call["startedDateTime"] = (FIRST + datetime.timedelta(seconds=apart * place)).isoformat(timespec="milliseconds")
    for call in STYLES[style](calls):
        if style == "as it was":
            del call["startedDateTime"]
    random.Random(1).shuffle(calls)

    assert judged_as(calls, tmp_path).found == set()


def test_times_at_which_nobody_had_sent_yet_what_is_shown_are_not_believed(tmp_path):
    calls = entries("get-name-ascii")
    # An update that took long is on record at the time of its reply.
    calls[2]["startedDateTime"] = calls[4]["startedDateTime"]
    result = judged_as(calls, tmp_path)

    assert result.found == {NAME}
    assert "are wrong: nothing is judged by them" in result.notes


def test_one_time_for_all_calls_is_not_believed(tmp_path):
    calls = entries("get-name-ascii")
    for call in calls:
        call["startedDateTime"] = "2026-11-01T10:00:00.264Z"
        call["time"] = 700 if call["request"]["url"].endswith("signup") else 20

    assert judged_as(calls, tmp_path).found == {NAME}


def test_a_call_with_anothers_token_is_evidence(tmp_path):
    calls = entries("get-token-foreign-accepted")
    (stolen,) = [one["value"] for one in calls[1]["request"]["headers"] if one["name"] == "token"]
    field(calls[11]["request"], "token", stolen)
    result = judged_as([calls[0], calls[1], *calls[10:13]], tmp_path)

    assert ("TOKEN-NACK-FOREIGN", "Provider/get", "header:Token") in result.found


def test_header_members_that_no_call_carries_are_no_evidence(tmp_path):
    calls = entries()
    for call in calls:
        for name in ("action", "timestamp"):
            field(call["request"], name, None)
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert "nothing is judged by Action and Timestamp of requests" in result.notes


@pytest.mark.parametrize("name", ["Action", "Token", "Timestamp"])
def test_a_part_of_a_recording_may_have_lost_a_field(name, tmp_path):
    calls = entries()
    for call in calls[10:]:
        field(call["request"], name, None)
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert f"nothing is judged by {name} of requests" in result.notes


@pytest.mark.parametrize("name", ["action", "message", "content-type"])
def test_a_field_that_no_reply_has_may_have_been_taken_out(name, tmp_path):
    calls = entries()
    for call in calls:
        field(call["response"], name, None)
        call["response"]["content"].pop("mimeType")
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert name == "action" or f"nothing is judged by {'Content-Type' if '-' in name else name} of re" in result.notes


def test_a_field_that_some_replies_have_is_missed_in_others(tmp_path):
    calls = entries()
    for call in calls[1:]:
        field(call["response"], "message", None)

    assert ("REPLY-MESSAGE", "Provider/get", "header:message") in judged_as(calls, tmp_path).found


def test_a_recording_without_times_claims_nothing_that_depends_on_them(tmp_path):
    calls = entries("documents-add-second-addition-replaces-first", "get-name-ascii")
    for call in calls:
        call.pop("startedDateTime")
    result = judged_as(calls, tmp_path)

    assert result.found == {NAME}
    assert "no call has a time that can be read" in result.notes


def test_a_signup_had_ended_before_its_id_was_used(tmp_path):
    calls = entries("update-reply-shows-old")
    for place, call in enumerate(calls):
        call.pop("time")
        call.pop("timings")
        call["startedDateTime"] = f"2026-11-01T10:00:00.{place * 20:03d}Z"

    assert judged_as(calls, tmp_path).found == {("UPDATE-VISIBLE", "Provider/info/update", "/info")}


def test_calls_within_one_second_may_have_been_simultaneous(tmp_path):
    calls = entries()
    for call in calls:
        call["startedDateTime"] = "2026-11-01T10:00:00Z"
        call["time"] = 20 if "get" in call["request"]["url"] else 300
    assert judged_as(calls, tmp_path).found == set()


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00.0000000+05:30", "", None, 0, "-1", 1e300, {}, "9999-12-31"])
def test_an_impossible_time_lies_between_those_around_it(when, tmp_path):
    calls = entries("get-name-ascii")
    for call in calls[::3]:
        call["startedDateTime"] = when
    result = judged_as(calls, tmp_path)

    assert result.found == {NAME}
    assert "7 calls have not a time that can be read" in result.notes


def test_a_path_that_is_served_by_nobody_is_no_other_gateway(tmp_path):
    calls = entries("get-name-ascii")
    calls += entries()[:1]
    calls[-1]["request"]["url"] = calls[-1]["request"]["url"].replace("gw.example", "gw.example/xxx")
    calls[-1]["response"]["status"] = 404

    assert judged_as(calls, tmp_path).found == {NAME}


def test_a_few_calls_of_another_path_are_no_other_gateway(tmp_path):
    calls = entries("get-name-ascii")
    calls += entries()[:1]
    calls[-1]["request"]["url"] = calls[-1]["request"]["url"].replace("gw.example", "gw.example/xxx")

    assert judged_as(calls, tmp_path).found == {DEFECTS["get-name-ascii"]}

    with pytest.raises(UsageError, match="several gateways are called"):
        judged_as([*entries()[:8], calls[-1]], tmp_path)


def test_a_user_in_a_url_is_never_shown(tmp_path):
    calls = STYLES["user and password in the URL"](entries())
    judged_as(calls, tmp_path)
    for call in calls[:5]:
        call["request"]["url"] = "https://me:hunter2@other.example/Provider/signup"

    with pytest.raises(
        UsageError, match=r"several gateways are called.*gw\.example, https://other\.example$"
    ) as raised:
        judged_as(calls, tmp_path)

    assert "hunter2" not in str(raised.value)
    written = [path.read_bytes() for path in tmp_path.rglob("report*/*")]
    assert written
    assert not any(b"hunter2" in content for content in written)


def test_a_change_that_is_no_plain_message_may_have_been_made_whatever_the_tokens(tmp_path):
    calls = redacted("[redacted]", in_replies=True)(entries())
    changed = calls[2]["request"]["postData"]
    changed["text"] = changed["text"].replace('"info":', '"info": {}, "info":')
    field(calls[2]["request"], "content-length", None)

    # The second registration is made before the first is looked at.
    assert judged_as([*calls[:2], calls[10], *calls[2:10], *calls[11:]], tmp_path).found == set()


def test_a_change_that_was_not_recorded_whole_may_have_been_made(tmp_path):
    calls = entries()
    changed = next(call for call in calls if call["request"]["url"].endswith("info/update"))
    changed["request"]["postData"]["text"] = "{"
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert result.status("GET-ROUND-TRIP") == "passed"


def test_a_name_that_is_no_unicode_may_be_accepted(tmp_path):
    calls = entries()
    calls[0]["request"]["postData"]["text"] = calls[0]["request"]["postData"]["text"].replace("Soci", "\\ud800")
    field(calls[0]["request"], "content-length", None)
    # The gateway that is judged here would have to show the name.
    assert judged_as(calls[:1], tmp_path).found <= {("SIGNUP-ECHO", "Provider/signup", "/info/name")}


def test_a_signup_may_come_after_a_change_that_was_not_recorded_whole(tmp_path):
    calls = entries()[:3]
    calls[2]["request"]["postData"]["text"] = calls[2]["request"]["postData"]["text"][:-1]
    calls[2]["startedDateTime"] = "2026-11-01T09:00:00Z"

    assert judged_as(calls, tmp_path).found == set()


def test_who_signs_up_again_in_a_request_that_cannot_be_read_may_get_the_id_it_has(tmp_path):
    signup, again = entries()[0], entries()[0]
    again["request"]["postData"]["text"] = "\ufeff" + again["request"]["postData"]["text"]
    again["startedDateTime"] = "2026-11-01T10:00:09Z"
    text = again["response"]["content"]["text"]
    again["response"]["content"]["text"] = re.sub('"token": ?"[^"]*"', '"token":"anew"', text)
    for part in ("request", "response"):
        field(again[part], "content-length", None)

    assert judged_as([signup, again], tmp_path).found == set()


# Bodies in files.


def test_bodies_in_files_beside_a_recording_are_read(tmp_path):
    calls = entries("get-name-ascii")
    for name, content in attached(calls).items():
        (tmp_path / name).write_bytes(content)

    assert judged_as(calls, tmp_path).found == {NAME}


def test_a_recording_in_a_zip_is_read_with_its_files(tmp_path):
    calls = entries("get-name-ascii")
    files = attached(calls)
    source = zipped(tmp_path / "traffic.har.zip", {"har.har": json.dumps(archive(calls)).encode(), **files})

    assert judged(source).found == {NAME}


def test_a_recording_in_a_folder_is_read_with_its_files(tmp_path, capsys):
    calls = entries("get-name-ascii")
    files = attached(calls)
    for name, content in {"har.har": json.dumps(archive(calls)).encode(), **files}.items():
        (tmp_path / name).write_bytes(content)

    assert main(["judge", str(tmp_path)]) == 1
    assert "GET-ROUND-TRIP" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["../secret.json", "/etc/hostname", "a/b.json", ".hidden", "link.json", "mine.json", "none.json", ""]
)
def test_a_file_elsewhere_is_never_read(name, tmp_path):
    (tmp_path / "secret.json").write_text('{"secret": 1}')
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / ".hidden").write_text('{"secret": 1}')
    (folder / "mine.json").write_text('{"secret": 1}')
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    calls = entries()[:1]
    calls[0]["response"]["content"] = {"_file": name}
    result = judged_as(calls, folder)

    assert result.found == set()
    assert not any(b"secret" in path.read_bytes() for path in folder.rglob("report*/*.jsonl"))


def test_a_recording_that_is_compressed_is_read(tmp_path):
    source = tmp_path / "traffic.har.gz"
    source.write_bytes(gzip.compress(json.dumps(archive(entries("get-name-ascii"))).encode()))

    assert judged(source).found == {NAME}


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b" " * 1_000_000), gzip.compress(b"{}")[:-4], b"\x1f\x8bno gzip at all"],
    ids=["a bomb", "cut off", "damaged"],
)
def test_a_recording_that_cannot_be_unpacked_is_refused(content, tmp_path, monkeypatch):
    monkeypatch.setattr("beckn_conformance.record.foreign.source.LARGEST", 100_000)
    source = tmp_path / "traffic.har.gz"
    source.write_bytes(content)

    with pytest.raises(UsageError, match=r"traffic\.har\.gz cannot be"):
        judged(source)


def test_a_log_of_something_else_is_no_recording(tmp_path):
    source = tmp_path / "access.jsonl"
    source.write_text('{"status": 200}\n')

    with pytest.raises(UsageError, match="is not a recording that can be read"):
        judged(source)


@pytest.mark.parametrize("content", [{"content": "Ā", "form": "latin-1"}, {"content": "!", "form": "zlib"}])
def test_a_content_that_is_not_packed_as_it_says_is_refused(content, tmp_path):
    request = {"method": "POST", "url": "http://gw.example/Provider/get", "headers": [], "content": "{}"}
    facts = {"purpose": "", "tags": [], "about": "", "trouble": "", "message": True, "started": 1.0, "seconds": 1.0}
    reply = {"status": 200, "headers": [], **content}
    source = tmp_path / "exchanges.jsonl"
    row = {"id": "x1", "operation": "Provider/get", **facts, "request": request, "reply": reply}
    source.write_text(json.dumps(row))

    with pytest.raises(UsageError, match="is not a record"):
        judged(source)


def test_a_reply_of_more_values_than_are_judged_is_left_out(tmp_path):
    calls = entries()
    calls[-1]["response"]["content"]["text"] = f"[{'1,' * 100_000}1]"

    assert judged_as(calls, tmp_path).found == set()


def test_a_zip_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("beckn_conformance.record.foreign.source.LARGEST", 100_000)
    source = zipped(tmp_path / "traffic.har.zip", {"har.har": b" " * 1_000_000})

    with pytest.raises(UsageError, match="larger than"):
        judged(source)


@pytest.mark.parametrize("names", [(), ("a.har", "b.har"), ("folder/a.har",)])
def test_a_zip_without_one_recording_is_refused(names, tmp_path):
    source = zipped(tmp_path / "traffic.zip", dict.fromkeys(names, b"{}") | {"x.json": b"{}"})

    with pytest.raises(UsageError, match="is not a recording"):
        judged(source)


def test_a_zip_that_is_damaged_is_refused(tmp_path):
    source = zipped(tmp_path / "traffic.zip", {"har.har": json.dumps(archive(entries())).encode()})
    whole = source.read_bytes()
    for place in range(0, len(whole), max(len(whole) // 40, 1)):
        source.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        with contextlib.suppress(UsageError):
            assert judged(source).found == set()


# What cannot be judged.


def test_a_recording_in_which_nothing_can_be_judged_is_inconclusive(tmp_path):
    calls = entries()
    for call in calls:
        call["response"]["content"] = {"size": 500}
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert result.verdict.exit_status == 10


def test_a_reply_whose_header_was_not_recorded_is_judged_by_nobody(tmp_path):
    calls = entries()
    for call in calls:
        call["response"]["headers"] = []
    result = judged_as(calls, tmp_path)

    assert result.found == set()
    assert result.verdict.exit_status == 10


ODD = (None, True, -1, 10**400, 1e308, "", "x" * 5000, [], {}, [None], {"a": 1}, "\ud800", "\x00", "0", "١")


def _places(value, path=()):
    yield path
    if isinstance(value, dict):
        for name, child in value.items():
            yield from _places(child, (*path, name))
    if isinstance(value, list):
        for index, child in enumerate(value[:2]):
            yield from _places(child, (*path, index))


def _with(value, path, odd):
    if not path:
        return odd
    first, *rest = path
    if isinstance(value, dict):
        return {name: _with(child, rest, odd) if name == first else child for name, child in value.items()}
    return [_with(child, rest, odd) if index == first else child for index, child in enumerate(value)]


@pytest.mark.parametrize("creator", ["a recorder", "beckn-conformance"])
def test_no_oddity_of_a_recording_is_a_finding_or_a_crash(creator, tmp_path):
    har = archive(entries()[:2])
    har["log"]["creator"]["name"] = creator
    for number, path in enumerate(_places(har)):
        if path[-1:] in (("text",), ("url",), ("status",)) or "headers" in path[:-1]:
            # That would be another call, or another answer.
            continue
        odd = ODD[number % len(ODD)]
        (tmp_path / "traffic.har").write_text(json.dumps(_with(har, path, odd)))
        with contextlib.suppress(UsageError):
            result = judged(tmp_path / "traffic.har")
            assert {found for found in result.found if not found[0].startswith("HEADER")} == set(), (path, odd)


def test_credentials_of_other_programs_are_left_nowhere(tmp_path):
    calls = entries("get-name-ascii")
    known = ["Bearer 1-bearer-of-mine", "2-session-of-mine", "3-key-of-mine", "4-amz-of-mine", "5-query of mine"]
    fields = ("Authorization", "Cookie", "apikey", "X-Amz-Security-Token")
    for call in calls:
        call["request"]["headers"] += [{"name": n, "value": v} for n, v in zip(fields, known, strict=False)]
        call["request"]["url"] += "?api_key=5-query%20of%20mine"

    result = judged_as(calls, tmp_path)

    assert NAME in result.found
    written = "".join(path.read_text() for path in tmp_path.glob("report of*/*.jsonl"))
    assert [text for text in (*known, "1-bearer-of-mine", "5-query%20of%20mine") if text in written] == []
