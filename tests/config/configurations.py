"""Configurations read from keywords and from files."""

import textwrap

import pytest

from beckn_conformance.config.keys import from_mapping, load_config
from beckn_conformance.errors import UsageError
from tests.exchanges import SPECIFICATION, URL


def declared(**raw):
    return from_mapping(URL, raw, SPECIFICATION)


def refused(tmp_path, text, **how):
    """The error that a configuration file with this text brings, without the folder."""
    file = tmp_path / "gateway.yaml"
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        load_config(URL, file, SPECIFICATION, **how)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(file), "gateway.yaml")
