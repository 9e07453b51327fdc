"""Texts that Hypothesis draws from all characters."""

from hypothesis import strategies as st

CHARACTERS = st.characters(exclude_categories=["Cs"])
"""Those that ``st.text`` draws from. It finds them out by encoding each, which takes seconds in a new folder."""


def texts(**sizes):
    return st.text(CHARACTERS, **sizes)
