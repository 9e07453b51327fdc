"""The kit in a folder of its own, gateways that end with the test, and a certificate."""

import contextlib
import shlex
import shutil
import ssl
import subprocess

import pytest

from tests.end_to_end.kit import Kit
from tests.end_to_end.loopback import Loopback


@pytest.fixture
def kit(tmp_path):
    return Kit(tmp_path)


@pytest.fixture
def gateway():
    """Makes gateways on loopback."""
    with contextlib.ExitStack() as closing:

        def make(*arguments, **options):
            return closing.enter_context(contextlib.closing(Loopback(*arguments, **options)))

        yield make


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1, signed by itself, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with openssl, which is not there")
    folder = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 "
        "-addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(shlex.split(command), cwd=folder, check=True, capture_output=True)
    file = folder / "both.pem"
    file.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return file


@pytest.fixture
def tls(certificate):
    """What a gateway needs to serve TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
