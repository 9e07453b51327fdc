"""What an update changes, what it leaves alone, and when it may be seen (R12, R19, Q14)."""

import pytest

from tests.exchanges import (
    CONFIG,
    INFO,
    PENDING,
    SIGNUP,
    Story,
    configured,
    nack,
    put,
    reply,
)
from tests.judging.stories import infos, requirements, shouted, signed_up

# Updates (R12, R19).


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
def test_an_update_that_is_seen_at_once_is_fine(updates):
    story = signed_up(configured(updates=updates))
    story.update()
    story.get()
    story.wait()
    story.get()
    story.update()
    story.get()

    assert story.findings() == []


def test_an_update_that_is_seen_late_is_a_finding_after_settle_only():
    story = signed_up()
    old = story.mine.info.copy()
    story.update()
    story.get(change=infos(old))
    assert story.findings() == []

    story.now += CONFIG.settle
    story.get(change=infos(old))
    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_an_update_whose_reply_shows_the_old_values_is_a_finding():
    story = signed_up()
    story.update(change=infos(story.mine.info))

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_a_deferred_update_may_be_applied_whenever_it_likes():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update(change=infos(old))
    story.get(change=infos(old))
    story.wait()
    story.get(change=infos(old))
    story.add(change=infos(old))
    story.get()
    story.add()

    assert story.findings() == []


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
@pytest.mark.parametrize("name", INFO)
def test_a_mix_of_old_and_new_values_is_a_finding(updates, name):
    story = signed_up(configured(updates=updates))
    old = story.mine.info[name]
    story.update()
    story.wait()
    story.get(change=put(f"/info/{name}", old))

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_a_mix_in_the_reply_to_the_update_itself_is_a_finding():
    story = signed_up()
    story.update(change=put("/info/phone", story.mine.info["phone"]))

    assert story.findings() == [("UPDATE-WHOLE", "/info/phone")]


def test_a_mix_of_two_updates_is_a_finding():
    story = signed_up()
    story.update()
    first = story.mine.info["email"]
    story.wait()
    story.update()
    story.wait()
    story.get(change=put("/info/email", first))

    assert requirements(story) == ["UPDATE-WHOLE"]


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
def test_values_that_were_seen_and_are_gone_again_are_a_finding(updates):
    story = signed_up(configured(updates=updates))
    old = story.mine.info.copy()
    story.update()
    story.wait()
    story.get()
    story.wait()
    story.get(change=infos(old))

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_a_deferred_update_may_come_and_go_within_settle_of_its_approval():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update()
    story.wait()
    story.get()
    story.get(change=infos(old))
    story.get()

    assert story.findings() == []


def test_values_may_come_and_go_within_settle():
    story = signed_up()
    old = story.mine.info.copy()
    story.update()
    story.get()
    story.get(change=infos(old))
    story.get()

    assert story.findings() == []


def test_another_value_in_the_reply_to_an_update_is_a_finding():
    story = signed_up()
    story.update(change=put("/info/name", "wrong"))

    assert story.findings() == [("UPDATE-ECHO", "/info/name")]


def test_another_form_in_the_reply_to_an_update_is_less_of_a_finding():
    story = signed_up()
    story.update(change=lambda body: shouted(body, "/info/email"))

    assert story.findings() == [("UPDATE-ECHO-EXACT", "/info/email")]


@pytest.mark.parametrize("call", ["get", "update"])
@pytest.mark.parametrize("pointer", ["/api/endpoint_url", "/documents/0/name", "/documents/0/data"])
def test_what_an_update_must_leave_alone_is_left_alone(call, pointer):
    story = signed_up()
    if call == "get":
        story.update()
        story.wait()
        story.get(change=put(pointer, "another.pdf"))
    else:
        story.update(change=put(pointer, "another.pdf"))

    assert story.findings() == [("UPDATE-KEEPS-REST", pointer)]


# Partial updates (Q14).


