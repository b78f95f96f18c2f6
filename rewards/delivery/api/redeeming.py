"""Redeeming what an account holds, because a program of ours asks for it: once for each idempotency key."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.records.days import day_there
from accounts.records.models import Account
from loyalty.core.audit.rules import AuditVerb
from loyalty.core.audit.verbs import record
from loyalty.core.errors import DomainError
from rewards.delivery.api.models import ApiKey, Redemption
from rewards.delivery.api.queries import credit_left
from rewards.delivery.api.rules import RedemptionRequest, differences
from rewards.ledger.verbs import redeem
from rewards.offers.handing import deliver_by_itself
from rewards.offers.holding import is_held
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OfferAction, OfferState
from rewards.offers.verbs import hold_addressee, move


class OtherRequest(DomainError):
    """The idempotency key came before with another body."""


@transaction.atomic
def redeem_once(asked: RedemptionRequest, *, key: str, by: ApiKey, now: datetime) -> dict[str, Any]:
    """Redeem, or give the answer that this idempotency key got before.

    Whoever comes with the same key at the same time waits for the first. Raises
    Account.DoesNotExist, OtherRequest for a key with another body, and
    DomainError when there is not enough; then nothing is kept, and the same key
    may be sent again.
    """
    account = Account.objects.get(external_id=asked.account)
    told = asked.model_dump(mode="json", exclude_none=True)
    if asked.amount is not None:
        told |= {"amount": f"{asked.amount:.2f}", "currency": asked.currency or settings.REPORTING_CURRENCY}
    made, is_new = Redemption.objects.get_or_create(key=key, defaults={"asked": told, "account": account, "by": by})
    if not is_new:
        if other := differences(made.asked, told):
            raise OtherRequest(f"This idempotency key was used before for something else: {other}.")
        return dict(made.answer)
    if asked.amount is not None:
        _use_credit(made, asked.amount, told["currency"], asked.invoice or "", now)
    else:
        _switch_on(made, asked.grant or 0, now)
    made.save(update_fields=["answer", "posting", "grant"])
    return dict(made.answer)


def _use_credit(made: Redemption, amount: Decimal, currency: str, invoice: str, now: datetime) -> None:
    made.posting = redeem(
        made.account_id,
        amount,
        currency,
        request=f"api:{made.key}",
        invoice=invoice,
        booked_on=now.date(),
        acting_user=None,
    )
    left = credit_left(made.account, now).get(currency, Decimal(0))
    made.answer = {"redemption": made.pk, **made.asked, "left": {"amount": f"{left:.2f}", "currency": currency}}


def _switch_on(made: Redemption, grant_id: int, now: datetime) -> None:
    hold_addressee(grant=grant_id)
    rows = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    offer = rows.filter(grant__pk=grant_id, account_id=made.account_id).first()
    # Looked for once the offer is held: its approval may have been taken back while we waited.
    given = Grant.objects.exclude(is_held(now)).filter(pk=grant_id).first()
    if offer is None or given is None:
        raise DomainError("This account has no such grant.")
    if offer.reward.is_credit:
        raise DomainError("This grant is a credit: name amount and invoice.")
    if given.expires_on < day_there(offer.account.time_zone, now):
        raise DomainError(f"This grant could be used until {given.expires_on.isoformat()}.")
    if offer.state == OfferState.APPROVED:
        # Nobody was told of the grant, or somebody is awaited still: who asks to use it has it.
        if not deliver_by_itself(offer.pk, why=f"Asked for by {made.by.name}", now=now):
            raise DomainError("This grant has not reached the customer yet.")
        offer.refresh_from_db()
    before = offer.state
    move(offer, OfferAction.REDEEM, now=now)
    made.grant = given
    record(
        AuditVerb.OFFER_REDEEMED,
        acting_user=None,
        object_type="offer",
        object_id=offer.pk,
        object_label=str(offer),
        before={"state": before},
        after={"state": offer.state, "key": str(made.by)},
        reason=f"Asked for by {made.by.name}",
    )
    made.answer = {"redemption": made.pk, **made.asked}
