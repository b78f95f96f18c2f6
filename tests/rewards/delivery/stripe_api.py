"""A stand-in for the part of Stripe's API that is used here, over real HTTP, with the faults that it may have.

It keeps to what Stripe documents: the shapes of a customer balance transaction, of lists and of errors; that a key is
answered as it was the first time, an error 500 too; that a balance is below zero in the customer's favour, is used
when a draft is finalised and comes back when an invoice is voided.
"""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY, READER = "rk_test_ofFinance", "rk_test_thatMayOnlyRead"
Object = dict[str, Any]


class Fault(Enum):
    """What happens to one request that would change something."""

    LOST_ANSWER = auto()  # done, and nobody hears of it
    LOST_REQUEST = auto()
    ERROR_AFTER = auto()  # 500, though it was done; remembered under the key
    ERROR_BEFORE = auto()  # 500, nothing done; remembered under the key
    OVERLOADED = auto()  # 503 before anything was looked at
    TOO_MANY = auto()  # 429 with Retry-After
    CONFLICT = auto()  # 409: another request under this key is under way


@dataclass
class StripeStandIn:
    """What stands there: balance transactions by customer, the oldest first; and invoices by id."""

    address: str = ""
    keys: set[str] = field(default_factory=lambda: {KEY})
    transactions: dict[str, list[Object]] = field(default_factory=dict)
    invoices: dict[str, Object] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    clock: Callable[[], int] = field(default=lambda: int(time.time()))
    _remembered: dict[str, tuple[dict[str, list[str]], int, Object]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def customer(self, name: str) -> None:
        self.transactions.setdefault(name, [])

    def balance(self, customer: str) -> int:
        return sum(t["amount"] for t in self.transactions[customer])

    def ours(self, customer: str) -> list[int]:
        """The amounts of what was asked for over the API, the oldest first."""
        return [t["amount"] for t in self.transactions[customer] if t["type"] == "adjustment"]

    def draft(self, invoice_id: str, total: int, customer: str = "cus_1", **more: Any) -> Object:
        self.customer(customer)
        self.invoices[invoice_id] = {
            "object": "invoice",
            "id": invoice_id,
            "customer": customer,
            "status": "draft",
            "number": None,
            "currency": "usd",
            "total": total,
            "amount_paid": 0,
            "attempt_count": 0,
            "billing_reason": "subscription_cycle",
            "created": self.clock(),
            "ending_balance": None,
            "status_transitions": {"finalized_at": None, "paid_at": None},
        } | more
        return self.shown(invoice_id)

    def finalise(self, invoice_id: str) -> Object:
        invoice = self.invoices[invoice_id]
        customer, before = invoice["customer"], self.balance(invoice["customer"])
        used = min(max(-before, 0), invoice["total"])
        if used:
            self._add(customer, used, "usd", "applied_to_invoice", invoice=invoice_id)
        invoice["status_transitions"]["finalized_at"] = self.clock()
        invoice |= {"status": "open" if invoice["total"] > used else "paid", "number": f"A-{invoice_id}"}
        invoice |= {"starting_balance": before, "ending_balance": self.balance(customer)}
        return self.shown(invoice_id)

    def void(self, invoice_id: str) -> Object:
        """Void it, or delete it while it is a draft."""
        invoice = self.invoices[invoice_id]
        if invoice["status"] != "draft":
            customer = invoice["customer"]
            used = [t["amount"] for t in self.transactions[customer] if t["invoice"] == invoice_id]
            if sum(used):
                self._add(customer, -sum(used), "usd", "unapplied_from_invoice", invoice=invoice_id)
            invoice["status"] = "void"
        return self.shown(invoice_id)

    def shown(self, invoice_id: str) -> Object:
        invoice = dict(self.invoices[invoice_id])
        before = invoice.get("starting_balance", self.balance(invoice["customer"]))
        return invoice | {"starting_balance": before, "amount_due": max(invoice["total"] + min(before, 0), 0)}

    def answer(self, method: str, target: str, key: str, idempotency: str, form: str) -> tuple[int, Object] | None:
        """Status and body of one request; None when the line is cut instead."""
        parts = urlsplit(target)
        _, _, _, customer, what = parts.path.split("/")
        if key not in self.keys | {READER}:
            return 401, _error("Invalid API Key provided: rk_****", "invalid_request_error")
        if what != "balance_transactions" or (method == "POST" and key == READER):
            return 403, _error("The provided key does not have the required permissions.", "invalid_request_error")
        with self._lock:
            if method == "GET":
                return self._list(customer, parse_qs(parts.query))
            return self._post(customer, idempotency, parse_qs(form))

    def _post(self, customer: str, idempotency: str, form: dict[str, list[str]]) -> tuple[int, Object] | None:
        self.posted.append(idempotency)
        fault = self.faults.pop(0) if self.faults else None
        if fault is Fault.LOST_REQUEST:
            return None
        if fault is Fault.OVERLOADED:
            return 503, _error("Overloaded", "api_error")
        if fault is Fault.TOO_MANY:
            return 429, _error("Too many requests", "invalid_request_error", "rate_limit")
        if fault is Fault.CONFLICT:
            return 409, _error("There is currently another in-progress request", "idempotency_error")
        if idempotency in self._remembered:
            known, status, body = self._remembered[idempotency]
            if known != form:
                return 400, _error("Keys can only be used with the same parameters.", "idempotency_error")
            return status, body
        if customer not in self.transactions:
            return 404, _error(f"No such customer: '{customer}'", "invalid_request_error", "resource_missing")
        if fault is Fault.ERROR_BEFORE:
            told = 500, _error("An unknown error occurred", "api_error")
        else:
            mark = {k[9:-1]: v[0] for k, v in form.items() if k.startswith("metadata[")}
            words, amount, currency = form["description"][0], int(form["amount"][0]), form["currency"][0]
            made = self._add(customer, amount, currency, "adjustment", metadata=mark, description=words)
            told = 200, made
            if fault is Fault.ERROR_AFTER:
                told = 500, _error("An unknown error occurred", "api_error")
        self._remembered[idempotency] = (form, *told)
        return None if fault is Fault.LOST_ANSWER else told

    def _list(self, customer: str, query: dict[str, list[str]]) -> tuple[int, Object]:
        found = list(reversed(self.transactions.get(customer, [])))
        after = query.get("starting_after", [""])[0]
        if after:
            found = found[[t["id"] for t in found].index(after) + 1 :]
        most = int(query.get("limit", ["10"])[0])
        return 200, {"object": "list", "url": "/v1", "data": found[:most], "has_more": len(found) > most}

    def _add(self, customer: str, amount: int, currency: str, kind: str, **more: Any) -> Object:
        held = self.transactions[customer]
        made = {
            "object": "customer_balance_transaction",
            "id": f"cbtxn_{customer}_{len(held)}",
            "amount": amount,
            "checkout_session": None,
            "created": self.clock(),
            "credit_note": None,
            "currency": currency,
            "customer": customer,
            "customer_account": None,
            "description": None,
            "ending_balance": self.balance(customer) + amount,
            "invoice": None,
            "livemode": False,
            "metadata": {},
            "type": kind,
        } | more
        held.append(made)
        return made


def _error(message: str, kind: str, code: str | None = None) -> Object:
    return {"error": {"message": message, "type": kind} | ({"code": code} if code else {})}


@contextmanager
def serving() -> Iterator[StripeStandIn]:
    """A stand-in that answers on a port of this machine."""
    stripe = StripeStandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

        def do_GET(self) -> None:  # noqa: N802
            self._answer("")

        def _answer(self, form: str) -> None:
            key = self.headers["Authorization"].removeprefix("Bearer ")
            told = stripe.answer(self.command, self.path, key, self.headers.get("Idempotency-Key", ""), form)
            if told is None:
                self.close_connection = True
                return
            status, body = told
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            # Said, so that a line that is closed already is not taken for one that can be used.
            self.send_header("Connection", "close")
            if status == 429:
                self.send_header("Retry-After", "700")
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stripe.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stripe
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
