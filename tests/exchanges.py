"""Exchanges written down by hand: a story of calls to a fair gateway, whose replies a test changes."""

from __future__ import annotations

import copy
import dataclasses
import datetime
import itertools
import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, settings

from beckn_conformance.config.gateway import GatewayConfig
from beckn_conformance.judging.finding import NO_TEXTS, NOWHERE
from beckn_conformance.judging.judge import Judge
from beckn_conformance.judging.known import Known, KnownRegistrations
from beckn_conformance.judging.recogniser import Recogniser
from beckn_conformance.messages.binding import EnvelopeBinding, HttpBinding
from beckn_conformance.messages.exchange import Exchange, Message, Reply, Request, Trouble
from beckn_conformance.messages.values import Values
from beckn_conformance.record.rows import stimulus_of
from beckn_conformance.specification.loading import load

SIGNUP, GET = "Provider/signup", "Provider/get"
UPDATE, ADD = "Provider/info/update", "Provider/documents/add"
ACTIONS = (SIGNUP, GET, UPDATE, ADD)
INFO = ("name", "phone", "email", "company_id")

SPECIFICATION = load()
URL = "https://gw.example/api"
CONFIG = GatewayConfig(url=URL)
NOW = datetime.datetime(2026, 5, 4, 10, 0, 0, tzinfo=datetime.UTC).timestamp()
JSON = ("Content-Type", "application/json")
HTTP = HttpBinding()

PENDING, VERIFIED = "PENDING-VERIFICATION", "VERIFIED"

QUICK = settings(
    deadline=None, derandomize=True, database=None, max_examples=40, suppress_health_check=list(HealthCheck)
)


def configured(**declared):
    return dataclasses.replace(CONFIG, **declared)


def drawn(config=CONFIG, seed=1):
    return Values(SPECIFICATION, config, seed=seed, nonce=seed)


SHARED = drawn()
"""Draws for all stories, since what it needs of phone numbers takes a while to be found."""


def header(action, *, token="signup", at=NOW):
    """The three header members of a valid request; None leaves the token out."""
    moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
    members = {"Action": action, "Token": token, "Timestamp": f"{moment:%Y-%m-%dT%H:%M:%S}"}
    return {name: value for name, value in members.items() if value is not None}


def reply(
    action="ACK", body=None, *, status=None, message="text for a person", headers=None, content=None, binding=HTTP
):
    """A reply as a gateway writes it in a binding; None for action or message leaves it out."""
    if status is None:
        status = 400 if action == "NACK" else 200
    members = {k: v for k, v in (("action", action), ("message", message)) if v is not None}
    if isinstance(binding, EnvelopeBinding):
        whole = {binding.header: members, binding.body: body}
        text = json.dumps(whole).encode() if content is None else content
        return Reply(status, (JSON,) if headers is None else tuple(headers), text)
    fields = (*members.items(), JSON) if headers is None else tuple(headers)
    return Reply(status, fields, json.dumps(body).encode() if content is None else content)


def nack(body=None, **how):
    return reply("NACK", {} if body is None else body, **how)


def page(status, content=b"<html>no</html>", media="text/html"):
    """What a proxy or a framework answers before the gateway does."""
    return Reply(status, (("Content-Type", media),), content)


_numbers = itertools.count()


def exchange(
    action,
    body,
    answer,
    *,
    token="signup",
    header_changes=None,
    at=NOW,
    seconds=0.01,
    trouble="",
    purpose="",
    tags=(),
    about="",
    binding=HTTP,
    peer="",
):
    """One call and its reply; ``header_changes`` overrides header members, None leaves one out."""
    members = {**header(action, token=token, at=at), **(header_changes or {})}
    message = Message({k: v for k, v in members.items() if v is not None}, body)
    fields, content = binding.encode(message)
    return Exchange(
        id=f"x{next(_numbers)}",
        action=action,
        request=Request("POST", f"{peer or URL}/{action}", fields, content),
        sent=message if purpose in ("", "large") else None,
        reply=answer,
        received=binding.decode(answer) if answer is not None and not trouble else None,
        started=at,
        seconds=seconds,
        trouble=Trouble.read(trouble),
        purpose=purpose,
        stimulus=stimulus_of(purpose, tags),
        about=about,
        peer=peer,
    )


@dataclasses.dataclass
class Registered:
    """A registration as a fair gateway keeps it."""

    id: str
    token: str
    status: str
    info: dict[str, Any]
    documents: list[dict[str, Any]]
    api: dict[str, Any]

    def shown(self):
        """The body of a reply about it."""
        return copy.deepcopy(
            {
                "registration": {"id": self.id, "status": self.status},
                "info": self.info,
                "documents": self.documents,
                "api": self.api,
            }
        )

    def verify(self):
        """A person at the gateway verifies it with all its documents."""
        for document in self.documents:
            document["status"] = VERIFIED
        self.status = VERIFIED


Change = Callable[[Any], Any]


def _ack(story, body, change):
    """The reply of a story's gateway, with a change of its body if there is one."""
    altered = change(body) if change is not None else None
    return reply("ACK", body if altered is None else altered, binding=story.binding)


