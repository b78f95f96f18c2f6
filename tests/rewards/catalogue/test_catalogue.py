"""The catalogue as people use it: drafts, edits, whose decision it is, what an edit would have cost."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.models import ChangeRequest
from loyalty.core.changes.verbs import approve, propose_or_apply
from loyalty.core.errors import NotAllowed
from loyalty.core.people.models import User
from rewards.catalogue.models import Reward, RewardVersion
from rewards.catalogue.shipped import SHIPPED, ensure_shipped
from rewards.catalogue.value import DISCOUNT_EQUIVALENT, FACE_VALUE
from rewards.catalogue.verbs import create_reward, values_of
from rewards.offers.models import Grant
from tests.factories import OfferFactory

SignIn = Callable[[User], Client]


@pytest.fixture
def catalogue(db: None) -> dict[str, Reward]:
    return ensure_shipped()


def test_a_new_team_starts_with_all_of_it_once(catalogue: dict[str, Reward]) -> None:
    assert ensure_shipped() == catalogue
    assert (Reward.objects.count(), RewardVersion.objects.count()) == (len(SHIPPED), len(SHIPPED))
    assert AuditLine.objects.filter(object_type="reward", verb="created").count() == len(SHIPPED)
    assert catalogue["beta-access"].is_limited_feature
    assert not catalogue["roadmap-council"].is_limited_feature  # limited, but no feature


def form(reward: Reward, **edit: Any) -> dict[str, Any]:
    values = {**values_of(reward), **edit}
    if not values["taxable"]:
        del values["taxable"]
    return {name: "" if value is None else value for name, value in values.items()}


def test_the_money_of_a_live_reward_is_decided_by_finance_whoever_owns_it(
    catalogue: dict[str, Reward], product: User, finance: User, signed_in_as: SignIn
) -> None:
    seats = catalogue["extra-seats-3"]
    client = signed_in_as(product)

    answer = client.post(f"/rewards/{seats.pk}/edit", form(seats, marginal_cost="25.00", reason="Seats cost more"))

    change = ChangeRequest.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/changes/{change.pk}/")
    assert change.owner_function == "finance"
    assert Reward.objects.get(pk=seats.pk).marginal_cost == Decimal("15.00")
    approve(change.pk, digest=change.digest, acting_user=finance)
    seats.refresh_from_db()
    assert (seats.marginal_cost, seats.version) == (Decimal("25.00"), 2)
    assert seats.versions.count() == 2


def test_what_it_is_is_decided_by_its_owner(
    catalogue: dict[str, Reward], product: User, product_colleague: User
) -> None:
    seats = catalogue["extra-seats-3"]

    change = propose_or_apply("reward", seats.pk, {"supply_limit": 30}, "Few are left", acting_user=product)

    assert change is not None
    assert change.owner_function == "product"
    approve(change.pk, digest=change.digest, acting_user=product_colleague)
    assert Reward.objects.get(pk=seats.pk).is_limited_feature


def test_an_owners_draft_is_saved_at_once_and_nobody_elses(finance: User, cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(finance)
    answer = client.post("/rewards/new/", {"kind": "service_credit", "name": "$50 credit", "face_value": "50"})
    made = Reward.objects.get()
    assert answer["Location"] == f"/rewards/{made.pk}/"
    assert (made.status, made.face_value, made.is_credit) == ("draft", Decimal("50.00"), True)

    client.post(f"/rewards/{made.pk}/edit", form(made, face_value="60.00"))
    made.refresh_from_db()
    assert (made.face_value, made.version, ChangeRequest.objects.count()) == (Decimal("60.00"), 2, 0)

    with pytest.raises(NotAllowed):
        create_reward("service_credit", {"name": "Mine", "face_value": "1.00"}, acting_user=cs)
    assert Reward.objects.count() == 1


def test_errors_stand_beside_the_field_and_what_was_typed_stays(
    catalogue: dict[str, Reward], finance: User, signed_in_as: SignIn
) -> None:
    credit = catalogue["service-credit-300"]

    answer = signed_in_as(finance).post(
        f"/rewards/{credit.pk}/edit", form(credit, face_value="much", name="Renamed", reason="")
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Enter a number" in page
    assert 'value="Renamed"' in page
    assert Reward.objects.get(pk=credit.pk).name == "$300 service credit"


def test_the_impact_tells_what_the_last_year_would_have_cost(catalogue: dict[str, Reward], finance: User) -> None:
    credit = catalogue["service-credit-300"]
    offer = OfferFactory(reward=credit, state="approved")
    Grant.objects.create(
        offer=offer,
        account=offer.account,
        face_value=offer.face_value,
        currency=offer.currency,
        expires_on=date(2099, 1, 1),
    )

    change = propose_or_apply(
        "reward", credit.pk, {"face_value": "200.00", "discount_equivalent": "200.00"}, "Dear", acting_user=finance
    )

    assert change is not None
    assert change.impact[-1] == (
        "It was granted once in the last 365 days, worth $300.00; under the new terms the same grants would be $200.00."
    )


def test_an_earlier_version_is_proposed_again(
    catalogue: dict[str, Reward], finance: User, finance_colleague: User, signed_in_as: SignIn
) -> None:
    credit = catalogue["service-credit-300"]
    change = propose_or_apply("reward", credit.pk, {"face_value": "200.00"}, "Dear", acting_user=finance)
    assert change is not None
    approve(change.pk, digest=change.digest, acting_user=finance_colleague)

    page = signed_in_as(finance).get(f"/rewards/{credit.pk}/?restore=1").content.decode()

    assert 'value="300.00"' in page
    assert "Back to version 1." in page


def test_the_list_filters_and_exports(catalogue: dict[str, Reward], cs: User, signed_in_as: SignIn) -> None:
    client = signed_in_as(cs)
    page = client.get("/rewards/?nature=status").content.decode()
    assert "Executive sponsor" in page
    assert "10 % discount" not in page
    export = b"".join(client.get("/rewards/?format=csv").streaming_content).decode()
    assert export.count("\r\n") == len(SHIPPED) + 1


WORTH = [
    ("fixed", None, "300.00", "300.00"),
    ("percent_of_renewal", "5.00", "0.00", "600.00"),
    ("percent_of_arr", "3.00", "0.00", "360.00"),
    ("percent_of_mrr", "100.00", "0.00", "1000.00"),
    ("percent_of_growth", "10.00", "0.00", "240.00"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("basis", "percent", "face", "expected"), WORTH)
def test_what_a_reward_is_worth_to_one_account(basis: str, percent: str | None, face: str, expected: str) -> None:
    facts = (
        "SELECT date '2026-11-14' AS day, 1000.00 AS mrr, 12 AS contract_months, 12000.00 AS arr,"
        " 800.00 AS mrr_year_before, 'gold' AS tier"
    )
    reward = (
        "SELECT %s AS value_basis, %s::numeric AS percent, %s::numeric AS face_value,"
        " 1::numeric AS discount_equivalent, 'USD' AS currency"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {FACE_VALUE}, {DISCOUNT_EQUIVALENT} FROM ({facts}) f, ({reward}) r", [basis, percent, face]
        )
        worth, equivalent = cursor.fetchone()
    assert worth == Decimal(expected)
    assert equivalent == (Decimal(1) if basis == "fixed" else worth)


@pytest.mark.django_db
def test_the_database_keeps_one_value_a_reward(catalogue: dict[str, Reward]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Reward.objects.filter(key="badge-power-user").update(percent=Decimal(3))


def test_a_change_of_what_is_no_dollars_says_so_everywhere(
    catalogue: dict[str, Reward], product: User, finance: User, signed_in_as: SignIn
) -> None:
    points, euros = catalogue["points-500"], catalogue["extra-seats-3"]
    Reward.objects.filter(pk=euros.pk).update(currency="EUR")
    for reward, edit in ((points, {"face_value": "1200.00"}), (euros, {"discount_equivalent": "120.00"})):
        change = propose_or_apply("reward", reward.pk, edit, "More of it", acting_user=product)
        assert change is not None
        page = signed_in_as(finance).get(f"/changes/{change.pk}/").content.decode()
        approve(change.pk, digest=change.digest, acting_user=finance)
        page += signed_in_as(finance).get(f"/rewards/{reward.pk}/").content.decode()
        assert ("1,200 points" if reward == points else "€120.00") in page
        assert "$" not in page
