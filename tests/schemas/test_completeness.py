"""Lists that have to be complete: schema files, options, configuration keys."""

import re
from pathlib import Path

import pytest

from beckn_conformance.specification.loading import load

ROOT = Path(__file__).resolve().parents[2]
TABLES = ROOT / "beckn_conformance" / "README.md"
"""Lists the options and the configuration keys."""
LABORATORY = ROOT / "beckn_conformance" / "commands" / "lab" / "README.md"
READMES = [ROOT / "README.md", *sorted(ROOT.glob("*/README.md")), LABORATORY]


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_of_a_readme_leads_to_a_file_and_heading(readme):
    def anchors(path):
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
def test_every_module_that_a_readme_names_is_there(readme):
    named = re.findall(r"(?<![\w/.])[\w./]+\.py\b", readme.read_text(encoding="utf-8"))

    assert [name for name in named if not any((folder / name).is_file() for folder in (ROOT, readme.parent))] == []


def test_readmes_are_short_but_for_what_is_generated():
    texts = {readme: readme.read_text(encoding="utf-8").partition("## Catalogue\n")[0] for readme in READMES}

    assert [readme for readme, text in texts.items() if text.count("\n") > 200] == []


@pytest.mark.parametrize("name", sorted(load().files["gateway-config.json"]["properties"]))
def test_every_configuration_key_has_a_line_in_the_readme(name):
    table = TABLES.read_text(encoding="utf-8").partition("## Configuration")[2]

    assert re.search(rf"^\| .*`{name}\b|^\| .*, `{name}`|`{name}`", table, flags=re.MULTILINE)


def test_every_option_has_a_line_in_the_readme():
    readme = TABLES.read_text(encoding="utf-8").partition("## Options")[2]
    plugin = (ROOT / "beckn_conformance" / "plugin" / "__init__.py").read_text(encoding="utf-8")

    assert [option for option in re.findall(r'add\("(--[\w-]+)"', plugin) if option not in readme] == []
