"""A ZIP of a stranger yields plain files within bounds, or nothing."""

import io
import stat
import struct
import zipfile

import pytest

from beckn_conformance.errors import UsageError
from beckn_conformance.untrusted import archive
from beckn_conformance.untrusted.archive import Archive, folder_of, is_zip

PLAIN = {"a.json": b"{}", "log/b c.json": b"[]", "log/Ünï.json": b"1", "log/2026-01-01T10:00:00.json": b"2"}


def zipped(files, method=zipfile.ZIP_DEFLATED):
    """The bytes of a ZIP; ``files`` are pairs of a name or ZipInfo, and content."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for name, content in files:
            file.writestr(name, content)
    return made.getvalue()


def entry(name, mode=0, **facts):
    info = zipfile.ZipInfo("x" * len(name))
    info.filename = name
    info.external_attr = mode << 16
    for key, value in facts.items():
        setattr(info, key, value)
    return info


def opened(tmp_path, files, **how):
    return Archive(tmp_path / "log.zip", zipped(files, **how))


def test_plain_files_are_read(tmp_path):
    found = opened(tmp_path, [*PLAIN.items(), ("empty/", b"")])

    assert {name: found.read(name, 10) for name in found.names} == PLAIN


def test_plain_files_are_unpacked_for_their_owner(tmp_path):
    opened(tmp_path, [*PLAIN.items(), ("empty/", b"")]).unpack(tmp_path / "out", "")

    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in files} == PLAIN
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


@pytest.mark.parametrize(
    "name",
    [
        *("../a", "a/../b", "..", ".", "./a", "/etc/passwd", "//host/a", "a//b", "", "/"),
        *("..\\a", "\\a", "C:\\a", "c:a", "C:/a", "a\\..\\b", "a\0b", "a\0/../b", "\0"),
        *("x" * 256, "/".join("x" * 30)),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="is not a plain name of a file in a folder"):
        opened(tmp_path, [("a.json", b""), (entry(name), b"content")])


@pytest.mark.parametrize(
    "kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK], ids=stat.filemode
)
def test_a_link_a_pipe_or_a_device_is_refused(tmp_path, kind):
    with pytest.raises(UsageError, match="'a' is a link or a device"):
        opened(tmp_path, [(entry("a", kind | 0o777), b"/etc/passwd")])


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("x/ä", "x/a\u0308"), ("ß", "SS"), ("a/b", "a\\b")])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path, names):
    with pytest.raises(UsageError, match="are the same file on some systems"):
        opened(tmp_path, [(entry(name), b"") for name in names])


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_that_unpacks_without_bounds_is_refused(tmp_path, method):
    with pytest.raises(UsageError, match="is packed by a method other than deflate"):
        opened(tmp_path, [("a", b"\0" * 1_000_000)], method=method)


def test_an_encrypted_file_is_refused(tmp_path):
    content = bytearray(zipped([("a", b"content")]))
    content[content.index(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(UsageError, match="'a' is encrypted"):
        Archive(tmp_path / "log.zip", bytes(content))


def test_too_many_files_are_refused_before_they_are_listed(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    monkeypatch.setattr(zipfile, "ZipFile", None)

    with pytest.raises(UsageError, match="holds more than 3 files"):
        Archive(tmp_path / "log.zip", b"PK\x03\x04" + b"PK\x01\x02" * 4)


def test_what_unpacks_to_too_much_is_refused_whatever_the_zip_says(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST_FOLDER", 1_000_000)
    monkeypatch.setattr(archive, "CHUNK", 10_000)
    content = zipped([("a", b"\0" * 600_000), ("b", b"\0" * 600_000)])
    lies = content.replace(struct.pack("<L", 600_000), struct.pack("<L", 10))

    with pytest.raises(UsageError, match=r"is larger than .* unpacked"):
        Archive(tmp_path / "log.zip", content).read("a", 599_999)
    with pytest.raises(UsageError, match=r"is larger than .* unpacked"):
        Archive(tmp_path / "log.zip", content).unpack(tmp_path / "out", "")
    with pytest.raises(UsageError, match="cannot be read"):
        Archive(tmp_path / "log.zip", lies).unpack(tmp_path / "lies", "")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    found = opened(tmp_path, [("a", b""), ("a/b", b"")])

    with pytest.raises(UsageError, match="cannot be read"):
        found.unpack(tmp_path / "out", "")


@pytest.mark.parametrize("harm", [lambda zip_: zip_[:-10], lambda zip_: zip_[:30], lambda zip_: b"PK\x03\x04"])
def test_a_damaged_zip_is_refused(tmp_path, harm):
    content = harm(zipped([("a.json", b"{}" * 100)]))

    assert is_zip(content)
    with pytest.raises(UsageError, match="is not a ZIP that can be read"):
        Archive(tmp_path / "log.zip", content)


@pytest.mark.parametrize("inner", ["", "report/", "a/b/"])
def test_the_folder_with_a_mark_is_found_in_a_zip(tmp_path, inner):
    path = tmp_path / "report.zip"
    names = [f"{inner}mark.json", f"{inner}findings/x.sh", "__MACOSX/._x"]
    path.write_bytes(zipped([(name, name.encode()) for name in names]))

    with folder_of(path, "mark.json") as folder:
        assert (folder / "mark.json").read_text() == f"{inner}mark.json"
        assert (folder / "findings" / "x.sh").is_file()
        unpacked = folder
    assert not unpacked.exists()


def test_a_zip_with_two_marks_is_refused(tmp_path):
    path = tmp_path / "report.zip"
    path.write_bytes(zipped([("a/mark.json", b""), ("b/mark.json", b"")]))

    with pytest.raises(UsageError, match=r"report.zip: it holds 2 files named mark.json, not one"):
        folder_of(path, "mark.json").__enter__()


def test_what_is_no_zip_with_a_mark_is_left_as_it_is(tmp_path):
    zip_, text = tmp_path / "log.zip", tmp_path / "text"
    zip_.write_bytes(zipped([("a.json", b"")]))
    text.write_text("mark.json")

    for path in (zip_, text, tmp_path, tmp_path / "none"):
        with folder_of(path, "mark.json") as found:
            assert found == path


def test_a_mistake_in_an_unpacked_folder_names_the_zip(tmp_path):
    path = tmp_path / "report.zip"
    path.write_bytes(zipped([("mark.json", b"")]))

    with pytest.raises(UsageError, match=rf"^{path}/mark.json is empty$"), folder_of(path, "mark.json") as folder:
        raise UsageError(f"{folder}/mark.json is empty")
