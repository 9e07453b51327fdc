"""An upload becomes one file with a plain name, and no more than is allowed of it."""

import io

import pytest

from beckn_conformance.commands.lab import uploads
from beckn_conformance.commands.lab.refusals import Invalid

NAMES = {
    "traffic.har": "traffic.har",
    "C:\\Users\\me\\log-1.jsonl": "log-1.jsonl",
    "../../etc/passwd": "passwd",
    "$(touch x).har": "upload.har",
    "a b.ZIP": "upload.zip",
    "-h": "upload",
    ".bashrc": "upload",
    "..": "upload",
    "": "upload",
    "a\0.json": "upload.json",
    "é.yml": "upload.yml",
    "x" * 300 + ".har": "upload.har",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_file_keeps_its_name_only_if_it_is_plain(tmp_path, name):
    path = uploads.save(io.BytesIO(b"content"), name, tmp_path)

    assert path == tmp_path / NAMES[name]
    assert path.read_bytes() == b"content"


def test_an_endless_file_is_refused_at_its_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 100)
    monkeypatch.setattr(uploads, "CHUNK", 10)

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            return b"x" * size

    with pytest.raises(Invalid, match="larger than"):
        uploads.save(Endless(), "traffic.har", tmp_path)
    assert (tmp_path / "traffic.har").stat().st_size == 100


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(Invalid, match="choose a file that is not empty"):
        uploads.save(io.BytesIO(b""), "traffic.har", tmp_path)
