"""A small topology for the engine's own tests: transfers between accounts, booked in order.

`book` is a single writer whose state depends on the order of its input, so any record
lost, doubled or reordered shows in its table. `copy` is stateless and does to its process
what a record asks for.
"""

import os
import time
from typing import Any

from schemas import Event
from streams.outcome import Drop, Ok, Outcome
from streams.state.protocols import Origin, Table
from streams.topics import StateTopic, Topic
from streams.topology import Stage

__all__ = ["ACCOUNTS", "BALANCE", "BOOK", "COPIED", "COPY", "LEDGER", "RECEIPT", "TRANSFER", "Transfer"]


class Transfer(Event):
    """`number` identifies it; accounts belong to a `shard`; `trouble` is what `copy` shall run into."""

    number: int
    shard: int
    payer: int
    payee: int
    trouble: str = ""


class Receipt(Event):
    """Answer to a transfer: the payer's balance after it."""

    number: int
    balance: int


class Balance(Event):
    """An account as it stands."""

    account: int
    amount: int


class Copied(Event):
    """A transfer that went through `copy`."""

    number: int


class Accounts:
    """State of `book`: `a<account>` holds an amount, `t<number>` marks a transfer as booked."""

    def __init__(self, table: Table) -> None:
        self._table = table
        # An index in memory, as the real stages have: a function of the table alone.
        self._amounts = {key: int(value) for key, value in table.items() if key.startswith(b"a")}

    def booked(self, number: int) -> bool:
        return self._table.get(b"t%d" % number) is not None

    def mark(self, number: int) -> None:
        self._table.put(b"t%d" % number, b"1")

    def amount(self, account: int) -> int:
        return self._amounts.get(b"a%d" % account, 0)

    def add(self, account: int, amount: int) -> int:
        key = b"a%d" % account
        self._amounts[key] = self._amounts.get(key, 0) + amount
        self._table.put(key, b"%d" % self._amounts[key])
        return self._amounts[key]


def book(transfer: Transfer, accounts: Accounts, origin: Origin) -> Outcome:  # noqa: ARG001 - the signature of a stage
    """Move an amount that depends on the payee's balance: the order of transfers matters."""
    if accounts.booked(transfer.number):
        return Drop("redelivered")
    amount = 1 + accounts.amount(transfer.payee) % 7
    payer = accounts.add(transfer.payer, -amount)
    payee = accounts.add(transfer.payee, amount)
    accounts.mark(transfer.number)
    return Ok(
        (
            Receipt(number=transfer.number, balance=payer),
            Balance(account=transfer.payer, amount=payer),
            Balance(account=transfer.payee, amount=payee),
        )
    )


def copy(transfer: Transfer) -> Outcome:
    """Copy the number; or dawdle, hang, eat memory, die or fail, when told to."""
    if transfer.trouble == "slow":
        time.sleep(0.2)
    if transfer.trouble == "hang":
        time.sleep(3600)
    if transfer.trouble == "exit":
        os._exit(3)
    if transfer.trouble == "memory":
        raise OverflowError(len(bytearray(1 << 40)))
    if transfer.trouble == "bug":
        raise ZeroDivisionError(transfer.number)
    return Ok((Copied(number=transfer.number),))


def _number(value: Any) -> str:
    return str(value.number)


def _shard(value: Any) -> str:
    return str(value.shard)


def _account(value: Any) -> str:
    return str(value.account)


class LedgerTopic(Topic):
    """A topic of models that are no contracts."""

    @property
    def dataschema(self) -> str:
        return f"urn:newsloom:test:{self.model.__name__}"


TRANSFER = LedgerTopic("ledger.transfer.v1", Transfer, _shard, _number)
RECEIPT = LedgerTopic("ledger.receipt.v1", Receipt, _number, _number)
BALANCE = LedgerTopic("ledger.balance.v1", Balance, _account, _account, cleanup="compact")
COPIED = LedgerTopic("ledger.copied.v1", Copied, _number, _number)
ACCOUNTS = StateTopic("ledger.accounts.v1")

BOOK = Stage("book", TRANSFER, (RECEIPT, BALANCE), book, ACCOUNTS, Accounts)
COPY = Stage("copy", TRANSFER, (COPIED,), copy)
LEDGER = (BOOK, COPY)
