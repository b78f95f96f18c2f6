"""The pages that the benchmark asks for, once the models can be imported."""

from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import QuerySet
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.book.queries import book
from accounts.book.rules import SORTS as BOOK_SORTS
from accounts.facts.verbs import refresh
from loyalty.core.keyset import page_of
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.counting import view_counts
from rewards.approvals.listing import PAGE_SIZE, SHOWN, VIEWS, Filters, in_view, listed
from rewards.offers.models import Offer
from tests.benchmarks.pages import Asked
from tests.factories import OfferFactory, PersonFactory

MIDDLE = 2


def set_the_stage(managers: int) -> list[int]:
    """The people of CS, and the offer after whose pattern all are made; facts of today can be kept."""
    people = PersonFactory.create_batch(managers, functions=[Function.CS])
    offer = OfferFactory(functions=[Function.CS], state="rejected")
    today = datetime.now(UTC).date()
    refresh([offer.account_id], today, today, follow=False)
    return [person.pk for person in people]


def pattern_offer() -> int:
    """The offer after whose pattern all are made."""
    return Offer.objects.order_by("pk").values_list("pk", flat=True)[0]


def open_the_door(person: int) -> Client:
    """A browser that the person is signed in to."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=person))
    return client


def statements_of(client: Client, path: str) -> list[str]:
    """What the page asks the database, without what only opens and closes transactions."""
    client.get(path, secure=True)
    with CaptureQueriesContext(connection) as asked:
        client.get(path, secure=True)
    return [query["sql"] for query in asked.captured_queries if query["sql"].startswith("SELECT")]


def asked(person: int) -> list[Asked]:
    """My book and my function's queue from the start, and both lists from the middle."""
    user = User.objects.get(pk=person)
    mine, own_book = Filters("mine"), Filters("book")
    accounts = book()
    return [
        _queue("my book, first page", "?view=book", user, own_book, 1),
        _queue("my function, first page", "?view=mine", user, mine, 1),
        _queue("my function, middle", "?view=mine", user, mine, _pages(listed(mine, user)) // MIDDLE),
        _accounts("accounts, middle", accounts, _pages(accounts) // MIDDLE),
    ]


def _queue(name: str, path: str, user: User, filters: Filters, number: int) -> Asked:
    rows = listed(filters, user)
    query = _position(rows, filters.fields, number, path.removeprefix("?"))

    def shown() -> QuerySet:
        return listed(filters, user).only(*SHOWN)

    def own() -> None:
        view_counts(user)
        list(page_of(shown(), filters.fields, query, size=PAGE_SIZE).rows)

    def counted() -> None:
        for view in VIEWS:
            in_view(view, user).count()
        list(Paginator(shown(), PAGE_SIZE).page(number).object_list)

    return Asked(name, f"/offers/?{query.urlencode()}", own, counted)


def _accounts(name: str, rows: QuerySet, number: int) -> Asked:
    fields = BOOK_SORTS["name"]
    query = _position(rows.order_by(*fields), fields, number, "")

    def own() -> None:
        list(page_of(book(), fields, query, size=PAGE_SIZE).rows)

    def counted() -> None:
        list(Paginator(book().order_by(*fields), PAGE_SIZE).page(number).object_list)

    return Asked(name, f"/accounts/?{query.urlencode()}", own, counted)


def _pages(rows: QuerySet) -> int:
    return max(rows.count() // PAGE_SIZE, 1)


def _position(rows: QuerySet, fields: tuple[str, ...], number: int, query: str) -> QueryDict:
    """The address of the page of that number, by the row before it."""
    at = QueryDict(query, mutable=True)
    if number > 1:
        start = (number - 2) * PAGE_SIZE
        last = list(rows.order_by(*fields)[start : start + PAGE_SIZE + 1])
        edge = page_of(rows.filter(pk__in=[row.pk for row in last]), fields, at, size=PAGE_SIZE)
        return QueryDict((edge.next_url or "").removeprefix("?"))
    return at
