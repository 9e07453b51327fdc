"""The examples in description.yaml are those of a real provider; `spec check` holds them to their schemas."""

import base64

from beckn_conformance.specification.loading import load

CALLS = load().files["description.yaml"]["calls"]


def bodies(*kinds):
    return [example["value"] for call in CALLS.values() for kind in kinds for example in call[kind].values()]


def test_every_operation_has_examples_of_every_message():
    assert [*CALLS] == [operation.key for operation in load().operations]
    assert all(call[kind] for call in CALLS.values() for kind in ("request", "ack", "nack"))


def test_examples_show_more_than_one_kind_of_value():
    infos = [body["info"] for body in bodies("request") if "info" in body]

    assert {info["phone"].count("-") for info in infos} == {1, 2}
    assert {info["name"].isascii() for info in infos} == {True, False}


def test_documents_of_examples_are_what_their_names_say():
    documents = [document for body in bodies("request", "ack") for document in body.get("documents", [])]

    assert documents
    for document in documents:
        content = base64.b64decode(document["data"], validate=True)
        if document["name"].endswith(".pdf"):
            assert content.startswith(b"%PDF-")
            assert content.rstrip().endswith(b"%%EOF")
            start = int(content.split(b"startxref")[1].split()[0])
            assert content[start:].startswith(b"xref")
        else:
            assert content.startswith(b"\xff\xd8\xff")
            assert content.endswith(b"\xff\xd9")
