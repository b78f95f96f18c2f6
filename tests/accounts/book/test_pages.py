"""The list of accounts and the page of one."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.book.sheet import facts_shown
from accounts.facts.freshness import origins
from accounts.facts.models import AccountFacts
from accounts.facts.verbs import refresh
from accounts.intake.stripe.models import BillingCustomer
from accounts.intake.stripe.unpriced import WHY
from accounts.records.models import Account, BillingCredit, FeedbackScore, Invoice, StandingDiscount
from accounts.records.subscriptions import tell
from accounts.records.terms import Terms
from accounts.sources.rules import Kind
from loyalty.core.figures import day_text
from loyalty.core.people.models import User
from tests.accounts.facts.company import moment, sign_in, subscription, ticket
from tests.factories import AccountFactory, ContactFactory, SourceFactory

DAY = date(2026, 3, 31)
pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def browser(cs: User, signed_in_as: SignIn) -> Client:
    return signed_in_as(cs)


@pytest.fixture
def three(cs: User) -> list[Account]:
    """Acme pays most, Beta is fullest and in the book of `cs`, Cold is all unknown."""
    acme = AccountFactory(name="Acme", plan_segment="enterprise")
    beta = AccountFactory(name="Beta", plan_segment="self_serve", cs_manager=cs)
    cold = AccountFactory(name="Cold", plan_segment="")
    subscription(acme, date(2026, 1, 1), mrr=Decimal(900), seats=10, renews_on=date(2026, 9, 1))
    subscription(beta, date(2026, 1, 1), mrr=Decimal(100), seats=1, renews_on=date(2026, 5, 1))
    sign_in(acme, [DAY - timedelta(days=9)], ContactFactory(account=acme))
    sign_in(beta, [DAY - timedelta(days=2)], ContactFactory(account=beta))
    refresh(None, DAY, DAY)
    return [acme, beta, cold]


def names(browser: Client, query: str = "") -> list[str]:
    return [line.account.name for line in browser.get(f"/accounts/{query}").context["lines"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Acme", "Beta", "Cold"]),
        ("?sort=-name", ["Cold", "Beta", "Acme"]),
        ("?sort=-mrr", ["Acme", "Beta", "Cold"]),
        ("?sort=mrr", ["Cold", "Beta", "Acme"]),
        ("?sort=-utilisation", ["Beta", "Acme", "Cold"]),
        ("?sort=renews", ["Beta", "Acme", "Cold"]),
        ("?sort=seen", ["Beta", "Acme", "Cold"]),
        ("?sort=nonsense", ["Acme", "Beta", "Cold"]),
        ("?segment=enterprise", ["Acme"]),
        ("?mine=yes", ["Beta"]),
        ("?q=ET", ["Beta"]),
        ("?q=nobody", []),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(
    browser: Client, three: list[Account], query: str, expected: list[str]
) -> None:
    assert names(browser, query) == expected


@pytest.mark.parametrize(
    "sort", ["name", "-name", "mrr", "-mrr", "utilisation", "-utilisation", "renews", "seen", "-seen"]
)
def test_pages_follow_each_other_in_every_sort(browser: Client, sort: str) -> None:
    for n in range(60):
        account = AccountFactory(name=f"Company {n % 7}")
        if n % 3:
            subscription(account, date(2026, 1, 1), mrr=Decimal(n % 5), seats=n % 4)
    refresh(None, DAY, DAY)
    whole = [a.pk for a in Account.objects.all()]

    first = browser.get(f"/accounts/?sort={sort}").context
    second = browser.get(f"/accounts/{first['page'].next_url}").context
    back = browser.get(f"/accounts/{second['page'].previous_url}").context

    shown = [line.account.pk for context in (first, second) for line in context["lines"]]
    assert (len(first["lines"]), len(second["lines"]), second["page"].next_url) == (50, 10, None)
    assert sorted(shown) == sorted(whole)
    assert [line.account.pk for line in back["lines"]] == [line.account.pk for line in first["lines"]]


def test_a_line_tells_money_seats_renewal_and_when_somebody_was_seen(browser: Client, three: list[Account]) -> None:
    acme, _, cold = browser.get("/accounts/").context["lines"]

    assert (acme.mrr, acme.seats_active, acme.seats_bought, acme.seat_utilisation) == (900, 1, 10, Decimal("0.1000"))
    assert (acme.renews_on, acme.last_seen_on) == (date(2026, 9, 1), DAY - timedelta(days=9))
    assert (cold.mrr, cold.seats_active, cold.renews_on, cold.last_seen_on) == (None, None, None, None)


def test_before_the_nightly_run_the_facts_of_the_day_before_stand(browser: Client, three: list[Account]) -> None:
    tomorrow = DAY + timedelta(days=1)
    refresh([three[1].pk], tomorrow, tomorrow)

    acme, beta, _ = browser.get("/accounts/").context["lines"]

    assert (acme.day, acme.mrr) == (DAY, 900)
    assert (beta.day, beta.mrr, beta.last_seen_on) == (tomorrow, 100, DAY - timedelta(days=2))


def test_the_list_as_csv_is_what_is_shown(browser: Client, three: list[Account]) -> None:
    response = browser.get("/accounts/?format=csv&sort=-mrr&segment=enterprise")

    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert lines == [
        "account,external_id,plan_segment,mrr,seats_active,seats_bought,seat_utilisation,renews_on,last_seen_on,"
        "cs_manager,facts_of,steps_down",
        f"Acme,{three[0].external_id},enterprise,900.00,1,10,0.1000,2026-09-01,2026-03-22,,2026-03-31,",
    ]


def test_an_empty_book_says_what_to_do(browser: Client) -> None:
    assert "No accounts yet" in browser.get("/accounts/").content.decode()


def test_an_account_opens_beside_the_list_with_and_without_script(browser: Client, three: list[Account]) -> None:
    acme = three[0]

    beside = browser.get(f"/accounts/{acme.pk}/", headers={"HX-Request": "true"}).content.decode()
    whole_page = browser.get(f"/accounts/?open={acme.pk}").content.decode()

    assert beside.startswith(f'<section data-row="{acme.pk}"')
    assert f'<section data-row="{acme.pk}"' in whole_page


def test_the_page_of_an_account_shows_its_facts_with_their_meaning(browser: Client, three: list[Account]) -> None:
    page = browser.get(f"/accounts/{three[0].pk}/")

    shown = {fact.meaning.name: fact.value for _, group in page.context["groups"] for fact in group}
    assert (shown["mrr"], shown["seats_active"], shown["days_since_sign_in"]) == (900, 1, 9)
    assert page.context["use_total"] == 1
    assert "Different contacts who used the product in 30 days." in page.content.decode()


def test_a_past_day_shows_what_stood_then(browser: Client, three: list[Account]) -> None:
    acme = three[0]
    refresh([acme.pk], date(2025, 12, 31), date(2025, 12, 31))

    page = browser.get(f"/accounts/{acme.pk}/?day=2025-12-31")

    assert (page.context["facts"].mrr, page.context["is_past"]) == (None, True)
    assert [held.state for held in page.context["held"]] == ["ahead"]
    assert list(page.context["events"]) == []


def test_a_day_without_facts_says_which_days_have_some(browser: Client, three: list[Account]) -> None:
    told = browser.get(f"/accounts/{three[0].pk}/?day=2020-01-01").content.decode()

    assert "No facts were worked out for" in told


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "99999-01-01", "0001-01-01", "1999-12-31", "9999-12-31"])
def test_a_day_that_cannot_be_shown_shows_the_latest_and_the_error(
    browser: Client, three: list[Account], day: str
) -> None:
    page = browser.get(f"/accounts/{three[0].pk}/?day={day}")

    assert page.context["day"] == DAY
    today = day_text(timezone.now().date())
    bounds = f"Choose a day from 1 Jan 2000 to {today}."
    is_a_day = day in ("0001-01-01", "1999-12-31", "9999-12-31")
    assert page.context["form"].errors["day"] == [bounds if is_a_day else "Enter a valid date."]


def test_an_account_of_which_nothing_is_known_has_a_page(browser: Client) -> None:
    bare = AccountFactory(name="<b>Bare</b>", plan_segment="", signed_up_on=None)

    page = browser.get(f"/accounts/{bare.pk}/").content.decode()

    assert "&lt;b&gt;Bare&lt;/b&gt;" in page
    assert "<b>Bare</b>" not in page
    assert "No subscription is known" in page


def test_it_says_how_the_account_does_and_what_it_wants_to_reach(browser: Client, three: list[Account]) -> None:
    acme, goals = three[0], "Fewer <late> reports. " * 12
    Account.objects.filter(pk=acme.pk).update(goals=goals)
    AccountFacts.objects.filter(account=acme).update(nps=3)

    for headers in ({}, {"HX-Request": "true"}):
        told = browser.get(f"/accounts/{acme.pk}/", headers=headers).content.decode()
        assert "Poor</span>" in told
        assert "NPS 3" in told
        assert escape(goals[:200]) in told
        assert ("All of their goals" in told, escape(goals) in told) == (not headers, not headers)


def test_search_finds_accounts_and_their_contacts(browser: Client, three: list[Account]) -> None:
    ContactFactory(account=three[0], name="Zara Quill")

    assert browser.get("/search/?q=acme").context["groups"][0][1][0].label == "Acme"
    found = browser.get("/search/?q=zara").context["groups"]
    assert [(label, [f.detail for f in group]) for label, group in found] == [("Contacts", ["Acme"])]


def test_the_latest_event_is_shown_first(browser: Client, three: list[Account]) -> None:
    sign_in(three[0], [DAY - timedelta(days=20), DAY])

    shown = browser.get(f"/accounts/{three[0].pk}/").context["events"]

    assert [event.occurred_at for event in shown] == [moment(DAY - timedelta(days=n)) for n in (0, 9, 20)]
    assert timezone.is_aware(shown[0].occurred_at)


def test_a_subscription_shows_its_steps_and_what_they_moved(browser: Client, three: list[Account]) -> None:
    acme = three[0]
    later = {"from_day": DAY, "starts_on": date(2026, 1, 1), "told_at": moment(DAY)}
    held = acme.subscriptions.get()
    tell(acme, held.external_id, Terms(plan="Pro", mrr=Decimal(1200), seats=12), **later)

    page = browser.get(f"/accounts/{acme.pk}/")

    assert [(c.day, c.kind, c.amount, c.mrr) for c in page.context["changes"]] == [
        (DAY, "expansion", 300, 1200),
        (date(2026, 1, 1), "new", 900, 900),
    ]
    assert [(item.terms.mrr, len(item.steps)) for item in page.context["held"]] == [(1200, 2)]
    assert [c.words for c in page.context["changes"]] == ["Expansion", "New"]
    assert "+$300.00" in page.content.decode()


def test_many_subscriptions_are_turned_page_by_page_and_counted(browser: Client, three: list[Account]) -> None:
    acme = three[0]
    for n in range(53):
        subscription(acme, date(2025, 1, 1) + timedelta(days=n))

    first = browser.get(f"/accounts/{acme.pk}/?day={DAY}")
    rest = browser.get(f"/accounts/{acme.pk}/{first.context['sold'].next_url}")
    few = browser.get(f"/accounts/{three[1].pk}/").content.decode()

    shown = [held.subscription.pk for page in (first, rest) for held in page.context["held"]]
    newest = acme.subscriptions.order_by("-starts_on").values_list("pk", flat=True)
    assert (len(first.context["held"]), shown) == (50, list(newest))
    assert rest.context["day"] == DAY
    assert "50 of 54 subscriptions, the newest first" in first.content.decode()
    assert "4 of 54 subscriptions, the newest first" in rest.content.decode()
    assert "14 of 54 subscriptions from" in first.context["timeline"]
    assert "1 subscription from 1 Jan 2026; 1 active on 31 Mar 2026." in few
    assert "the newest first</span>" not in few


def test_an_mrr_that_is_unknown_says_why_and_what_to_do(browser: Client, three: list[Account]) -> None:
    acme = three[0]
    held = acme.subscriptions.get()
    told = {"from_day": DAY, "starts_on": held.starts_on, "told_at": moment(DAY)}
    tell(acme, held.external_id, Terms(plan="Pro", unpriced="discount", seats=12), **told)
    refresh([acme.pk], DAY, DAY)

    page = browser.get(f"/accounts/{acme.pk}/")
    beside = browser.get(f"/accounts/{acme.pk}/", headers={"HX-Request": "true"})

    assert [(plan, why.reason) for plan, why in page.context["unknown"]] == [("Pro", WHY["discount"].reason)]
    assert "customer.discount.created" in page.content.decode()
    for answer in (page, beside):
        assert "unknown: billing has not told all of it" in answer.content.decode()


@pytest.mark.parametrize(("percent", "mrr", "words"), [(20, 720, "before 20 % off for the customer"), (None, None, "")])
def test_what_comes_off_for_the_whole_customer(
    browser: Client, three: list[Account], percent: int | None, mrr: int | None, words: str
) -> None:
    acme = three[0]
    held = acme.subscriptions.get()
    told = {"from_day": DAY, "starts_on": held.starts_on, "told_at": moment(DAY)}
    tell(acme, held.external_id, Terms(plan="Pro", mrr=Decimal(900), seats=12, discounts_of="cus_1"), **told)
    StandingDiscount.objects.create(customer="cus_1", since=DAY, percent_off=percent)
    refresh([acme.pk], DAY, DAY)

    page = browser.get(f"/accounts/{acme.pk}/")

    assert page.context["facts"].mrr == mrr
    assert words in page.content.decode()
    assert [why.reason for _, why in page.context["unknown"]] == ([] if mrr else [WHY["discount"].reason])


def test_a_paused_subscription_says_so(browser: Client, three: list[Account]) -> None:
    acme = three[0]
    held = acme.subscriptions.get()
    told = {"from_day": DAY, "starts_on": held.starts_on, "told_at": moment(DAY)}
    tell(acme, held.external_id, Terms(plan="Pro", mrr=Decimal(0), is_paused=True), **told)

    page = browser.get(f"/accounts/{acme.pk}/")

    assert [item.state for item in page.context["held"]] == ["paused"]
    assert [c.words for c in page.context["changes"]] == ["Contraction (paused)", "New"]


def test_bills_and_credits_are_shown_the_newest_first(browser: Client, three: list[Account]) -> None:
    acme = three[0]
    told = {"account": acme, "currency": "USD", "told_at": moment(DAY), "told_as": ""}
    paid = {"status": "paid", "due": Decimal(900), "paid": Decimal(900), "failed_payments": 1}
    Invoice.objects.create(external_id="in_1", number="A-1", issued_at=moment(DAY - timedelta(days=3)), **paid, **told)
    Invoice.objects.create(external_id="in_2", number="A-2", issued_at=moment(DAY + timedelta(days=1)), **paid, **told)
    note = {"kind": "credit_note", "status": "void", "cause": "order_change", "at": moment(DAY)}
    BillingCredit.objects.create(external_id="cn_1", number="CN-1", amount=Decimal(40), **note, **told)
    for n, balance in enumerate((Decimal("25.50"), Decimal("-5.00"))):
        source = SourceFactory(name="Billing")
        named = {"external_id": f"cus_{n}", "account": acme, "currency": "USD", "balance": balance}
        BillingCustomer.objects.create(source=source, told_at=moment(DAY), told_as="", **named)

    page = browser.get(f"/accounts/{acme.pk}/")

    assert [(b.what, b.number, b.amount, b.word, b.note) for b in page.context["bills"]] == [
        ("Credit note", "CN-1", Decimal("-40.00"), "Void", "order change"),
        ("Invoice", "A-1", Decimal("900.00"), "Paid", "1 failed payment"),
    ]
    assert "Billing keeps $20.50 for this customer." in page.content.decode()


def test_a_figure_names_everybody_who_has_told_something_that_it_stands_on() -> None:
    SourceFactory(name="Survey", kinds=[Kind.FEEDBACK])
    SourceFactory(name="Desk", kinds=[Kind.SUPPORT])
    SourceFactory(name="Billing", kinds=[Kind.SUBSCRIPTION])
    SourceFactory(name="Product", kinds=[Kind.USAGE])
    acme = AccountFactory(name="Acme")

    def told() -> dict[str, list[tuple[str, bool]]]:
        refresh([acme.pk], DAY, DAY)
        shown = facts_shown(AccountFacts.objects.get(account=acme, day=DAY), origins(acme, DAY))
        return {
            fact.meaning.name: [(origin.source, origin.newest_at is not None) for origin in fact.origins]
            for _, facts in shown
            for fact in facts
        }

    assert told()["csat_90"] == [("Survey", False)]
    assert told()["seat_utilisation"] == [("Product", False)]
    assert told()["cancellation_intent"] == [("Billing", False)]

    ticket(acme, DAY, closed=DAY)
    acme.tickets.update(satisfaction=2)
    subscription(acme, DAY, mrr=Decimal(900), seats=10)
    sign_in(acme, [DAY], ContactFactory(account=acme))
    assert told()["csat_90"] == [("Desk", True)]
    assert told()["seat_utilisation"] == [("Product", True), ("Billing", True)]
    assert told()["cancellation_intent"] == [("Billing", True), ("Product", True)]

    FeedbackScore.objects.create(account=acme, external_id="1", kind="csat", score=Decimal(4), at=moment(DAY))
    assert told()["csat_90"] == [("Survey", True), ("Desk", True)]
