"""The specification as data: operations, members, requirements and readings, loaded from schemas/."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, NoReturn

import jsonschema_rs

from ..errors import SpecificationError
from ..untrusted import patterns, reading, yaml_text

SIGNUP = "Provider/signup"
ANY = "any"
"""The kind of all valid values of a member whose schema names no kinds."""
JSON_TYPES = ("string", "number", "boolean", "array", "object", "null")
BASE = "json-schema:///gateway-registration/"
"""What the names of files are relative to: the same as in their ``$id``, so that references resolve anywhere."""
LARGEST_FILE: Final = 8 * reading.MB
MOST_FILES: Final = 300
MOST_MEMBERS: Final = 2000
"""Members of one request, those of parts that are referred to counted each time."""
DEEPEST: Final = 16
"""References in a row, and levels of members."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the calls of the specification."""

    key: str
    """Name of its schema files, such as ``info-update``."""
    action: str
    """Value of its Action header, such as ``Provider/info/update``."""
    prefix: str = ""
    """Beginning of the ids of its requirements, such as ``UPDATE``."""
    section: str = ""
    """Where the specification page has it, such as ``§3``."""

    @property
    def path(self) -> str:
        return "/" + self.action


@dataclass(frozen=True, slots=True)
class Selector:
    """Ties a requirement to members of a request and to kinds of faults there."""

    members: tuple[str, ...]
    strength: str
    """``must`` or ``should``: on which side of the border in the schemas it lies."""
    kinds: tuple[str, ...] = ()
    """Kinds of faults (``empty``, ``unknown`` …); none means every kind no other requirement names."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing a gateway is held to, as ``requirements.yaml`` has it."""

    id: str
    section: str
    level: str
    basis: str
    reading: tuple[str, ...]
    title: str
    text: str
    operations: tuple[str, ...]
    """Actions of the exchanges that are judged under it."""
    refuses: Selector | None = None
    accepts: Selector | None = None
    owns: tuple[str, ...] = ()
    """Members of the reply that it judges in place of the general requirement on the body."""
    needs: str = ""
    untestable: str = ""


@dataclass(frozen=True)
class Member:
    """One member of a request body, with everything the schemas say of its values.

    ``pointer`` is a JSON Pointer in which ``*`` stands for any index of a list.
    """

    pointer: str
    schema: Mapping[str, Any]
    required: bool
    nullable: bool

    @property
    def name(self) -> str:
        return self.pointer.rsplit("/", 1)[1]

    @property
    def parent(self) -> str:
        return self.pointer.rsplit("/", 1)[0]

    @cached_property
    def type(self) -> str:
        """The JSON type that is due, one of JSON_TYPES."""
        named = str(self.schema["type"])
        return "number" if named == "integer" else named

    @property
    def scalar(self) -> bool:
        """Whether its values have no members or items of their own."""
        return self.type not in ("object", "array")

    @cached_property
    def _validators(self) -> dict[str, Any]:
        proper = {key: value for key, value in self.schema.items() if not key.startswith("x-")}
        if self.type in ("object", "array"):
            proper = {"type": self.type}
        return {
            "proper": compile_schema(proper),
            **{
                key: compile_schema(self.schema[key])
                for key in ("x-safe", "x-safe-should", "x-should")
                if key in self.schema
            },
        }

    @cached_property
    def properties(self) -> frozenset[str]:
        """Names of the members of an object; none for other types."""
        return frozenset(self.schema.get("properties", ()))

    @cached_property
    def filled(self) -> str | None:
        """How firmly an object is to be refused that has none of its members; None where it may be empty."""
        strengths = {"must": self.schema, "should": self.schema.get("x-should", {})}
        return next((strength for strength, schema in strengths.items() if "minProperties" in schema), None)

    @cached_property
    def named_faults(self) -> Mapping[str, tuple[str, str]]:
        """Name and strength of each faulty text that the schemas list."""
        found: dict[str, tuple[str, str]] = {}
        for strength in ("must", "should"):
            for name, value in self.malformed(strength).items():
                if isinstance(value, str):
                    found.setdefault(value, (name, strength))
        return found

    def has_type(self, value: object) -> bool:
        return json_type(value) == self.type

    def tolerates(self, value: object) -> bool:
        """False for a value that a gateway MUST refuse."""
        return bool(self._validators["proper"].is_valid(value))

    def approves(self, value: object) -> bool:
        """False for a value that a gateway SHOULD refuse."""
        validator = self._validators.get("x-should")
        return validator is None or bool(validator.is_valid(value))

    def safe(self, value: object) -> bool:
        """True for a value that satisfies every reading, so that a gateway MUST accept it."""
        validator = self._validators.get("x-safe")
        return validator is None or bool(validator.is_valid(value))

    def nearly_safe(self, value: object) -> bool:
        """True for a value that a gateway SHOULD accept."""
        validator = self._validators.get("x-safe-should")
        return self.safe(value) or (validator is not None and bool(validator.is_valid(value)))

    def malformed(self, strength: str) -> Mapping[str, Any]:
        """Named faulty values of the member's own type, by the strength with which they must be refused."""
        found: Mapping[str, Any] = self.schema.get("x-malformed" if strength == "must" else "x-should-malformed", {})
        return found

    def variants(self, strength: str) -> Mapping[str, str]:
        """Named kinds of valid values as patterns, each of which is to be seen accepted; one for all that no schema
        tells apart."""
        found: Mapping[str, str] = self.schema.get("x-variants" if strength == "must" else "x-variants-should", {})
        return {ANY: ""} if not found and strength == "must" and self.scalar else found


