"""Calls to a fair gateway, with one exchange in which something is different."""

from beckn_conformance.messages.binding import EnvelopeBinding
from tests.exchanges import ADD, GET, HTTP, SIGNUP, UPDATE, Story, changed

PREFIX = {SIGNUP: "SIGNUP", GET: "GET", UPDATE: "UPDATE", ADD: "DOCUMENTS"}
BOTH = [HTTP, EnvelopeBinding(), EnvelopeBinding("Header", "Body")]


def begun(**how):
    """A story in which every operation was served once; the last registration is settled, and no change of it waits."""
    story = Story(**how)
    story.signup()
    story.look()
    story.update()
    story.wait()
    story.add()
    story.wait()
    story.signup()
    story.wait()
    return story


def answered(action, answer, *, change=None, body=None, **how):
    """The findings on one more call: valid unless it is changed, answered as given."""
    story = begun()
    call(story, action, answer, change=change, body=body, **how)
    return story.findings()


def call(story, action, answer, *, change=None, body=None, **how):
    values = story.values
    reference = {"registration": {"id": story.mine.id}} if story.registrations else {}
    bodies = {
        SIGNUP: values.signup(documents=2),
        GET: reference,
        UPDATE: {**reference, "info": values.info()},
        ADD: {**reference, "documents": [values.document(), values.document()]},
    }
    body = bodies[action] if body is None else body
    for each in change if isinstance(change, list | tuple) else [change] if change else []:
        body = changed(body, each)
    return story.call(action, body, answer, **how)


def fair(story, action, **how):
    """A valid call with the fair reply."""
    return {SIGNUP: story.signup, GET: story.get, UPDATE: story.update, ADD: story.add}[action](**how)


def fairly(action, **how):
    story = begun()
    fair(story, action, **how)
    return story.findings()


def blame(action, pointer, text="is wrong"):
    """The body of a NACK with one message, in full length for lists."""
    body = {"registration": {"status": "UPDATE-FAIL"}} if action == UPDATE else {}
    parts = pointer.split("/")[1:]
    if parts[0] == "documents" and len(parts) > 1:
        items = [{}, {}]
        items[int(parts[1])] = {parts[2]: text} if len(parts) == 3 else text
        return {**body, "documents": items}
    if len(parts) == 1:
        return {**body, parts[0]: text}
    body[parts[0]] = {**body.get(parts[0], {}), parts[1]: text}
    return body