def test_a_partial_update_that_leaves_the_rest_as_it_is_is_fine():
    story = signed_up()
    story.update({"name": story.values.name()})
    story.wait()
    story.get()

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


@pytest.mark.parametrize("body", [{}, {"info": {"phone": "is missing"}}, {"registration": {"status": "UPDATE-FAIL"}}])
def test_a_partial_update_may_be_refused(body):
    story = signed_up()
    story.update({"name": story.values.name(), "phone": None}, answer=nack(body))
    story.wait()
    story.get()

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_partial_update_that_blanks_the_rest_is_a_finding(blank):
    story = signed_up()
    story.update({"name": story.values.name()}, change=put("/info/email", blank))
    story.wait()
    story.get(change=put("/info/email", blank))

    assert story.findings() == [("UPDATE-PARTIAL-KEPT", "/info/email")]


def test_a_partial_update_is_not_mixed_with_the_values_of_before():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({"name": story.values.name(), "phone": story.values.phone()})
    story.wait()
    story.get(change=put("/info/name", old["name"]))

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_a_partial_update_builds_on_the_update_before():
    story = signed_up()
    story.update()
    story.wait()
    story.update({"phone": story.values.phone()})
    story.wait()
    story.get()

    assert story.findings() == []


def test_a_refused_partial_update_that_is_kept_is_a_finding():
    story = signed_up()
    name = story.values.name()
    story.update({"name": name}, answer=nack({}))
    story.wait()
    story.get(change=put("/info/name", name))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info/name")]


def raced(story, first, second):
    """Two updates sent at the same time and acknowledged with nothing but what was sent."""
    start = story.now + 0.1
    old = story.mine.info.copy()
    for info, delay in ((first, 0.1), (second, 0.2)):
        story.update(info, at=start, seconds=delay, change=infos({**old, **info}))
    story.wait()
    return old


@pytest.mark.parametrize("partial_first", [True, False])
def test_a_partial_update_beside_a_whole_one_may_be_laid_over_it(partial_first):
    story = signed_up()
    whole, partial = story.values.info(), {"email": story.values.email()}
    raced(story, *((partial, whole) if partial_first else (whole, partial)))
    story.get(change=infos({**whole, **partial}))

    assert story.findings() == []


@pytest.mark.parametrize("winner", [0, 1])
def test_of_two_partial_updates_side_by_side_either_may_be_the_one_that_stays(winner):
    story = signed_up()
    partial = [{"email": story.values.email()}, {"phone": story.values.phone()}]
    old = raced(story, *partial)
    story.get(change=infos({**old, **partial[winner]}))

    assert story.findings() == []


def test_a_partial_update_may_be_laid_over_what_is_in_force_while_another_waits():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update(change=infos(old))
    story.wait()
    story.get(change=infos(old))
    email = story.values.email()
    story.update({"email": email}, change=infos(old))
    story.wait()
    story.get(change=infos({**old, "email": email}))

    assert story.findings() == []


@pytest.mark.parametrize("info", [None, "drop"])
def test_a_signup_without_an_info_declared_optional_is_judged(info):
    story = Story(configured(optional=("/info",)))
    body = story.values.signup()
    without = {k: v for k, v in body.items() if k != "info"} if info == "drop" else {**body, "info": None}
    shown = {**body, "registration": {"id": "7", "status": "NEW"}, "auth": {"token": "token-7", "exp": "never"}}
    for part in (shown["api"], *shown["documents"]):
        part["status"] = PENDING
    story.call(SIGNUP, without, reply(body=shown))

    assert story.findings() == []


# An update of nothing but the form.


def test_a_stale_read_before_an_update_of_the_form_alone_is_no_echo_of_it():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({**old, "name": old["name"].upper()})
    story.get(change=infos(old))
    story.wait()
    story.get()

    assert story.findings() == []


def test_an_update_of_the_form_alone_that_is_never_made_is_late():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({**old, "name": old["name"].upper()})
    story.wait()
    story.get(change=infos(old))

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]