@dataclass(frozen=True, slots=True)
class Acceptance:
    """That valid values of a member are accepted, in each of their kinds."""

    pointer: str
    requirement: str
    variants: tuple[tuple[str, patterns.Pattern], ...]
    """Obligation and pattern of every kind."""


def json_type(value: object) -> str:
    """The JSON type of a decoded value, one of JSON_TYPES."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
    return "object"


def _plain_name(value: str) -> bool:
    """Letters, marks and digits of any script, inner single spaces and common punctuation, in NFC (Q4)."""
    if not value or value != unicodedata.normalize("NFC", value) or value != value.strip(" ") or "  " in value:
        return False
    return all(c in " .&'()-," or (kind := unicodedata.category(c))[0] in "LM" or kind == "Nd" for c in value)


def _printable_name(value: str) -> bool:
    """The wider set of names: also other punctuation, symbols and emoji (Q4)."""
    if not value or value != unicodedata.normalize("NFC", value) or value != value.strip() or "  " in value:
        return False
    return all(c == " " or unicodedata.category(c)[0] in "LMNPS" for c in value)


@lru_cache(maxsize=4096)
def known_phone(value: str) -> bool:
    """A number that libphonenumber knows as valid, fifteen digits at most without the extension (Q6)."""
    import phonenumbers

    country, _, rest = value.partition("-")
    number = rest.partition("-")[0]
    if len(country) - 1 + len(number) > 15:
        return False
    try:
        parsed = phonenumbers.parse(country + number)
    except phonenumbers.NumberParseException:
        return False
    return str(parsed.country_code) == country[1:] and phonenumbers.is_valid_number(parsed)


def _pdf_or_jpeg(value: str) -> bool:
    """A PDF or a JPEG in standard base64 (Q9)."""
    import base64
    import binascii

    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return content.startswith((b"%PDF-", b"\xff\xd8\xff")) and base64.b64encode(content).decode() == value


FORMATS: dict[str, Callable[..., bool]] = {
    "plain-name": _plain_name,
    "printable-name": _printable_name,
    "known-phone": known_phone,
    "pdf-or-jpeg": _pdf_or_jpeg,
}


def compile_schema(schema: Mapping[str, Any], resources: Mapping[str, Any] | None = None) -> Any:
    """A validator of the canonical implementation, jsonschema-rs; references resolve among the resources.

    Raises SpecificationError for a schema that is none, leads elsewhere, or has a pattern that could take forever.
    """
    registry = None
    try:
        if resources is not None:
            texts = [(BASE + name, content) for name, content in resources.items()]
            registry = jsonschema_rs.Registry(texts, retriever=_elsewhere)
        return jsonschema_rs.Draft202012Validator(
            dict(schema),
            formats=FORMATS,
            validate_formats=True,
            registry=registry,
            retriever=_elsewhere,
            pattern_options=patterns.ENGINE,
        )
    except ValueError as error:
        raise SpecificationError(f"a schema cannot be used: {str(error).splitlines()[0][:300]}") from error


def _elsewhere(uri: str) -> NoReturn:
    """What a reference leads to outside of schemas/ is neither read nor fetched."""
    raise ValueError(f"{uri} is not among the files of schemas/")


def default_folder() -> Path:
    """schemas/ of the installed package, or of the checkout the package lies in."""
    package = Path(__file__).resolve().parent
    for folder in (package / "schemas", package.parent / "schemas"):
        if (folder / "requirements.yaml").is_file():
            return folder
    raise SpecificationError(f"schemas/ is found neither in {package} nor beside it; install the package again")


@dataclass(frozen=True, eq=False)
class Specification:
    """Everything in schemas/, read once; raises SpecificationError where it cannot be used."""

    folder: Path
    files: Mapping[str, Any]
    requirements: Mapping[str, Requirement]
    readings: Mapping[str, Mapping[str, Any]]
    operations: tuple[Operation, ...]
    digest: str
    title: str = "Beckn Gateway Registration API"
    source: str = "Beckn Gateway Registration API, draft page (beckn-gateway-registration-api.md)"
    _members: dict[str, tuple[Member, ...]] = field(default_factory=dict, repr=False)

    def operation(self, action: str) -> Operation:
        return next(o for o in self.operations if o.action == action)

    def members(self, action: str) -> tuple[Member, ...]:
        """The members of an operation's request body, parents before children."""
        if action not in self._members:
            schema = self.files[f"{self.operation(action).key}.request.json"]
            self._members[action] = self._all_members(schema)
        return self._members[action]

    @cached_property
    def places(self) -> frozenset[str]:
        """Where a finding can be, with ``*`` for any index: bodies as a whole, their members, members of headers."""
        bodies = (self.files[f"{o.key}.{kind}.json"] for o in self.operations for kind in ("request", "ack"))
        headers = (name for kind in ("request", "reply") for name in self.files[f"header.{kind}.json"]["properties"])
        members = {member.pointer for body in bodies for member in self._all_members(body)}
        return frozenset({"", *members, *(f"header:{name}" for name in headers)})

    def children(self, action: str, pointer: str) -> tuple[Member, ...]:
        """The members of an object in an operation's request body; those of the body itself for ""."""
        return _children(self, action, pointer)

    @cached_property
    def info_names(self) -> tuple[str, ...]:
        """Names of the members of ``info``, as a signup has them."""
        return tuple(member.name for member in self.children(SIGNUP, "/info"))

    @cached_property
    def document_names(self) -> tuple[str, ...]:
        """Names of the members of a document, as a signup has them."""
        return tuple(member.name for member in self.children(SIGNUP, "/documents/*"))

    @cached_property
    def unchanging(self) -> tuple[str, ...]:
        """Pointers of what a signup says once and for all: values outside of ``info`` and of lists."""
        return tuple(
            member.pointer
            for member in self.members(SIGNUP)
            if member.scalar and "*" not in member.pointer and not member.pointer.startswith("/info/")
        )

    def top_members(self, action: str) -> frozenset[str]:
        """Names of the members of an operation's request body itself."""
        return _top_members(self, action)

    def resolve(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
        """Follows $ref, and anyOf with null; returns the schema meant and whether null is allowed."""
        nullable = False
        for _ in range(DEEPEST):
            if "$ref" in schema:
                schema = {**self.target(schema["$ref"]), **{k: v for k, v in schema.items() if k != "$ref"}}
            elif "anyOf" in schema:
                (chosen,) = (option for option in schema["anyOf"] if option.get("type") != "null")
                nullable = len(schema["anyOf"]) > 1
                schema = {**chosen, **{k: v for k, v in schema.items() if k != "anyOf"}}
            else:
                return schema, nullable
        raise SpecificationError(f"{self.folder}: a schema has more than {DEEPEST} references in a row")

    def target(self, reference: str) -> Mapping[str, Any]:
        """The schema that a $ref of any of the files leads to."""
        file, _, pointer = reference.partition("#")
        node: Any = self.files[file or "common.json"]
        for part in pointer.strip("/").split("/") if pointer else ():
            node = node[part]
        return dict(node)

    def _all_members(self, schema: Mapping[str, Any]) -> tuple[Member, ...]:
        """The members of a body; raises SpecificationError for schemas that refer to each other without end."""
        found = tuple(itertools.islice(self._walk(schema, "", DEEPEST), MOST_MEMBERS + 1))
        if len(found) > MOST_MEMBERS:
            raise SpecificationError(f"{self.folder}: a body has more than {MOST_MEMBERS} members")
        return found

    def _walk(self, schema: Mapping[str, Any], pointer: str, room: int) -> Iterator[Member]:
        if not room:
            raise SpecificationError(f"{self.folder}: the members of {pointer[:80]} are nested too deeply")
        schema, _ = self.resolve(schema)
        required = schema.get("required", ())
        for name, child in schema.get("properties", {}).items():
            resolved, nullable = self.resolve(child)
            yield Member(f"{pointer}/{name}", resolved, name in required, nullable)
            yield from self._walk(resolved, f"{pointer}/{name}", room - 1)
        if "items" in schema:
            resolved, nullable = self.resolve(schema["items"])
            yield Member(f"{pointer}/*", resolved, False, nullable)
            yield from self._walk(resolved, f"{pointer}/*", room - 1)

    def reply_schema(self, action: str, kind: str) -> Any:
        """The validator of an ``ack`` or ``nack`` body of an operation."""
        return self.validator(f"{self.operation(action).key}.{kind}.json")

    def validator(self, reference: str) -> Any:
        """The validator of a schema of the files, such as ``get.ack.json`` or ``catalogue.json#/$defs/page``."""
        return _validator(self, reference)

    def requirement_for_fault(self, action: str, member: str, kind: str, strength: str) -> Requirement | None:
        """The requirement that a request with this fault is refused, or None where nobody is held to it."""
        general = None
        for requirement in self._refusals(action):
            selector = requirement.refuses
            assert selector is not None
            if member not in selector.members or selector.strength != strength:
                continue
            if kind in selector.kinds or kind.partition(":")[0] in selector.kinds:
                return requirement
            if not selector.kinds:
                general = requirement
        return general

    def requirement_for_acceptance(self, action: str, member: str, strength: str) -> Requirement | None:
        """The requirement that valid values of this member are accepted, if it has one of its own."""
        return _acceptances(self).get((action, member, strength))

    def acceptances(self, action: str) -> tuple[Acceptance, ...]:
        """The kinds of valid values that are to be seen accepted, member by member."""
        return _acceptances_of(self, action)

    def replies_owned(self, action: str) -> tuple[str, ...]:
        """The requirements on the body of an operation's ACK: the general one, and those of single members."""
        return _replies_owned(self, action)

    def _refusals(self, action: str) -> tuple[Requirement, ...]:
        return _refusals_of(self, action)

    def prefix(self, action: str) -> str:
        """First word of the ids of an operation's requirements, such as ``UPDATE``."""
        return self.operation(action).prefix

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Specification) and self.digest == other.digest


