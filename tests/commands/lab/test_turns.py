"""Costly things are done one at a time for each account, and a few at a time for all."""

from __future__ import annotations

import contextlib

import pytest

from beckn_conformance.commands.lab.accounts import Account
from beckn_conformance.commands.lab.refusals import Conflict
from beckn_conformance.commands.lab.turns import AT_ONCE, Turns

ACCOUNTS = [Account(f"a{number}", "vendor") for number in range(AT_ONCE + 1)]


def test_an_account_has_one_turn_at_a_time() -> None:
    turns = Turns()
    with turns.taken(ACCOUNTS[0]):
        with pytest.raises(Conflict, match="for you"), turns.taken(ACCOUNTS[0]):
            pass
        with turns.taken(ACCOUNTS[1]):
            pass
    with turns.taken(ACCOUNTS[0]):
        pass


def test_a_few_accounts_have_turns_at_the_same_time() -> None:
    turns = Turns()
    with contextlib.ExitStack() as stack:
        for account in ACCOUNTS[:-1]:
            stack.enter_context(turns.taken(account))
        with pytest.raises(Conflict, match="too much"), turns.taken(ACCOUNTS[-1]):
            pass
    with turns.taken(ACCOUNTS[-1]):
        pass
