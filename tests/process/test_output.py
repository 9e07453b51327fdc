"""Output that nobody reads, or that holds ASCII only, changes no status."""

import io
import os
import subprocess
import sys

import pytest

from beckn_conformance.process.output import Lasting, lasting

LONG = "x" * 100_000


def test_a_pipe_that_nobody_reads_swallows_everything():
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w", buffering=1)
    lasting_one = Lasting(stream)

    for _ in range(3):
        assert lasting_one.write(LONG) == len(LONG)
        lasting_one.flush()

    # What Python does at its end.
    stream.flush()
    stream.close()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_disk_swallows_everything():
    with open("/dev/full", "w") as stream:
        Lasting(stream).write(LONG)
        Lasting(stream).flush()


def test_characters_that_the_output_has_not_are_escaped(monkeypatch):
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", ascii_only)

    with lasting():
        print("§ ✅")

    assert ascii_only.buffer.getvalue() == b"\\xa7 \\u2705\n"
    assert sys.stdout is ascii_only


def test_a_command_into_a_closed_pipe_ends_with_its_own_status():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "beckn_conformance", "spec", "catalogue"]

    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"})
    os.close(writer)

    assert (ended.returncode, ended.stderr) == (0, b"")


def test_output_that_the_shell_closed_is_discarded():
    script = "from beckn_conformance.process.output import lasting\nwith lasting(): print('x', flush=True)"

    ended = subprocess.run(["sh", "-c", f'"{sys.executable}" -c "{script}" >&-'], capture_output=True, check=False)

    assert (ended.returncode, ended.stderr) == (0, b"")