@lru_cache(maxsize=64)
def _validator(specification: Specification, reference: str) -> Any:
    return compile_schema({"$ref": BASE + reference}, specification.files)


@lru_cache(maxsize=256)
def _children(specification: Specification, action: str, pointer: str) -> tuple[Member, ...]:
    return tuple(member for member in specification.members(action) if member.parent == pointer)


@lru_cache(maxsize=8)
def _acceptances(specification: Specification) -> dict[tuple[str, str, str], Requirement]:
    found: dict[tuple[str, str, str], Requirement] = {}
    for requirement in specification.requirements.values():
        if requirement.accepts is not None:
            for action in requirement.operations:
                for member in requirement.accepts.members:
                    found.setdefault((action, member, requirement.accepts.strength), requirement)
    return found


@lru_cache(maxsize=64)
def _top_members(specification: Specification, action: str) -> frozenset[str]:
    return frozenset(member.pointer.split("/")[1] for member in specification.members(action))


@lru_cache(maxsize=64)
def _acceptances_of(specification: Specification, action: str) -> tuple[Acceptance, ...]:
    return tuple(
        Acceptance(
            member.pointer,
            requirement.id,
            tuple(
                (f"{action} {member.pointer} {name}", _pattern(member, name, text))
                for name, text in member.variants(strength).items()
            ),
        )
        for member in specification.members(action)
        for strength in ("must", "should")
        if (requirement := specification.requirement_for_acceptance(action, member.pointer, strength)) is not None
    )


