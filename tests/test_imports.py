"""The walls between the modules: each imports only what stands above it, and what is pure stays pure."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "beckn_conformance"
ORDER = (
    "errors",
    "untrusted",
    "process",
    "specification",
    "config",
    "messages",
    "judging",
    "client",
    "record",
    "run",
    "suite",
    "report",
    "plugin",
    "commands",
    "__main__",
)
"""A package imports itself and those before it."""
PURE = ("specification", "messages", "judging")
TALKS = {"h11", "httpx", "pytest", "asyncio", "socket", "reference_server"}
USE_THE_REFERENCE_GATEWAY = (
    *("run/embedded.py", "commands/spec/trial.py", "commands/spec/prove.py"),
    *("commands/spec/check/requirements.py", "commands/spec/catalogue.py"),
)
HEAVY = ("httpx", "hypothesis", "schemathesis", "jsonschema", "jsonschema_rs", "yaml", "phonenumbers")
SOURCES = sorted(PACKAGE.rglob("*.py"))


def top(path):
    """Name of the module or subpackage right under the package that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path, *, lazily=True):
    """Every module that a file imports, by its full name; lazily, also within functions."""
    return frozenset(_imported(path, lazily))


def _imported(path, lazily):
    package = ("beckn_conformance", *path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(tree(path)) if lazily else tree(path).body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join((*package[: len(package) - node.level + 1], *filter(None, [node.module])))
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def packages(path):
    """Packages of the kit, and its top modules, that a file imports."""
    names = {name.split(".")[1] for name in imported(path) if name.startswith("beckn_conformance.")}
    return {name for name in names if (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()}


def roots(path, **how):
    return {name.split(".")[0] for name in imported(path, **how)}


def test_every_package_has_its_place_in_the_order():
    assert {top(path) for path in SOURCES} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("name", ORDER)
def test_a_package_imports_only_what_stands_before_it(name):
    allowed = set(ORDER[: ORDER.index(name) + 1])
    paths = [path for path in SOURCES if top(path) == name]

    strays = {path.relative_to(PACKAGE).as_posix(): packages(path) - allowed for path in paths}
    assert not any(strays.values()), strays


def test_what_is_pure_never_talks_to_anybody():
    assert [path for path in SOURCES if top(path) in PURE and TALKS & roots(path)] == []


def test_nothing_imports_the_reference_gateway_at_the_top():
    for path in SOURCES:
        if "reference_server" not in path.read_text(encoding="utf-8"):
            continue
        assert "reference_server" not in roots(path, lazily=False)
        if path.relative_to(PACKAGE).as_posix() not in USE_THE_REFERENCE_GATEWAY:
            assert "reference_server" not in roots(path), path


def test_the_reference_gateway_never_imports_the_kit():
    sources = sorted((ROOT / "reference_server").rglob("*.py"))

    assert sources
    for path in sources:
        for node in ast.walk(tree(path)):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not any(name.split(".")[0] == "beckn_conformance" for name in names), path


def loaded(statement):
    """Names of the modules that a statement loads in a fresh interpreter."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300
    )
    return set(done.stdout.split())


def test_the_plugin_alone_loads_nothing_heavy():
    modules = loaded("import beckn_conformance.plugin")

    assert "beckn_conformance.plugin" in modules
    assert modules.isdisjoint(HEAVY)
    assert {name for name in modules if name.startswith("beckn_conformance.")} == {"beckn_conformance.plugin"}


def test_judging_loads_no_client():
    modules = loaded("import beckn_conformance.judging.judge, beckn_conformance.judging.outcome")

    assert modules.isdisjoint({"h11", "httpx", "pytest", "asyncio", "beckn_conformance.client.client"})


def test_the_names_of_the_operations_stand_in_one_module():
    names = {"Provider/signup", "Provider/get", "Provider/info/update", "Provider/documents/add"}
    found = {}
    for path in SOURCES:
        for node in ast.walk(tree(path)) if "Provider" in path.read_text(encoding="utf-8") else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
                found.setdefault(str(path.relative_to(PACKAGE)), set()).add(node.value)

    assert found == {"specification/actions.py": names}
