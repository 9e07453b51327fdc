"""What every run of the kit would import and make for itself: all are forked from a process that has it already."""

import gc
import pdb  # noqa: F401
import sys

import httpcore  # noqa: F401
import phonenumbers  # noqa: F401
import pytest  # noqa: F401
import schemathesis.specs.openapi.schemas  # noqa: F401
import xdist.plugin  # noqa: F401

import beckn_conformance.plugin.campaign
import beckn_conformance.plugin.reports  # noqa: F401
import reference_server.defects
from beckn_conformance.commands.spec.trial import session_of
from beckn_conformance.record.events import KINDS
from beckn_conformance.report import html
from beckn_conformance.run.examples import Examples
from beckn_conformance.specification.loading import misfit
from beckn_conformance.suite.strategies import texts

# An interpreter that writes down nothing it compiles has this one started alike.
sys.dont_write_bytecode = False

html.template()
# Hypothesis fills its tables of characters and constants with the first example.
Examples(texts, 1, "texts").chunk(0, 1)
for part in ("report.json", *(f"record.json#/$defs/{kind}" for kind in ("exchange", *KINDS))):
    misfit({}, part)


async def life(actor):
    """Every operation once, and a refusal."""
    registration = await actor.registered()
    await actor.get(registration)
    await actor.update(registration, actor.values.info())
    await actor.add(registration, [actor.values.document()])
    await actor.update(registration, {})


# To judge a first call of each kind compiles schemas and patterns, and looks up numbers of phones.
session = session_of(reference_server.create_app(), {})
session.start()
session.play("life", life, "life")
session.close()
session.conclude()

# A collection of garbage in a process that was forked would copy all of this.
gc.collect()
gc.freeze()