def _pattern(member: Member, name: str, text: str) -> patterns.Pattern:
    try:
        return patterns.pattern(text)
    except patterns.PatternError as error:
        raise SpecificationError(f"{member.pointer}: the pattern of {name} cannot be used: {error}") from error


@lru_cache(maxsize=64)
def _replies_owned(specification: Specification, action: str) -> tuple[str, ...]:
    general = f"{specification.prefix(action)}-BODY"
    owners = (r.id for r in specification.requirements.values() if action in r.operations and r.owns)
    return tuple(dict.fromkeys((general, *owners)))


@lru_cache(maxsize=64)
def _refusals_of(specification: Specification, action: str) -> tuple[Requirement, ...]:
    return tuple(r for r in specification.requirements.values() if r.refuses and action in r.operations)


def _requirement(row: Mapping[str, Any], actions: Mapping[str, str]) -> Requirement:
    values = dict(row)
    for key in ("refuses", "accepts"):
        if key in values:
            selector = values[key]
            values[key] = Selector(tuple(selector["members"]), selector["strength"], tuple(selector.get("kinds", ())))
    for key in ("reading", "owns"):
        values[key] = tuple(values.get(key, ()))
    try:
        values["operations"] = tuple(actions[name] for name in values["operations"])
        return Requirement(**values)
    except (KeyError, TypeError) as error:
        raise SpecificationError(f"requirements.yaml: {row.get('id', row)}: {error}") from error


