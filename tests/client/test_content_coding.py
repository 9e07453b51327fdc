"""Compressed content is read as clients read it, in whatever pieces it comes."""

import gzip
import zlib

import pytest

from beckn_conformance.client.content_coding import Decoding, Undecodable

TEXT = b'{"auth": {"token": "' + bytes(range(97, 123)) * 40 + b'"}}'
GZIP, ZLIB = gzip.compress(TEXT), zlib.compress(TEXT)
machine = zlib.compressobj(wbits=-15)
BARE = machine.compress(TEXT) + machine.flush()
MEMBERS = gzip.compress(TEXT[:10]) + gzip.compress(b"") + gzip.compress(TEXT[10:])


def read(field, content, size=1 << 20, limit=1 << 20):
    """Decodes pieces of a size; returns the content, and whether surplus bytes followed it."""
    unpack = Decoding(field)
    out = b"".join(unpack(content[at : at + size], limit) for at in range(0, len(content), size))
    unpack.end()
    return out, unpack.trailing


WHOLE = {
    "gzip": ("gzip", GZIP),
    "in capitals": ("GZIP", GZIP),
    "by its old name": ("x-gzip", GZIP),
    "in members": ("gzip", MEMBERS),
    "zlib": ("deflate", ZLIB),
    "bare deflate": ("deflate", BARE),
    "identity": ("Identity", TEXT),
    "no coding": ("", TEXT),
    "a name that is no coding": ("utf-8", TEXT),
    "one beside identity": ("identity, gzip", GZIP),
    "one beside a name that is none": ("utf-8,gzip", GZIP),
    "packed twice": ("gzip, gzip", gzip.compress(GZIP)),
    "packed in two ways": ("deflate, gzip", gzip.compress(ZLIB)),
    "packed once and labelled twice": ("gzip, gzip", GZIP),
}
CUT = {
    "gzip": ("gzip", GZIP[:-12]),
    "gzip by a byte": ("gzip", GZIP[:-1]),
    "gzip after a byte": ("gzip", GZIP[:1]),
    "the last of members": ("gzip", MEMBERS[:-3]),
    "zlib": ("deflate", ZLIB[:-1]),
    "bare deflate": ("deflate", BARE[:-2]),
    "packed twice, within": ("gzip, gzip", gzip.compress(GZIP[:-2])),
    "packed twice": ("gzip, gzip", gzip.compress(GZIP)[:-2]),
}
SPOILT = {"no gzip": TEXT, "in its head": b"\x1f\x8b\0" + GZIP, "in its check sum": GZIP[:-6] + b"\0" + GZIP[-5:]}
PIECES = pytest.mark.parametrize("size", [1, 7, 1 << 20])


@PIECES
@pytest.mark.parametrize("name", WHOLE)
def test_compressed_content_is_read(name, size):
    assert read(*WHOLE[name], size) == (TEXT, False)


@PIECES
@pytest.mark.parametrize("junk", [b"\0" * 20, b"\r\n", b"<!-- served by cache 7 -->", b"\x1f\x00"], ids=ascii)
@pytest.mark.parametrize("name", ["gzip", "in members", "zlib", "bare deflate"])
def test_surplus_bytes_are_ignored_and_noticed(name, junk, size):
    field, content = WHOLE[name]

    assert read(field, content + junk, size) == (TEXT, True)


@PIECES
@pytest.mark.parametrize("name", CUT)
def test_content_that_is_cut_short_is_not_whole(name, size):
    with pytest.raises(Undecodable, match="cut short"):
        read(*CUT[name], size)


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_content_cannot_be_read(name):
    with pytest.raises(Undecodable, match="cannot be decompressed"):
        read("gzip", SPOILT[name])


def test_empty_content_is_whole_under_any_coding():
    assert read("gzip", b"") == (b"", False)


@pytest.mark.parametrize("field", ["gzip", "gzip, gzip"])
def test_no_more_is_decompressed_than_is_allowed(field):
    bomb = gzip.compress(bytes(1 << 24))
    content = gzip.compress(bomb) if "," in field else bomb

    assert len(Decoding(field)(content, 5000)) == 5000


def test_content_compressed_more_than_twice_is_left_as_it_is():
    content = gzip.compress(gzip.compress(GZIP))

    assert read("gzip, gzip, gzip", content) == (content, False)


def test_a_row_of_empty_members_takes_linear_time(monkeypatch):
    row = gzip.compress(b"") * 5000
    taken = []

    class Counted:
        def __init__(self, wbits):
            self._machine = machine_of(wbits)

        def __getattr__(self, name):
            return getattr(self._machine, name)

        def decompress(self, content, limit):
            taken.append(len(content))
            return self._machine.decompress(content, limit)

    machine_of = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", Counted)

    assert read("gzip, gzip", gzip.compress(row + GZIP)) == (TEXT, False)
    assert sum(taken) < 200 * len(row)
