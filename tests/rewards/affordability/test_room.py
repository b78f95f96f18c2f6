"""Assumptions set, changed by request, restored; and the page that reckons with them from facts and books."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.records.models import Account
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.steps import LiveMovedOn
from loyalty.core.changes.verbs import approve, propose_or_apply, restore, submit
from loyalty.core.people.models import User
from rewards.affordability.models import AssumptionSet, AssumptionSetVersion
from rewards.affordability.queries import found_now, waiting_now
from rewards.affordability.rules.assumptions import UNSET
from rewards.affordability.verbs import ensure_set
from rewards.catalogue.models import RewardVersion
from rewards.ledger.models import Posting
from rewards.ledger.verbs import reverse as reverse_posting
from tests.factories import AccountFactory, RewardFactory
from tests.factories.grants import granted
from tests.rewards.campaigns.made import ago, know

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
D = Decimal
TYPED = {
    "gross_margin_self_serve": "80", "gross_margin_as_of": "2026-09-30", "gross_margin_source": "Accounts",
    "churn_self_serve": "2", "churn_as_of": "2026-09-30", "churn_source": "Billing",
    "cac_self_serve": "$1,000", "cac_as_of": "2026-09-30", "cac_source": "Marketing",
}  # fmt: skip
AGAIN = {"gross_margin_self_serve": "80.00", "churn_self_serve": "2.00", "cac_self_serve": "1000.00"}


@pytest.fixture
def account() -> Account:
    """A self-serve account of $100 a month."""
    account = AccountFactory(name="Acme Ltd", signed_up_on=ago(400))
    know(account, plan_segment="self_serve", mrr=D(100), tier="silver")
    return account


@pytest.fixture
def is_set(finance: User, signed_in_as: SignIn) -> AssumptionSet:
    signed_in_as(finance).post(reverse("assumptions"), TYPED)
    return AssumptionSet.objects.get()


def test_the_first_setting_of_finance_holds_at_once(finance: User, signed_in_as: SignIn) -> None:
    answer = signed_in_as(finance).post(reverse("assumptions"), TYPED)
    assert answer["Location"] == reverse("affordability")
    kept = AssumptionSet.objects.get()
    assert (kept.version, kept.values["churn"]) == (
        2, {"of": {"self_serve": "2.00"}, "as_of": "2026-09-30", "source": "Billing"},
    )  # fmt: skip
    assert AssumptionSetVersion.objects.get().values == kept.values
    assert AuditLine.objects.get(object_type="assumptions").verb == "edited"
    assert not ChangeRequest.objects.exists()


def test_from_then_on_another_of_finance_decides(
    is_set: AssumptionSet, account: Account, finance: User, finance_colleague: User, signed_in_as: SignIn
) -> None:
    granted("120.00", account=account, issued_on=ago(10))
    typed = TYPED | AGAIN | {"churn_self_serve": "2.5", "reason": "More left"}
    signed_in_as(finance).post(reverse("assumptions"), typed)
    change = ChangeRequest.objects.get()
    assert (change.owner_function, change.state) == ("finance", "pending")
    is_set.refresh_from_db()
    assert is_set.version == 2
    page = signed_in_as(finance_colleague).get(reverse("change", args=[change.pk])).content.decode()
    assert "Self-serve 2.00\N{NO-BREAK SPACE}% (30 Sep 2026, Billing)" in page
    told = "\n".join(change.impact)
    assert "1 account pays $100.00 a month; rewards cost $120.00 in the last 12 months." in told
    assert "Self-serve, after rewards: LTV $3,500.00 → $2,800.00; LTV:CAC 3.50:1 → 2.80:1." in told
    assert "“LTV:CAC stays above 3.00:1”: met → not met." in told
    approve(change.pk, digest=change.digest, acting_user=finance_colleague)
    is_set.refresh_from_db()
    assert (is_set.version, is_set.values["churn"]["of"]) == (3, {"self_serve": "2.50"})
    change.refresh_from_db()
    back = restore(change.pk, "It was an outlier", acting_user=finance_colleague)
    back = submit(back.pk, digest=back.digest, acting_user=finance_colleague)
    approve(back.pk, digest=back.digest, acting_user=finance)
    is_set.refresh_from_db()
    assert (is_set.version, is_set.values["churn"]["of"]) == (4, {"self_serve": "2.00"})


def test_a_request_that_live_has_overtaken_is_not_applied(
    is_set: AssumptionSet, finance: User, finance_colleague: User
) -> None:
    def propose(percent: str) -> ChangeRequest:
        lift = {"of": {"all": percent}, "as_of": "2026-10-15", "source": "Budget"}
        made = propose_or_apply("assumptions", is_set.pk, {"lift": lift}, "Budget", acting_user=finance)
        assert made is not None
        return made

    first, second = propose("4.00"), propose("5.00")
    approve(first.pk, digest=first.digest, acting_user=finance_colleague)
    with pytest.raises(LiveMovedOn):
        approve(second.pk, digest=second.digest, acting_user=finance_colleague)
    is_set.refresh_from_db()
    assert (is_set.version, is_set.values["lift"]["of"]) == (3, {"all": "4.00"})


def test_others_propose_even_the_first_setting(cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    assert client.post(reverse("assumptions"), TYPED).status_code == 422
    assert client.post(reverse("assumptions"), TYPED | {"reason": "Known from the CRM"}).status_code == 302
    assert ChangeRequest.objects.get().state == "pending"
    assert (AssumptionSet.objects.get().version, AssumptionSetVersion.objects.count()) == (1, 0)


def test_a_figure_needs_its_date_and_its_source(finance: User, signed_in_as: SignIn) -> None:
    answer = signed_in_as(finance).post(reverse("assumptions"), {"lift": "4", "churn_self_serve": "101"})
    page = answer.content.decode()
    assert (answer.status_code, page.count("Say of which day it is."), page.count("Say where it comes from.")) == (
        422, 1, 1,
    )  # fmt: skip
    assert "less than or equal to 100" in page
    assert 'value="4"' in page
    assert not AssumptionSet.objects.exists()


def test_the_page_before_there_is_anything(cs: User, signed_in_as: SignIn) -> None:
    page = signed_in_as(cs).get(reverse("affordability")).content.decode()
    assert "Nothing can be reckoned yet" in page
    assert "Set the assumptions" in page


def test_the_page_and_its_file(is_set: AssumptionSet, account: Account, cs: User, signed_in_as: SignIn) -> None:
    granted("120.00", account=account, issued_on=ago(10))
    client = signed_in_as(cs)
    page = client.get(reverse("affordability")).content.decode()
    assert "The programme can" not in page
    assert "Not everything can be told yet" in page
    assert '3.50:1 <span class="figure-note">4.00:1 before</span>' in page
    assert "Set the expected lift." in page
    lines = client.get(reverse("affordability"), {"format": "csv"}).getvalue().decode().splitlines()
    assert lines[1] == (
        "Self-serve,1,100.00,100.00,0.8000,0.0200,1000.00,120.00,120.00,4000.00,3500.00,,,4.0000,3.5000,12.5000,14.2857,USD"
    )
    assert lines[2] == "Mid-market,0,0.00,,,,,0.00,,,,,,,,,,USD"


def test_zero_churn_and_what_is_missing_stand_on_the_page(account: Account, cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    page = client.get(reverse("affordability")).content.decode()
    assert "Finance has not set its assumptions yet" in page
    assert 'Unknown <span class="figure-note">set gross margin, churn, CAC</span>' in page
    values = {
        "gross_margin": {"of": {"self_serve": "80.00"}, "as_of": "2026-09-30", "source": "Accounts"},
        "churn": {"of": {"self_serve": "0.00"}, "as_of": "2026-09-30", "source": "Billing"},
    }
    AssumptionSet.objects.create(pk=1, values=dict(UNSET) | values, version=2)
    page = client.get(reverse("affordability")).content.decode()
    assert 'not defined</strong><span class="sub">60-month cap $4,800.00</span>' in page
    assert "Set CAC of Self-serve." in page


def test_what_rewards_cost_comes_from_books_and_grants(account: Account, finance: User) -> None:
    granted("100.00", account=account, issued_on=ago(20))
    undone = granted("40.00", account=account, issued_on=ago(15))
    reverse_posting(
        Posting.objects.get(account=account, lines__lot=undone.lot), "A mistake", acting_user=finance, booked_on=ago(14)
    )
    granted("70.00", account=account, issued_on=ago(370))
    workshop = RewardFactory(kind="optimisation_workshop", is_credit=False, marginal_cost=D("200.00"))
    RewardVersion.objects.create(
        reward=workshop, version=1, values={"marginal_cost": "180.00"}, effective_at=timezone.now() - timedelta(days=9)
    )
    granted("250.00", account=account, reward=workshop)
    declined = granted("90.00", account=account, reward=workshop)
    declined.offer.state = "declined"
    declined.offer.save()
    nowhere = AccountFactory()
    granted("30.00", account=nowhere, issued_on=ago(5))
    know(AccountFactory(), plan_segment="enterprise", mrr=None)
    know(AccountFactory(), plan_segment="enterprise", mrr=D(0))
    found = found_now()
    cells = {(c.plan_segment, c.tier): (c.paying, c.unknown, c.mrr, c.cost) for c in found.cells}
    assert cells == {
        ("self_serve", "silver"): (1, 0, D(100), D(280)),
        ("enterprise", None): (0, 1, D(0), D(0)),
        (None, None): (0, 0, D(0), D(30)),
    }
    assert found.is_a_full_year is False


def test_a_credit_moves_no_mrr(account: Account) -> None:
    before = found_now().cells
    granted("500.00", account=account, issued_on=ago(0))
    after = found_now().cells
    assert [cell.mrr for cell in before] == [cell.mrr for cell in after] == [D(100)]
    assert ([cell.cost for cell in before], [cell.cost for cell in after]) == ([D(0)], [D(500)])


def test_who_waits_is_followed_from_the_first_reward_of_the_programme(account: Account) -> None:
    assert waiting_now().accounts == 0
    grant = granted("10.00", account=account)
    type(grant).objects.update(granted_at=timezone.now() - timedelta(days=70))
    late = AccountFactory(signed_up_on=ago(40))
    know(late, plan_segment="self_serve", mrr=D(10))
    waiting = waiting_now()
    assert (waiting.accounts, waiting.served, waiting.median, waiting.followed) == (2, 1, 0, 1)


def test_nothing_is_written_before_somebody_sets_it() -> None:
    assert ensure_set().values == dict(UNSET)
    assert AuditLine.objects.count() == 0
