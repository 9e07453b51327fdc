"""Beginnings of stories about one registration, and the requirements that their findings come under."""

import copy

from tests.exchanges import (
    CONFIG,
    Story,
    put,
)


def signed_up(config=CONFIG):
    story = Story(config)
    story.signup()
    story.wait()
    return story


def infos(info):
    """A change of a reply's body: the values of info."""
    return put("/info", copy.deepcopy(info))


def requirements(story):
    return [requirement for requirement, _ in story.findings()]


def shouted(body, pointer):
    """The body with a text in capitals."""
    value = body
    for part in pointer.split("/")[1:]:
        value = value[int(part)] if isinstance(value, list) else value[part]
    put(pointer, value.upper())(body)
