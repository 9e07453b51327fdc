"""Beginnings of stories about one registration, and the requirements that their findings come under."""

import copy

from tests.exchanges import CONFIG, Story, put


def signed_up(config=CONFIG):
    story = Story(config)
    story.signup()
    story.wait()
    return story


def beside_an_untouched_one(config=CONFIG):
    """A registration beside another one that was sent nothing for long, and still has the statuses of its signup."""
    story = Story(config)
    story.signup()
    story.wait(3600)
    story.get()
    story.signup()
    story.wait()
    return story


def infos(info):
    """A change of a reply's body: the values of info."""
    return put("/info", copy.deepcopy(info))


def drawn(story, count):
    return [story.values.info() for _ in range(count)]


def updates_at_once(story, *sent, seen=True):
    """Updates sent at the same moment, each acknowledged with its own values; with those of before if not ``seen``."""
    start, old = story.now + 0.1, story.mine.info.copy()
    for place, info in enumerate(sent):
        shown = {**old, **info} if seen else old
        story.update(info, at=start, seconds=0.1 * (place + 1), change=infos(shown))
    if not seen:
        story.mine.info = old


def looks(story, *shown):
    """Provider/gets one right after the other, with what each shows."""
    for info in shown:
        story.get(change=infos(info))


def drop_named(body, name):
    body["documents"] = [document for document in body["documents"] if document["name"] != name]


def requirements(story):
    return [requirement for requirement, _ in story.findings()]


def shouted(body, pointer):
    """The body with a text in capitals."""
    value = body
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    put(pointer, value.upper())(body)


def left(story, requirement):
    """Findings that nothing else in the story takes back."""
    judgements = [j for j in story.judgements() if j.requirement == requirement]
    exercised = {j.obligation for j in judgements if not j.finding}
    return [j.finding for j in judgements if j.finding and exercised.isdisjoint(j.finding.unless)]
