"""The specification page as it was published: what the schemas write, with its typing errors and its spacing."""

import re

from beckn_conformance.commands.spec.page import expected, writing
from beckn_conformance.specification.loading import load


def written(specification=None):
    """The page that ``spec page`` writes."""
    return writing.markdown(expected.build(specification or load()))


def published():
    """The page without the readings, and with three trailing commas and a misspelt word."""
    page, _, _ = written().partition("\n## Interpretation")
    page = re.sub(r"(?m)^\*\*(Header|Body):\*\*$", r"> **\1 :**", page)
    page = re.sub(r"(?m)^#### (Request Structure)$", r"#### \1 :", page)
    page = re.sub(r'"(id|name|data|status)": ', r'"\1" : ', page).replace("process", "procss")
    update, add = page.index("### 3. Update"), page.index("### 4. Add")
    head, third, fourth = page[:update], page[update:add], page[add:]
    third = re.sub(r"\}\n    \}\n\n$", "},\n    }\n\n", third)
    fourth = fourth.replace('zVkuD"\n', 'zVkuD",\n', 1)
    return head + third + re.sub(r"\]\n    \}\n$", "],\n    }\n", fourth)
