"""What an account holds, as the product shows it to its user."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, Sum

from accounts.privacy.queries import consenting_ids
from accounts.records.days import day_there
from accounts.records.models import Account
from accounts.tiers.models import TierMove
from rewards.ledger.models import CreditLot
from rewards.ledger.rules import ZERO, Book
from rewards.offers.holding import is_held
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import HELD_STATES, OfferState

OPEN = (OfferState.DELIVERED, OfferState.ACCEPTED)


def rewards_of(account: Account, now: datetime) -> dict[str, Any]:
    """Offers that reached the customer and are open, grants that hold something, and the tier; money as text.

    An offer names its contact as long as they consent. Last days are those of the account's own time zone, as they
    are where credit is used.
    """
    there = day_there(account.time_zone, now)
    left = _left_by_grant(account.pk)
    grants = (
        Grant.objects.filter(account=account, expires_on__gte=there)
        .filter(offer__state__in=HELD_STATES)
        .exclude(is_held(now))
        .select_related("offer__reward")
    )
    offers = (
        Offer.objects.filter(account=account, state__in=OPEN)
        .exclude(open_until__lt=there)
        .select_related("reward", "contact", "grant")
    )
    willing = consenting_ids(offer.contact_id for offer in offers if offer.contact_id)
    return {
        "account": {"external_id": account.external_id, "name": account.name},
        "tier": _tier(account.pk),
        "credit": [_money(amount, currency) for currency, amount in sorted(credit_left(account, now).items())],
        "offers": [_offer(offer, offer.contact_id in willing) for offer in offers],
        "grants": [_grant(given, left.get(given.pk)) for given in grants if left.get(given.pk) != ZERO],
    }


def credit_left(account: Account, now: datetime) -> dict[str, Decimal]:
    """The credit that can be used now, by currency: from the day of its issue (UTC) through its last day there."""
    there = day_there(account.time_zone, now)
    lots = _owed(account.pk).filter(issued_on__lte=now.astimezone(UTC).date(), expires_on__gte=there)
    totals: dict[str, Decimal] = {}
    for currency, left in lots.values_list("currency", "left"):
        totals[currency] = totals.get(currency, ZERO) + (left or ZERO)
    return {currency: total for currency, total in totals.items() if total}


def _left_by_grant(account_id: int) -> dict[int, Decimal]:
    return {grant: left or ZERO for grant, left in _owed(account_id).values_list("grant_id", "left")}


def _owed(account_id: int) -> Any:
    owed = Sum("lines__amount", filter=Q(lines__ledger_account__code=Book.LIABILITY.value))
    return CreditLot.objects.filter(account_id=account_id).order_by("id").annotate(left=-owed)


def _tier(account_id: int) -> dict[str, Any] | None:
    held = (
        TierMove.objects.filter(account_id=account_id, withdrawn_at=None)
        .order_by("-day", "-id")
        .values("day", key=F("tier__key"), name=F("tier__name"))
        .first()
    )
    return (
        {"key": held["key"], "name": held["name"], "since": held["day"].isoformat()} if held and held["key"] else None
    )


def _offer(offer: Offer, consents: bool) -> dict[str, Any]:
    given = getattr(offer, "grant", None)
    return {
        "id": offer.pk,
        "state": offer.state,
        "reward": _reward(offer),
        "value": _money(offer.face_value, offer.currency),
        "contact": offer.contact.external_id if offer.contact and consents else None,
        "grant": given.pk if given else None,
        "delivered_at": offer.delivered_at.isoformat() if offer.delivered_at else None,
        "open_until": offer.open_until.isoformat() if offer.open_until else None,
    }


def _grant(given: Grant, left: Decimal | None) -> dict[str, Any]:
    return {
        "id": given.pk,
        "offer": given.offer_id,
        "state": given.offer.state,
        "reward": _reward(given.offer),
        "value": _money(given.face_value, given.currency),
        "left": None if left is None else _money(left, given.currency),
        "granted_at": given.granted_at.isoformat(),
        "expires_on": given.expires_on.isoformat(),
    }


def _reward(offer: Offer) -> dict[str, str]:
    return {"key": offer.reward.key, "name": offer.reward_name, "kind": offer.reward.kind}


def _money(amount: Decimal, currency: str) -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currency": currency}
