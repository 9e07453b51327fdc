"""A folder of schemas that a stranger made takes bounded time and memory, and reaches nothing outside of it."""

import http.server
import json
import os
import threading

import pytest

from beckn_conformance.commands.spec.check import problems
from beckn_conformance.errors import KitError
from beckn_conformance.specification import requests
from beckn_conformance.specification.loading import load, parsed
from beckn_conformance.specification.validators import compile_schema
from tests.changed_schemas import copied


@pytest.fixture
def folder(tmp_path):
    return copied(tmp_path / "schemas")


def changed(folder, name, change):
    path = folder / name
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.parametrize("target", ["/dev/zero", "/etc/hostname"])
def test_a_link_in_the_folder_is_not_followed(folder, target):
    (folder / "zero.json").symlink_to(target)

    with pytest.raises(KitError, match=r"zero\.json cannot be read: it is a link"):
        load(folder)


def test_a_pipe_in_the_folder_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe.yaml")

    with pytest.raises(KitError, match=r"pipe\.yaml cannot be read: it is not a regular file"):
        load(folder)


def test_a_file_without_an_end_is_not_read(folder):
    with (folder / "sparse.json").open("wb") as file:
        file.truncate(2**40)

    with pytest.raises(KitError, match=r"sparse\.json cannot be read: it is larger than 8 MB"):
        load(folder)


def test_a_folder_of_more_files_than_any_is_not_read(folder):
    for number in range(300):
        (folder / f"{number}.json").write_text("{}")

    with pytest.raises(KitError, match="more than 300 files"):
        load(folder)


@pytest.mark.parametrize(
    ("name", "text"), [("a.yaml", "[" * 5000), ("b.json", "[" * 5000), ("c.json", '{"a":1,"a":2}')]
)
def test_a_fault_of_a_file_is_told_with_its_name(tmp_path, name, text):
    with pytest.raises(KitError, match=rf"{name}.*: "):
        parsed(tmp_path / name, text.encode())


@pytest.mark.parametrize(
    "part",
    [
        {"$ref": "#/$defs/info"},
        {"type": "object", "properties": {"info": {"$ref": "#/$defs/info"}}},
        {"type": "array", "items": {"$ref": "#/$defs/info"}},
    ],
)
def test_schemas_that_refer_to_each_other_come_to_an_end(folder, part):
    changed(folder, "common.json", lambda content: content["$defs"].update(info=part))

    with pytest.raises(KitError, match="nested too deeply"):
        load(folder).members("Provider/signup")


@pytest.mark.parametrize("part", ["info", "api_kept", "error"])
def test_members_that_double_with_each_level_are_not_counted_to_their_end(folder, part):
    def double(content):
        for level in range(14):
            child = {"$ref": f"#/$defs/l{level + 1}"}
            content["$defs"][f"l{level}"] = {"type": "object", "properties": dict.fromkeys("abcd", child)}
        content["$defs"]["l14"] = {"type": "string"}
        content["$defs"][part] = content["$defs"]["l0"]

    changed(folder, "common.json", double)

    with pytest.raises(KitError, match="too many parts"):
        load(folder).members("Provider/signup")
    assert [*problems(folder)]


def test_a_reference_to_elsewhere_is_neither_fetched_nor_read(tmp_path):
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_):
            pass

    outside = tmp_path / "outside.json"
    outside.write_text('{"type": "string"}')
    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for uri in (f"http://127.0.0.1:{server.server_port}/x.json", outside.as_uri()):
            for resources in (None, {"a.json": {"$ref": uri}}):
                with pytest.raises(KitError, match="not among the files"):
                    compile_schema({"$ref": uri}, resources)
        server.shutdown()

    assert asked == []


def test_a_pattern_that_could_take_forever_is_refused_by_name(folder):
    changed(folder, "common.json", lambda content: content["$defs"]["email"].update({"x-variants": {"odd": "(?=a)b"}}))
    specification = load(folder)

    with pytest.raises(KitError, match="the pattern of odd cannot be used"):
        requests.acceptances(specification, "Provider/signup")