class Story:
    """Calls to a gateway in the order of sending, and what it replied.

    It replies as the page shows, unless a test says otherwise: ``change`` alters the body of the fair reply (in
    place, or by returning another), ``answer`` puts another reply in its place. The gateway takes what it
    acknowledges.
    """

    def __init__(self, config=CONFIG, binding=HTTP, specification=SPECIFICATION):
        self.config = config
        self.specification = specification
        self.values = SHARED
        self.binding = binding
        self.exchanges = []
        self.registrations = []
        self.now = NOW
        self._ids = itertools.count(1000001)

    @property
    def mine(self):
        return self.registrations[-1]

    def wait(self, seconds=60.0):
        """Lets time pass, by default until every change is settled."""
        self.now += seconds

    def keep(self, made):
        self.exchanges.append(made)
        if made.started + made.seconds > self.now:
            self.now = made.ended
        return made

    def call(self, action, body, answer, **how):
        """A call with a reply of the test's own."""
        how.setdefault("at", self.now + 0.1)
        how.setdefault("binding", self.binding)
        if action != SIGNUP and self.registrations:
            how.setdefault("token", self.mine.token)
        return self.keep(exchange(action, body, answer, **how))

    def signup(self, body=None, *, change=None, answer=None, id_=None, token=None, **how):
        body = self.values.signup(documents=2) if body is None else body
        number = next(self._ids)
        made = Registered(
            str(number) if id_ is None else id_,
            f"token-of-{number}" if token is None else token,
            "REGISTERED",
            copy.deepcopy(body["info"]),
            [{**d, "status": PENDING} for d in copy.deepcopy(body.get("documents") or [])],
            {**body["api"], "status": PENDING},
        )
        self.registrations.append(made)
        shown = {**made.shown(), "auth": {"token": made.token, "exp": "2027-01-01T00:00:00Z"}}
        for number_, document in enumerate(made.documents):
            document["id"] = f"{made.id}-{number_}"
        return self.call(SIGNUP, body, answer or _ack(self, shown, change), **how)

    def get(self, *, change=None, answer=None, of=None, **how):
        made = of or self.mine
        how.setdefault("token", made.token)
        return self.call(GET, {"registration": {"id": made.id}}, answer or _ack(self, made.shown(), change), **how)

    def look(self, **how):
        """Asks for the registration once every change is settled."""
        self.wait()
        return self.get(**how)

    def update(self, info=None, **how):
        info = self.values.info() if info is None else info

        def take(made):
            made.info = {**made.info, **{k: v for k, v in info.items() if v is not None}}

        return self._change(UPDATE, {"info": info}, take, **how)

    def add(self, documents=None, **how):
        documents = [self.values.document()] if documents is None else documents

        def take(made):
            made.documents += [{"id": f"d-{next(_numbers)}", **copy.deepcopy(d), "status": PENDING} for d in documents]

        return self._change(ADD, {"documents": documents}, take, **how)

    def _change(self, action, parts, take, *, change=None, answer=None, taken=True, of=None, **how):
        """A change of a registration; ``taken`` False has the gateway go on as if it had not been asked."""
        made = of or self.mine
        how.setdefault("token", made.token)
        if taken and answer is None:
            take(made)
            made.status = "UPDATE-PENDING"
        shown = made.shown()
        shown["registration"]["status"] = "UPDATE-PENDING"
        body = {"registration": {"id": made.id}, **parts}
        return self.call(action, body, answer or _ack(self, shown, change), **how)

    def judgements(self, **how):
        """What all exchanges so far bring, judged by a judge of their own."""
        judge = Judge(self.specification, self.config, **how)
        return [judgement for _, judgement in judge.judge_together(self.exchanges)]

    def told(self):
        """Findings, without those that only a whole run can tell."""
        found = (j.finding for j in self.judgements())
        return [finding for finding in found if finding is not None and finding.kind not in (NO_TEXTS, NOWHERE)]

    def findings(self):
        """Requirement and pointer of each finding, one after the other."""
        return [(finding.requirement, finding.pointer) for finding in self.told()]

    def met(self):
        """Requirements that were exercised without a finding."""
        judgements = self.judgements()
        return {j.requirement for j in judgements} - {j.requirement for j in judgements if j.finding}


def put(pointer, value):
    """A change of a reply's body: another value at a JSON Pointer."""

    def change(body):
        node, last = _parent(body, pointer)
        node[last] = value

    return change


def drop(pointer):
    """A change of a reply's body: a member or an item less."""

    def change(body):
        node, last = _parent(body, pointer)
        del node[last]

    return change


def _parent(body, pointer):
    *path, last = pointer.split("/")[1:]
    for part in path:
        body = body[int(part)] if isinstance(body, list) else body[part]
    return body, int(last) if isinstance(body, list) else last


def changed(body, *changes):
    """A copy of a body with changes made to it."""
    body = copy.deepcopy(body)
    for change in changes:
        change(body)
    return body


# Diagnosis.

OWNER, STRANGER = Known("r-1", "token-of-r-1"), Known("r-2", "token-of-r-2")


def acquainted(**how):
    """A gateway of which two registrations are known."""
    known = KnownRegistrations(**how)
    known.add(OWNER)
    known.add(STRANGER)
    return known


def diagnose(action, body, *, config=CONFIG, known=None, **how):
    """What a request deserved; what is known learns of it afterwards, as while a run is judged."""
    if action != SIGNUP:
        how.setdefault("token", OWNER.token)
    made = exchange(action, body, None, trouble="connection: none", **how)
    known = known or acquainted()
    diagnosis = Recogniser(SPECIFICATION, config).diagnose(made, known)
    known.learn(made, diagnosis.registration)
    return diagnosis


def verdict(diagnosis):
    """``valid``, ``unclear``, or the faults as pointer and kind."""
    if diagnosis.faults:
        return {(fault.pointer, fault.kind) for fault in diagnosis.faults}
    return "valid" if diagnosis.valid else "unclear"


def valid_bodies(values=None, documents=5):
    """A valid body of each operation, about OWNER."""
    values = values or drawn()
    reference = {"registration": {"id": OWNER.id}}
    return {
        SIGNUP: values.signup(documents=documents),
        GET: dict(reference),
        UPDATE: {**reference, "info": values.info()},
        ADD: {**reference, "documents": [values.document() for _ in range(documents)]},
    }
