"""The catalogue as a page in Markdown."""

from dataclasses import replace
from types import SimpleNamespace

from beckn_conformance.commands.spec import catalogue
from beckn_conformance.specification.loading import load


def test_a_text_of_a_stranger_s_schemas_is_no_markup(monkeypatch):
    monkeypatch.setattr(catalogue, "defects_of", lambda specification: {})
    monkeypatch.setattr(catalogue, "checks_of", lambda requirement, specification: ())
    row = load().requirements["GET-ACK"]
    hostile = (
        "see [here](http://evil.example) ![](http://evil.example/x) <script>alert(1)</script> <img src=x>, 1 < 2 \\](x)"
    )
    reading = {**load().readings["T1"], "page": hostile}
    schemas = SimpleNamespace(
        requirements={row.id: replace(row, text=hostile, section=hostile)}, readings={"T1": reading}
    )
    page = "\n".join(catalogue.page(schemas))

    assert page.count("here") == 3
    assert page.count("](http") == page.count("\\](http") == 6
    assert page.count("<") == page.count("\\<") + page.count("< 2") + 2 * page.count("<a id")
    assert "\\\\\\](x)" in page
