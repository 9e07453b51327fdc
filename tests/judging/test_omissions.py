"""Optional members that replies leave out are recorded, and judged by nobody."""

from beckn_conformance.judging.omissions import Omissions
from tests.exchanges import SPECIFICATION, Story, drop, nack


def noted(*acts):
    story = Story()
    story.signup()
    for act in acts:
        act(story)
    omissions = Omissions()
    omissions.observe(story.exchanges[1:], SPECIFICATION)
    assert story.findings() == []
    return omissions.note


def test_members_that_are_never_shown_are_named_once():
    def bare(body):
        body["api"]["status"] = None
        for document in body["documents"]:
            del document["id"], document["status"]

    def plain(story):
        story.get(change=bare)

    assert noted(plain, plain) == (
        "replies leave out Provider/get /api/status, Provider/get /documents/*/id, Provider/get /documents/*/status, "
        "which is allowed (recorded only)"
    )


def test_a_member_that_is_shown_at_times_is_not_named():
    assert noted(lambda story: story.get(change=drop("/api/status")), Story.get) == ""


def test_refusals_say_nothing_of_optional_members():
    assert noted(lambda story: story.call("Provider/get", {}, nack({"registration": "is missing"}))) == ""
