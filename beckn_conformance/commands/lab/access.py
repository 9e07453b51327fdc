"""Decides what an account may see: a vendor its own gateways and runs, an officer all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from .accounts import Account
from .refusals import NO_GATEWAY, NO_RUN, NotFound
from .store import Gateway, Run, Store

Row = TypeVar("Row", Gateway, Run)


def gateway(store: Store, account: Account, id_: str) -> Gateway:
    """Returns a gateway. Raises NotFound, also for another vendor's."""
    return _seen(store.get(Gateway, id_), account, NO_GATEWAY)


def run(store: Store, account: Account, id_: str) -> Run:
    """Returns a run. Raises NotFound, also for another vendor's."""
    return _seen(store.get(Run, id_), account, NO_RUN)


def own(account: Account) -> Mapping[str, str]:
    """Returns the columns, with their values, of the rows that an account may see."""
    return {} if account.officer else {"owner": account.name}


def _seen(row: Row | None, account: Account, missing: str) -> Row:
    if row is None or not (account.officer or row.owner == account.name):
        raise NotFound(missing)
    return row
