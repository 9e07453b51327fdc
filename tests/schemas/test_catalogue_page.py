"""The page of the catalogue says what the catalogue says now."""

from beckn_conformance.commands.spec import catalogue
from beckn_conformance.specification.loading import default_folder, load


def test_the_page_is_up_to_date() -> None:
    written = (default_folder() / "README.md").read_text(encoding="utf-8")

    assert written.partition("## Catalogue\n\n")[2].splitlines() == [*catalogue.page(load())]
