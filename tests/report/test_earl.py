"""The EARL 1.0 of a report is read by an RDF library and queried in SPARQL."""

import json

import pytest
import rdflib

from beckn_conformance.judging.outcome import STATUSES
from beckn_conformance.report import earl
from beckn_conformance.specification.loading import load
from tests.reports import HOSTILE, finding, report

# rdflib's own reader of JSON-LD uses what rdflib advises against.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

EARL = rdflib.Namespace("http://www.w3.org/ns/earl#")
NAMES = {
    EARL: "Assertion Assertor CannotTell Fail NotApplicable NotTested OutcomeValue Pass Software TestCase "
    "TestCriterion TestMode TestRequirement TestResult TestSubject assertedBy automatic cantTell failed inapplicable "
    "info mainAssertor manual mode outcome passed pointer result semiAuto subject test undisclosed unknownMode "
    "untested",
    rdflib.Namespace("http://www.w3.org/2009/pointers#"): "ExpressionPointer expression reference",
    rdflib.DCTERMS: "title description identifier source hasVersion isPartOf date",
    rdflib.RDF: "type",
    rdflib.Namespace("urn:beckn-conformance:terms:"): "level section reading status conformanceClass",
}
"""Terms by vocabulary; of EARL, all that https://www.w3.org/ns/earl declares."""

ONE_EACH = """
    SELECT ?assertion WHERE {
      ?assertion a earl:Assertion ; earl:assertedBy ?by ; earl:subject ?subject ; earl:test ?test ;
        earl:result ?result .
      ?by a earl:Software . ?subject a earl:TestSubject . ?result a earl:TestResult ; earl:outcome ?outcome ;
      dct:date ?date . ?test a ?kind . FILTER(?kind IN (earl:TestRequirement, earl:TestCriterion))
    }"""


def graph(of):
    """The report as RDF, read without the network."""
    text = json.dumps(earl.document(of, load()))
    read = rdflib.Graph().parse(data=text, format="json-ld")
    read.bind("earl", EARL)
    read.bind("dct", rdflib.DCTERMS, override=True, replace=True)
    return read


def outcome(read, requirement):
    query = """SELECT ?outcome ?status WHERE { ?assertion earl:test/dct:identifier ?id ; earl:result ?result .
               ?result earl:outcome ?outcome ; <urn:beckn-conformance:terms:status> ?status }"""
    ((found, status),) = read.query(query, initBindings={"id": rdflib.Literal(requirement)})
    return str(found).removeprefix(EARL), str(status)


def test_the_gateway_and_each_requirement_have_one_assertion():
    read = graph(report(finding()))

    assertions = [row[0] for row in read.query(ONE_EACH)]

    assert len(assertions) == len(set(assertions)) == len(load().requirements) + 1
    assert set(read.subjects(rdflib.RDF.type, EARL.Assertion)) == set(assertions)
    for part in (EARL.assertedBy, EARL.subject, EARL.test, EARL.result, EARL.mode):
        assert all(len(list(read.objects(assertion, part))) == 1 for assertion in assertions)


def test_every_term_is_in_its_vocabulary():
    read = graph(report(finding(observed=HOSTILE)))
    known = {vocabulary[name] for vocabulary, names in NAMES.items() for name in names.split()}

    used = {*read.predicates(), *read.objects(None, rdflib.RDF.type)}
    used |= {o for o in read.objects() if isinstance(o, rdflib.URIRef) and o.startswith(tuple(NAMES))}

    assert used <= known


def test_every_member_has_a_meaning_in_the_context():
    def keys(value):
        if isinstance(value, dict):
            yield from value
            for child in value.values():
                yield from keys(child)
        elif isinstance(value, list):
            for child in value:
                yield from keys(child)

    document = earl.document(report(finding()), load())

    assert {key for key in keys(document["@graph"]) if not key.startswith("@")} <= set(document["@context"])


def test_every_status_has_an_outcome():
    expected = {
        "passed": "passed",
        "failed": "failed",
        "warned": "failed",
        "waived": "failed",
        "inconclusive": "cantTell",
        "not-applicable": "inapplicable",
        "untested": "untested",
    }
    by_requirement = dict(zip(load().requirements, expected, strict=False))

    read = graph(report(statuses=by_requirement))

    for requirement, status in by_requirement.items():
        assert outcome(read, requirement) == (expected[status], status)


def test_every_status_and_verdict_is_known():
    assert set(earl.OUTCOMES) == set(STATUSES)
    assert set(earl.VERDICTS) == {"conformant", "non-conformant", "inconclusive", "incomplete"}


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [("conformant", "passed"), ("non-conformant", "failed"), ("inconclusive", "cantTell"), ("incomplete", "cantTell")],
)
def test_the_verdict_is_the_outcome_of_the_whole(verdict, expected):
    read = graph(report(verdict=verdict))
    query = "SELECT ?outcome WHERE { ?a earl:test/a earl:TestCriterion ; earl:result/earl:outcome ?outcome }"

    assert [row[0] for row in read.query(query.replace("test/a", "test/rdf:type"))] == [EARL[expected]]


def test_a_finding_points_to_the_member_and_the_exchange():
    read = graph(report(finding()))
    query = """PREFIX ptr: <http://www.w3.org/2009/pointers#>
               SELECT ?place ?exchange ?id WHERE { ?a earl:result/earl:pointer ?p .
               ?p a ptr:ExpressionPointer ; ptr:expression ?place ; ptr:reference ?exchange ; dct:identifier ?id }"""

    ((place, exchange, id_),) = read.query(query)

    assert str(place) == "/info/phone"
    assert str(exchange) == "urn:beckn-conformance:run:0123456789ab:exchange:x1"
    assert str(id_) == "SIGNUP-NACK-PHONE-00000001"


def test_what_a_gateway_says_stays_text():
    found = finding(pointer=HOSTILE, observed=HOSTILE, exchanges=[HOSTILE])
    hostile = report(found, gateway={"url": f"http://h/ {HOSTILE}", "name": HOSTILE, "vendor": "", "version": HOSTILE})
    read = graph(hostile)

    texts = [str(o) for o in read.objects() if isinstance(o, rdflib.Literal)]
    assert any("<script>alert(1)</script>" in text for text in texts)
    assert all(text.isprintable() for text in texts)
    assert all(
        character not in str(s)
        for s in {*read.subjects(), *read.objects()}
        for character in '<>" `{}|\\^\n'
        if isinstance(s, rdflib.URIRef)
    )
    assert len(list(read.query(ONE_EACH))) == len(load().requirements) + 1


def test_a_run_without_answers_says_why():
    nothing = report(verdict="inconclusive", statuses=dict.fromkeys(load().requirements, "untested"))
    nothing["run"] |= {"reason": "tried http://127.0.0.1:1: connection refused", "exchanges": 0}
    read = graph(nothing)
    query = "SELECT ?info WHERE { ?a earl:test/rdf:type earl:TestCriterion ; earl:result/earl:info ?info }"

    assert [str(row[0]) for row in read.query(query)] == ["tried http://127.0.0.1:1: connection refused"]
