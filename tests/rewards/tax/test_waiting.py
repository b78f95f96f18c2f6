"""Rewards to persons: counted by the day they were delivered, waiting at the threshold, listed at the year's end."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone
from time_machine import travel

from accounts.contacts.export import export_contact
from accounts.contacts.rules import Names
from accounts.privacy.verbs import lock_contacts, record_consent
from accounts.records.models import Contact
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from rewards.catalogue.models import Reward
from rewards.ledger.verbs import redeem
from rewards.offers.handing import decline, deliver, lapse_unaccepted
from rewards.offers.models import Grant
from rewards.tax.holding import TAX
from rewards.tax.models import TaxablePayment, TaxProfile
from rewards.tax.paying import paid_in
from rewards.tax.queries import over_under, people, reductions
from rewards.tax.rules import Recipient, Threshold
from rewards.tax.verbs import Known, ensure_rules, set_profile, thresholds_now
from tests.concurrency import until_somebody_waits
from tests.factories import AccountFactory, ContactFactory, RewardFactory
from tests.factories.grants import granted

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def ada() -> Contact:
    return ContactFactory(account=AccountFactory(country="US", name="=Acme Ltd"), name="Ada Okafor", consents=True)


def card(contact: Contact | None, amount: str, **of: object) -> Grant:
    """A gift card for a person, approved and not delivered."""
    gift: Reward = RewardFactory(kind="badge", is_credit=False, taxable=True, face_value=Decimal(amount))
    account = contact.account if contact else AccountFactory(country="US")
    return granted(amount, account=account, reward=gift, contact=contact, issued_on=date(2025, 12, 1), **of)


def on(day: str, grant: Grant, cs: User) -> None:
    with travel(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC), tick=False):
        deliver(grant.offer_id, acting_user=cs)


def test_the_year_of_payment_counts_and_the_threshold_holds_the_next(ada: Contact, cs: User, finance: User) -> None:
    set_profile(ada.pk, Known(Recipient.INDIVIDUAL, "", date(2025, 1, 1), True), acting_user=finance)
    on("2025-12-31", card(ada, "700.00"), cs)
    set_profile(ada.pk, Known(Recipient.INDIVIDUAL, "", None, False), acting_user=finance)
    on("2026-01-02", card(ada, "1500.00"), cs)
    assert [(r.total, r.form) for r in people(2025)] == [(Decimal(700), "1099-MISC box 3")]
    assert [(r.total, r.form, r.status) for r in people(2026)] == [(Decimal(1500), "", "below")]
    waiting = card(ada, "500.00")
    with pytest.raises(DomainError, match=r"Ada Okafor has received \$2,000.00 in 2026.*until their tax form"):
        on("2026-01-03", waiting, cs)
    waiting.offer.refresh_from_db()
    assert (waiting.offer.state, TaxablePayment.objects.count()) == ("approved", 2)
    on("2026-01-03", card(ada, "499.99"), cs)
    set_profile(ada.pk, Known(Recipient.INDIVIDUAL, "", date(2026, 1, 4), True), acting_user=finance)
    on("2026-01-05", waiting, cs)
    (told,) = people(2026)
    assert (told.total, told.form, told.status, told.withholding) == (
        Decimal("2499.99"),
        "1099-MISC box 3",
        "reported",
        0,
    )


def test_what_was_declined_or_lapsed_was_paid_to_nobody(ada: Contact, cs: User) -> None:
    declined, lapsed, kept = card(ada, "1500.00"), card(ada, "1900.00", answer_days=0), card(ada, "600.00")
    on("2026-02-01", declined, cs)
    assert (paid_in(ada.pk, "US", 2026, "USD"), over_under(thresholds_now())) == (1500, 0)
    with travel(datetime(2026, 2, 2, tzinfo=UTC), tick=False):
        decline(declined.offer_id, note="Not for me", acting_user=cs)
    on("2026-02-03", lapsed, cs)
    assert lapse_unaccepted(date(2026, 2, 5)) == 1
    assert (paid_in(ada.pk, "US", 2026, "USD"), people(2026)) == (0, [])
    on("2026-02-06", kept, cs)
    assert [(r.payments, r.total, r.form) for r in people(2026)] == [(1, Decimal(600), "")]
    with travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        assert over_under([Threshold("US", 2026, Decimal("600.01"), "USD")]) == 0
        assert over_under([Threshold("US", 2026, Decimal(600), "USD")]) == 1


def test_their_page_and_their_export_tell_that_it_was_given_back(
    ada: Contact, cs: User, finance: User, signed_in_as: SignIn
) -> None:
    given = card(ada, "1500.00")
    on("2026-02-01", given, cs)
    page = f"/tax/contacts/{ada.pk}/"
    assert "given back" not in signed_in_as(finance).get(page).content.decode()
    decline(given.offer_id, note="Not for me", acting_user=cs)
    assert "Declined: given back" in signed_in_as(finance).get(page).content.decode()
    (told,) = [row for row in TAX.rows(ada.pk, [], Names([])) if row["what"] == "payment"]
    assert (told["amount"], told["given_back"]) == (Decimal(1500), True)


@pytest.mark.parametrize(
    ("country", "recipient", "addressed", "words"),
    [
        ("", Recipient.INDIVIDUAL, True, "country of Ada Okafor is not known"),
        ("US", Recipient.INDIVIDUAL, False, "addressed to nobody"),
        ("US", Recipient.INDIVIDUAL, True, "threshold of US"),
        ("US", Recipient.EMPLOYEE, True, ""),
        ("US", Recipient.CORPORATION, True, ""),
        ("DE", Recipient.INDIVIDUAL, True, ""),
    ],
)
def test_what_waits_for_what(
    country: str, recipient: Recipient, addressed: bool, words: str, ada: Contact, cs: User, finance: User
) -> None:
    ada.account.country = country
    ada.account.save()
    set_profile(ada.pk, Known(recipient, "", None, False), acting_user=finance)
    grant = card(ada if addressed else None, "5000.00")
    if not words:
        on("2026-03-01", grant, cs)
        return
    with pytest.raises(DomainError, match=words):
        on("2026-03-01", grant, cs)
    grant.offer.refresh_from_db()
    assert grant.offer.state == "approved"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_pass_together_below_what_they_reach(ada: Contact, cs: User) -> None:
    offers = [card(ada, "1200.00").offer_id for _ in range(2)]

    def one(offer: int) -> bool:
        try:
            deliver(offer, acting_user=cs)
            return True
        except DomainError:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, offers)) == [False, True]
    assert TaxablePayment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_that_was_first_is_kept_by_the_delivery_and_neither_holds_up_the_other(
    ada: Contact, cs: User
) -> None:
    offer = card(ada, "100.00").offer

    def told() -> str:
        try:
            deliver(offer.pk, acting_user=cs)
            return "delivered"
        except DomainError as refusal:
            return str(refusal)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_contacts([ada.pk])
            delivery = pool.submit(told)
            until_somebody_waits()
            record_consent(ada, granted=False, policy_version="1", now=timezone.now(), acting_user=cs)
        assert "addressed to nobody" in delivery.result()
    offer.refresh_from_db()
    assert (offer.state, offer.contact, TaxablePayment.objects.count()) == ("approved", None, 0)


def test_what_lowers_a_companys_own_invoice_is_on_no_list_of_persons(ada: Contact, cs: User) -> None:
    credit = granted("50000.00", account=ada.account, contact=ada, issued_on=date(2026, 1, 1))
    on("2026-02-01", credit, cs)
    redeem(
        ada.account.pk,
        Decimal(20000),
        "USD",
        request="r",
        invoice="I",
        booked_on=date(2026, 2, 2),
        acting_user=None,
    )
    assert people(2026) == []
    assert [(row["posting__account_id"], row["total"]) for row in reductions(2026)] == [
        (ada.account.pk, Decimal(20000))
    ]
    assert reductions(2025) == []


def test_the_year_end_list_is_harmless_text_and_real_numbers(
    ada: Contact, cs: User, finance: User, signed_in_as: SignIn
) -> None:
    ada.name = '=HYPERLINK("http://x")'
    ada.save()
    on("2026-02-01", card(ada, "1500.00"), cs)
    browser = signed_in_as(finance)
    lines = b"".join(browser.get("/tax/?year=2026&format=csv").streaming_content).decode().splitlines()
    assert lines[1].startswith("\"'=HYPERLINK(")
    assert "'=Acme Ltd,US,2026,1,1500.00,USD,2000.00,," in lines[1]
    credit = granted("50.00", account=ada.account, issued_on=date(2026, 1, 1))
    redeem(credit.account_id, Decimal(5), "USD", request="r", invoice="I", booked_on=date(2026, 2, 2), acting_user=None)
    answer = browser.get("/tax/?year=2026&list=reductions&format=csv")
    assert b"".join(answer.streaming_content).decode().splitlines()[1].startswith("'=Acme Ltd,")


def test_finance_keeps_what_is_known_and_others_do_not(
    ada: Contact, cs: User, finance: User, signed_in_as: SignIn
) -> None:
    with pytest.raises(NotAllowed):
        set_profile(ada.pk, Known(Recipient.EMPLOYEE, "", None, False), acting_user=cs)
    assert TaxProfile.objects.count() == 0
    address = f"/tax/contacts/{ada.pk}/"
    typed = {"recipient": "services", "country": "us", "form_filed_on": "2026-01-05", "has_tax_number": "on"}
    assert signed_in_as(cs).post(address, typed).status_code == 403
    assert signed_in_as(finance).post(address, typed | {"country": "1"}).status_code == 409
    assert signed_in_as(finance).post(address, typed).status_code == 302
    kept = TaxProfile.objects.get()
    assert (kept.recipient, kept.country, kept.form_filed_on) == ("services", "US", date(2026, 1, 5))
    assert "Ada" not in str(AuditLine.objects.filter(object_type="tax_profile").values())


def test_thresholds_change_by_request(
    ada: Contact, cs: User, finance: User, finance_colleague: User, signed_in_as: SignIn
) -> None:
    ensure_rules()
    lines = "US 2000 600.00 USD\nUS 2026 2000.00 USD\nUS 2027 2100.00 USD"
    answer = signed_in_as(finance).post("/tax/thresholds", {"lines": lines, "reason": "Indexed for 2027"})
    assert answer.status_code == 302
    change = ChangeRequest.objects.get()
    assert len(thresholds_now()) == 2
    with pytest.raises(NotAllowed):
        approve(change.pk, digest=change.digest, acting_user=finance)
    approve(change.pk, digest=change.digest, acting_user=finance_colleague)
    assert [t.amount for t in thresholds_now()] == [600, 2000, 2100]
    assert signed_in_as(finance).post("/tax/thresholds", {"lines": "US", "reason": "x"}).status_code == 422


def test_their_export_tells_of_it(ada: Contact, cs: User) -> None:
    on("2026-02-01", card(ada, "1500.00"), cs)
    assert "1500.00" in "".join(export_contact(ada, acting_user=cs))
