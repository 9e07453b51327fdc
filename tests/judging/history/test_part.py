"""What ``info`` may show after updates, and when (R12, R19, Q14, X3)."""

import pytest

from tests.exchanges import CONFIG, INFO, PENDING, SIGNUP, UPDATE, Story, configured, drop, nack, put, reply
from tests.judging.stories import drawn, infos, looks, requirements, shouted, signed_up, updates_at_once

SETTLE = CONFIG.settle


DEFERRED = "deferred"
IMMEDIATE = "immediate"
ORDERS = [
    # Updates that are sent, values that are shown, and the finding. Updates have numbers; those in one word are sent at
    # the same time. 0 stands for the values of the signup. At | everything settles.
    (IMMEDIATE, "1", "1 | 1", None),
    (IMMEDIATE, "1", "0 1 0", None),
    (IMMEDIATE, "1", "| 0", "UPDATE-VISIBLE"),
    (IMMEDIATE, "1", "| 1 | 0", "UPDATE-STAYS"),
    (IMMEDIATE, "1 2", "| 1", "UPDATE-VISIBLE"),
    (IMMEDIATE, "12", "| 1 2 2", None),
    (IMMEDIATE, "12", "| 1 2 1", "UPDATE-STAYS"),
    (IMMEDIATE, "12", "| 1 | 2 | 1", "UPDATE-STAYS"),
    (IMMEDIATE, "12", "1 0 2 1 0 2 | 2 2", None),
    (IMMEDIATE, "123", "| 1 1", None),
    (IMMEDIATE, "123", "| 2 2", None),
    (IMMEDIATE, "123", "| 3 3", None),
    (DEFERRED, "1", "1 | 1", None),
    (DEFERRED, "1", "0 | 0 | 1", None),
    (DEFERRED, "1", "| 1 0 1", None),
    (DEFERRED, "1", "| 1 | 0", "UPDATE-STAYS"),
    (DEFERRED, "1", "| 0 | 1 | 0", "UPDATE-STAYS"),
    (DEFERRED, "12", "| 0 2 0 2 | 2 1 2 1", None),
    (DEFERRED, "12", "| 1 | 2 | 1", "UPDATE-STAYS"),
    (DEFERRED, "1 | 2 | 3 |", "0 | 3 | 1 | 2", None),
]


@pytest.mark.parametrize(("updates", "sent", "shown", "finding"), ORDERS)
def test_some_order_of_the_updates_explains_what_is_shown_or_none_does(updates, sent, shown, finding):
    story = signed_up(configured(updates=updates))
    story.get()
    values = [story.mine.info.copy(), *drawn(story, 3)]
    for word in sent.split():
        if word == "|":
            story.wait()
        else:
            updates_at_once(story, *(values[int(n)] for n in word), seen=updates == IMMEDIATE)
    for word in shown.split():
        if word == "|":
            story.wait()
        else:
            looks(story, values[int(word)])

    assert story.findings() == ([(finding, "/info")] if finding else [])


# In force or not.


def test_an_update_seen_in_the_race_that_a_write_back_undoes_is_a_finding():
    story = signed_up()
    old = story.mine.info.copy()
    start = story.now + 0.1
    story.update(at=start, seconds=0.1)
    story.get(at=start + 0.2)
    story.add(at=start, seconds=0.4, change=infos(old))
    story.wait()
    looks(story, old)

    assert story.findings() == [("UPDATE-STAYS", "/info")]


def test_an_update_lost_to_a_parallel_addition_is_late():
    story = signed_up()
    old = story.mine.info.copy()
    start = story.now + 0.1
    story.update(at=start, seconds=0.1)
    story.add(at=start, seconds=0.2, change=infos(old))
    story.wait()
    looks(story, old)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_values_of_before_meet_nothing_while_an_update_is_under_way():
    story = signed_up()
    old = story.mine.info.copy()
    story.update(at=story.now + 0.1, seconds=0.5)
    story.get(at=story.now - 0.3, change=infos(old))

    assert [j.obligation.operation for j in story.judgements() if j.requirement == "UPDATE-VISIBLE"] == [UPDATE]


def test_values_sent_again_are_those_of_the_last_time():
    story = signed_up()
    first, second = drawn(story, 2)
    for info in (first, second, first, second):
        story.update(info)
        story.wait()
        looks(story, info, info)

    assert story.findings() == []


