"""Providers and commands for the tests of the reference gateway."""

import sys
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from reference_server import create_app
from tests.reference_server.reference_provider import Provider


@pytest.fixture(params=["http", "envelope"])
def binding(request):
    return str(request.param)


@pytest.fixture
def stranger(binding):
    """A provider that has not signed up."""
    return Provider(create_app(binding=binding), binding)


@pytest.fixture
def provider(stranger):
    """A provider that has signed up."""
    stranger.sign_up()
    return stranger


@pytest.fixture
def planted():
    """Make a provider at a gateway with planted things."""

    def plant(**options):
        return Provider(create_app(**options))

    return plant


@pytest.fixture
def start():
    """Start the command, and give its process and URL."""
    running = []

    def run(*arguments):
        command = [sys.executable, "-m", "reference_server", "--port", "0", *arguments]
        root = Path(__file__).resolve().parents[2]
        process = Popen(command, stdout=PIPE, text=True, cwd=root)
        running.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on http://")
        return process, line.split()[-1]

    yield run
    for process in running:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
