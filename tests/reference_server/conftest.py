"""Providers and commands for the tests of the reference gateway."""

import pytest

from reference_server import create_app
from tests.end_to_end.processes import ReferenceProcess
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
        running.append(ReferenceProcess(*arguments))
        return running[-1].process, running[-1].url

    yield run
    for one in running:
        one.kill()