def test_values_sent_again_are_not_seen_where_it_may_be_the_first_time_that_is_seen():
    story = signed_up()
    old, new = story.mine.info.copy(), story.values.info()
    story.update(new)
    start = story.now + 0.1
    story.get(at=start + 0.1, change=infos(old))
    story.update(old, at=start, seconds=0.5)
    story.wait()
    looks(story, new)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_an_update_back_to_earlier_values_that_is_not_made_is_late():
    story = signed_up()
    old, new = story.mine.info.copy(), story.values.info()
    story.update(new)
    story.wait()
    looks(story, new)
    story.update(old)
    story.wait()
    looks(story, new)

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_many_parallel_updates_are_all_candidates():
    story = signed_up()
    for _ in range(12):
        sent = drawn(story, 8)
        updates_at_once(story, *sent)
        story.wait()
        looks(story, sent[3])

    assert story.findings() == []
    assert "UPDATE-WHOLE" in story.met()


def test_an_update_whose_reply_shows_the_old_values_is_a_finding():
    story = signed_up()
    story.update(change=infos(story.mine.info))

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_a_stale_read_before_an_update_of_the_form_alone_is_no_echo_of_it():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({**old, "name": old["name"].upper()})
    story.get(change=infos(old))
    story.look()

    assert story.findings() == []


def test_an_update_of_the_form_alone_that_is_never_made_is_late():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({**old, "name": old["name"].upper()})
    story.look(change=infos(old))

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


# Mixes.


@pytest.mark.parametrize("updates", ["immediate", "deferred"])
@pytest.mark.parametrize("name", INFO)
def test_a_mix_of_old_and_new_values_is_a_finding(updates, name):
    story = signed_up(configured(updates=updates))
    old = story.mine.info[name]
    story.update()
    story.look(change=put(f"/info/{name}", old))

    assert story.findings() == [("UPDATE-WHOLE", f"/info/{name}")]


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
    story.look(change=put("/info/email", first))

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_half_an_update_in_a_read_beside_it_is_a_finding():
    story = signed_up()
    start, old, new = story.now + 0.1, story.mine.info.copy(), story.values.info()
    for kept in ("email", "phone"):
        story.get(at=start + 0.1, seconds=0.05, change=infos({**new, kept: old[kept]}))
    story.update(new, at=start, seconds=0.4)

    # Which values come first is a matter of luck.
    assert story.findings() == [("UPDATE-WHOLE", "/info")] * 2


def test_values_of_another_registration_are_a_finding():
    story = signed_up()
    story.signup()
    one, other = story.registrations
    start = story.now + SETTLE
    first, second = drawn(story, 2)
    story.update(first, of=one, at=start, seconds=0.1)
    story.update(second, of=other, at=start, seconds=0.1)
    story.look(of=one, change=infos(second))

    assert story.findings() == [("GET-ROUND-TRIP", "/info")]


# Other values.


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
        story.look(change=put(pointer, "another.pdf"))
    else:
        story.update(change=put(pointer, "another.pdf"))

    assert story.findings() == [("UPDATE-KEEPS-REST", pointer)]


def test_what_a_refused_update_blanks_is_put_down_to_the_update():
    story = signed_up()
    failed = {"registration": {"status": "UPDATE-FAIL"}, "info": {"phone": "is no number"}}
    story.update({"phone": "12"}, answer=nack(failed))
    story.look(change=put("/api/endpoint_url", ""))

    assert story.findings() == [("UPDATE-KEEPS-REST", "/api/endpoint_url")]


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


# Partial updates (Q14).


def test_a_partial_update_that_leaves_the_rest_as_it_is_is_fine():
    story = signed_up()
    story.update({"name": story.values.realistic.name()})
    story.look()

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


@pytest.mark.parametrize("body", [{}, {"info": {"phone": "is missing"}}, {"registration": {"status": "UPDATE-FAIL"}}])
def test_a_partial_update_may_be_refused(body):
    story = signed_up()
    story.update({"name": story.values.realistic.name(), "phone": None}, answer=nack(body))
    story.look()

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_partial_update_that_blanks_the_rest_is_a_finding(blank):
    story = signed_up()
    story.update({"name": story.values.realistic.name()}, change=put("/info/email", blank))
    story.look(change=put("/info/email", blank))

    assert story.findings() == [("UPDATE-PARTIAL-KEPT", "/info/email")]