def _check_catalogue(files: Mapping[str, Any]) -> None:
    """Holds requirements and readings against their own schema."""
    schema = files.get("catalogue.json")
    if not isinstance(schema, dict):
        raise SpecificationError("catalogue.json is missing")
    ids = (
        [row.get("id") for row in files["requirements.yaml"] or () if isinstance(row, dict)]
        if isinstance(files["requirements.yaml"], list)
        else []
    )
    if twice := sorted(id_ for id_, number in Counter(map(str, ids)).items() if number > 1):
        raise SpecificationError(f"requirements.yaml: more than one entry for {', '.join(twice)}")
    for name in ("operations", "requirements", "readings"):
        validator = compile_schema({"$ref": f"#/$defs/{name}", "$defs": schema.get("$defs")})
        for error in validator.iter_errors(files.get(f"{name}.yaml")):
            path = list(error.instance_path)
            entry = files[f"{name}.yaml"][path[0]] if path and isinstance(path[0], int) else None
            place = (
                [str(entry.get("id", path[0]) if isinstance(entry, dict) else path[0]), *map(str, path[1:])]
                if path
                else []
            )
            raise SpecificationError(f"{name}.yaml: {'/'.join(place) or 'the file'}: {error.message[:300]}")


_chosen: Path | None = None


