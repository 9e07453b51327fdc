import pytest

from tests.commands.lab.browsers import website
from tests.end_to_end.conftest import certificate

__all__ = ["certificate"]


@pytest.fixture
def site(tmp_path):
    """A laboratory with the vendors alice and bob and the officer olga."""
    with website(tmp_path) as made:
        yield made


@pytest.fixture
def local(tmp_path):
    """A laboratory on loopback without accounts."""
    with website(tmp_path / "local", accounts=False) as made:
        yield made
