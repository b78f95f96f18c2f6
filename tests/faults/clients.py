"""Many clients at once, each with a connection of its own, and the offers that they fight over."""

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from threading import Barrier
from typing import TypeVar

from django.db import connection

from rewards.caps.rules import ReserveRequest
from rewards.offers.models import Grant, Offer
from rewards.offers.rules import OfferState
from tests.factories import AccountFactory, CampaignFactory, reward_of

T = TypeVar("T")
R = TypeVar("R")
NOW = datetime.now(UTC)


def shared_out(work: Callable[[T], R], items: Sequence[T], clients: int) -> list[R]:
    """Do the work for every item, the items dealt out to clients that all start together."""
    start = Barrier(clients)

    def client(number: int) -> list[R]:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            return [work(item) for item in items[number::clients]]
        finally:
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        return [result for results in pool.map(client, range(clients)) for result in results]


def shared_out_to_processes(work: Callable[[T], R], items: Sequence[T], clients: int, processes: int) -> list[R]:
    """The same with as many clients in each process: in one, they would wait for its interpreter."""

    def live(end: Connection, number: int) -> None:
        end.send(shared_out(work, items[number::processes], clients))

    # No process may go on with the connection of another.
    connection.close()
    system, ends = multiprocessing.get_context("fork"), []
    for number in range(processes):
        ours, theirs = system.Pipe(duplex=False)
        system.Process(target=live, args=(theirs, number), daemon=True).start()
        # Once theirs is closed here, that process is the only one to hold it: should it die, we are told.
        theirs.close()
        ends.append(ours)
    return [result for end in ends for result in end.recv()]


def offers(count: int, value: Decimal, *, accounts: int = 1, campaigns: int = 1) -> list[Offer]:
    """Offers in approval, spread evenly over new accounts and campaigns."""
    companies = AccountFactory.create_batch(accounts)
    programmes = CampaignFactory.create_batch(campaigns)
    return Offer.objects.bulk_create(
        Offer(
            account=companies[n % accounts],
            campaign=programmes[n % campaigns],
            campaign_version=1,
            cause_key=f"cause-{n}",
            reward=reward_of(programmes[n % campaigns]),
            reward_name="Credit",
            face_value=value,
            discount_equivalent=value,
            currency="USD",
            validity_days=365,
            evidence={"words": ["for the test"]},
            digest="0" * 64,
            state=OfferState.IN_APPROVAL.value,
        )
        for n in range(count)
    )


def request_for(offer: Offer) -> ReserveRequest:
    """What the campaign would ask of the caps for this offer, today."""
    return ReserveRequest(
        offer_id=offer.pk,
        account_id=offer.account_id,
        campaign_id=offer.campaign_id,
        function=offer.campaign.owner_function,
        reward_kind=offer.reward.kind,
        amount=offer.discount_equivalent,
        day=NOW.date(),
        reward_id=offer.reward_id,
        is_by_hand=offer.reward.delivery == "by_hand",
    )


def granted(offer: Offer) -> Grant:
    """The grant of an offer, as its last approval writes it."""
    return all_granted([offer])[0]


def all_granted(given: Sequence[Offer]) -> list[Grant]:
    """The grants of many offers, in their order."""
    Offer.objects.filter(pk__in=[offer.pk for offer in given]).update(state=OfferState.APPROVED.value)
    return Grant.objects.bulk_create(
        Grant(
            offer=offer,
            account_id=offer.account_id,
            face_value=offer.face_value,
            currency=offer.currency,
            expires_on=NOW.date() + timedelta(days=365),
        )
        for offer in given
    )