def choose(folder: Path | None) -> None:
    """Makes ``load`` read a changed copy of schemas/ from here on, as it is now; None goes back to the kit's own."""
    global _chosen
    if folder is not None:
        _load.cache_clear()
    _chosen = folder.resolve() if folder is not None else None


def load(folder: Path | None = None) -> Specification:
    """Reads schemas/ (or a changed copy of it) once; raises SpecificationError naming the file at fault."""
    return _load(folder.resolve() if folder is not None else _chosen or _shipped())


@lru_cache(maxsize=1)
def _shipped() -> Path:
    return default_folder().resolve()


def shipped() -> Specification:
    """The kit's own data, whichever copy is judged by: its own files have the form that this says."""
    return _load(_shipped())


def misfit(value: Any, reference: str) -> str:
    """In what a value has not the form that a schema of the kit's own files says, such as ``report.json``; empty where
    it has."""
    validator = shipped().validator(reference)
    try:
        error = None if validator.is_valid(value) else next(validator.iter_errors(value))
    except UnicodeEncodeError:
        # Ids of hostile gateways can hold half a character, which no validator takes.
        error = next(iter(validator.iter_errors(_whole(value))), None)
    if error is None:
        return ""
    place = "/".join(map(str, error.instance_path))
    return f"{place[:200]}: {error.message[:200]}" if place else str(error.message)[:200]


def _whole(value: Any) -> Any:
    """A value with something in the place of half characters."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(child) for key, child in value.items()}
    return [_whole(child) for child in value] if isinstance(value, list) else value


def paths(folder: Path) -> list[Path]:
    """The files of a copy of schemas/, in their order; raises SpecificationError for a folder that is none."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if Path(entry.name).suffix in (".json", ".yaml"))
    except OSError as error:
        raise SpecificationError(f"{folder} cannot be read: {error.strerror}") from error
    if len(names) > MOST_FILES:
        raise SpecificationError(f"{folder} holds more than {MOST_FILES} files of schemas")
    return [folder / name for name in names]


def parsed(path: Path, content: bytes) -> Any:
    """The value in a file of JSON or YAML; raises SpecificationError with file and line."""
    try:
        if path.suffix == ".json":
            return reading.json_value(content)
        return yaml_text.read(content.decode("utf-8-sig")).value
    except json.JSONDecodeError as error:
        raise SpecificationError(f"{path}, line {error.lineno}: no JSON: {error.msg}") from error
    except yaml_text.YamlError as error:
        raise SpecificationError(f"{path}, line {error.line}: {error}") from error
    except ValueError as error:
        raise SpecificationError(f"{path}: {error}") from error


@lru_cache(maxsize=4)
def _load(folder: Path) -> Specification:
    digest = hashlib.sha256()
    files: dict[str, Any] = {}
    for path in paths(folder):
        content = reading.content(path, most=LARGEST_FILE, below=folder)
        digest.update(path.name.encode() + b"\0" + content)
        if path.name != "openapi.yaml":
            files[path.name] = parsed(path, content)
    if "requirements.yaml" not in files or "common.json" not in files:
        raise SpecificationError(f"{folder} holds no requirements.yaml and common.json")
    _check_catalogue(files)
    operations = tuple(Operation(**row) for row in files["operations.yaml"])
    actions = {operation.key: operation.action for operation in operations}
    rows = [_requirement(row, actions) for row in files["requirements.yaml"]]
    requirements = {row.id: row for row in rows}
    readings = {row["number"]: row for row in files["readings.yaml"]["readings"]}
    for row in rows:
        if unknown := sorted(set(row.reading) - set(readings)):
            raise SpecificationError(
                f"requirements.yaml: {row.id} cites {unknown[0]}, which readings.yaml does not have"
            )
    return Specification(folder, files, requirements, readings, operations, digest.hexdigest())
