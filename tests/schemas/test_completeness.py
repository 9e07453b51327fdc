"""Lists that have to be complete: schema files, options, configuration keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from beckn_conformance.specification.loading import default_folder, load
from beckn_conformance.specification.validators import BASE

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "beckn_conformance" / "README.md"
"""Lists the options and the configuration keys."""
KIT = {
    "gateway-config.json",
    "report.json",
    "catalogue.json",
    "certificate.json",
    "fleet.json",
    "fleet-report.json",
    "payload-log.json",
    "record.json",
}
"""Schemas of the kit's own input and output, which no message refers to."""


def _references(text: str) -> set[str]:
    return set(re.findall(r"""["']?\$ref["']?:\s*["']?([\w.-]+\.json)""", text))


def test_every_schema_is_referred_to_by_another_or_by_the_openapi_description() -> None:
    folder = default_folder()
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.*")}
    referred = {name for file, text in files.items() for name in _references(text) if name != file}

    unused = {name for name in files if name.endswith(".json")} - referred - KIT - {"envelope.json"}

    assert unused == set()


def test_every_definition_is_referred_to() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in default_folder().glob("*.*"))

    unused = [name for name in load().files["common.json"]["$defs"] if f"#/$defs/{name}" not in texts]

    assert unused == []


READMES = [ROOT / "README.md", *sorted(ROOT.glob("*/README.md"))]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_readme_leads_to_a_file_and_heading(readme: Path) -> None:
    def anchors(path: Path) -> set[str]:
        text = path.read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        return slugs | set(re.findall(r'<a id="([^"]+)">', text))

    links = re.findall(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)", readme.read_text(encoding="utf-8"))
    targets = [(readme.parent / file if file else readme, anchor) for file, anchor in links if "://" not in file]

    assert [
        (path, anchor) for path, anchor in targets if not path.exists() or (anchor and anchor not in anchors(path))
    ] == []


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_module_that_a_readme_names_is_there(readme: Path) -> None:
    named = re.findall(r"(?<![\w/.])[\w./]+\.py\b", readme.read_text(encoding="utf-8"))

    assert [name for name in named if not any((folder / name).is_file() for folder in (ROOT, readme.parent))] == []


def test_readmes_are_short_but_for_what_is_generated() -> None:
    texts = {readme: readme.read_text(encoding="utf-8").partition("## Catalogue\n")[0] for readme in READMES}

    assert [readme for readme, text in texts.items() if text.count("\n") > 200] == []


@pytest.mark.parametrize("name", sorted(load().files["gateway-config.json"]["properties"]))
def test_every_configuration_key_has_a_line_in_the_readme(name: str) -> None:
    table = TABLES.read_text(encoding="utf-8").partition("## Configuration")[2]

    assert re.search(rf"^\| .*`{name}\b|^\| .*, `{name}`|`{name}`", table, flags=re.MULTILINE)


def test_every_option_has_a_line_in_the_readme() -> None:
    readme = TABLES.read_text(encoding="utf-8").partition("## Options")[2]
    plugin = (ROOT / "beckn_conformance" / "plugin" / "__init__.py").read_text(encoding="utf-8")

    assert [option for option in re.findall(r'add\("(--[\w-]+)"', plugin) if option not in readme] == []


def test_every_requirement_stands_in_a_section_of_the_page_and_cites_a_reading() -> None:
    specification = load()

    assert [
        r.id for r in specification.requirements.values() if not set(r.reading) <= set(specification.readings)
    ] == []


def test_every_reading_that_binds_is_cited_by_a_requirement() -> None:
    specification = load()
    cited = {number for requirement in specification.requirements.values() for number in requirement.reading}

    binding = {number for number, reading in specification.readings.items() if {"M", "S"} & set(reading["level"])}

    assert binding - cited == set()


def test_every_schema_has_the_id_by_which_others_refer_to_it() -> None:
    schemas = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in default_folder().glob("*.json")}

    assert {name: schema["$id"] for name, schema in schemas.items()} == {name: BASE + name for name in schemas}
