"""What every run of the kit would import and make for itself: all are forked from a process that has it already."""

import httpcore  # noqa: F401
import phonenumbers  # noqa: F401
import pytest  # noqa: F401
import schemathesis.specs.openapi.schemas  # noqa: F401
import xdist.plugin  # noqa: F401
from hypothesis.internal.charmap import charmap

import beckn_conformance.plugin.campaign  # noqa: F401
import reference_server.defects  # noqa: F401
from beckn_conformance.report import html
from beckn_conformance.specification.loading import load

load()
html.template()
charmap()