@pytest.mark.parametrize("shown", [drop("/info/email"), put("/info/email", ""), None])
def test_an_update_without_an_optional_member_may_take_its_value_away(shown):
    story = signed_up(configured(optional=("/info/email",)))
    story.update({name: value for name, value in story.values.info().items() if name != "email"}, change=shown)
    story.look(change=shown)

    assert story.findings() == []
    assert "UPDATE-PARTIAL-KEPT" in story.met()


def test_a_partial_update_is_not_mixed_with_the_values_of_before():
    story = signed_up()
    old = story.mine.info.copy()
    story.update({"name": story.values.realistic.name(), "phone": story.values.realistic.phone()})
    story.look(change=put("/info/name", old["name"]))

    assert requirements(story) == ["UPDATE-WHOLE"]


def test_a_partial_update_builds_on_the_update_before():
    story = signed_up()
    story.update()
    story.wait()
    story.update({"phone": story.values.realistic.phone()})
    story.look()

    assert story.findings() == []


def test_a_refused_partial_update_that_is_kept_is_a_finding():
    story = signed_up()
    name = story.values.realistic.name()
    story.update({"name": name}, answer=nack({}))
    story.look(change=put("/info/name", name))

    assert story.findings() == [("UPDATE-NACK-UNCHANGED", "/info")]


def test_a_partial_update_lost_to_an_earlier_one_is_late():
    story = signed_up()
    old = story.mine.info.copy()
    first, second = {"email": story.values.realistic.email()}, {"phone": story.values.realistic.phone()}
    story.update(first)
    story.update(second, change=infos({**old, **first, **second}))
    story.wait()
    looks(story, {**old, **first})

    assert story.findings() == [("UPDATE-VISIBLE", "/info")]


def test_a_partial_update_may_be_laid_over_any_parallel_one():
    for over in (0, 1):
        story = signed_up()
        full, partial = story.values.info(), {"email": story.values.realistic.email()}
        updates_at_once(story, *((full, partial), (partial, full))[over])
        story.wait()
        looks(story, {**full, **partial})

        assert story.findings() == []


@pytest.mark.parametrize("winner", [0, 1])
def test_of_two_partial_updates_side_by_side_either_may_be_the_one_that_stays(winner):
    story = signed_up()
    partial = [{"email": story.values.realistic.email()}, {"phone": story.values.realistic.phone()}]
    old = story.mine.info.copy()
    updates_at_once(story, *partial)
    story.look(change=infos({**old, **partial[winner]}))

    assert story.findings() == []


def test_a_partial_update_may_be_laid_over_what_is_in_force_while_another_waits():
    story = signed_up(configured(updates="deferred"))
    old = story.mine.info.copy()
    story.update(change=infos(old))
    story.look(change=infos(old))
    email = story.values.realistic.email()
    story.update({"email": email}, change=infos(old))
    story.look(change=infos({**old, "email": email}))

    assert story.findings() == []


def test_so_many_partial_updates_that_anything_may_be_are_judged_by_nobody():
    story = signed_up()
    for number in range(20):
        story.update({INFO[number % 4]: story.values.info()[INFO[number % 4]]})
    story.wait()
    looks(story, {**story.mine.info, "name": "wrong"})

    assert story.findings() == []


# On record.


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (lambda name: "Kochi Water Metro", False),
        (lambda name: "東京メトロ", False),
        (lambda name: name[:-3], True),
        (lambda name: f"{name} &amp; more", True),
        (lambda name: f"ZÃ¼{name}", True),
        (lambda name: "?" + name[1:], True),
        (lambda name: "", True),
    ],
)
def test_a_recording_may_lack_the_update_that_sent_a_value_that_is_shown(shown, found):
    story = Story()
    story.signup()
    story.get(change=put("/info/name", shown(story.mine.info["name"])))

    assert any(judgement.finding for judgement in story.judgements())
    assert any(judgement.finding for judgement in story.judgements(closed=False)) is found


def test_an_update_that_is_on_record_shows_what_it_sent():
    story = Story()
    story.signup()
    story.update(change=put("/info/name", "Kochi Water Metro"))

    assert requirements(story) == ["UPDATE-ECHO"]
    assert any(judgement.finding for judgement in story.judgements(closed=False))
