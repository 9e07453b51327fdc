"""What every run of the kit would import and make for itself: all are forked from a process that has it already."""

import httpcore  # noqa: F401
import phonenumbers  # noqa: F401
import pytest  # noqa: F401
import schemathesis.specs.openapi.schemas  # noqa: F401
import xdist.plugin  # noqa: F401

import beckn_conformance.plugin.campaign  # noqa: F401
import reference_server.defects  # noqa: F401
from beckn_conformance.report import html
from beckn_conformance.run.examples import Examples
from beckn_conformance.specification.loading import load
from beckn_conformance.suite.strategies import texts

load()
html.template()
# Hypothesis fills its tables of characters and constants with the first example.
Examples(texts(), 1, "texts").chunk(0, 1)
