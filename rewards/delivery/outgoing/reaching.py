"""When an automatic reward has reached its customer, going by who took the grant over.

It has once somebody took it and nobody else is awaited. An endpoint that is paused, or did not take it in all tries,
is awaited: administrators are told, and resume it or send it again. One that is gone is awaited no longer, whatever
it had not taken before.
"""

import json
from collections.abc import Iterator
from datetime import datetime

from django.db import connection, transaction

from rewards.catalogue.rules import Delivery
from rewards.delivery.outgoing.models import OutgoingEvent
from rewards.delivery.outgoing.rules import DeliveryState, EndpointState, EventType
from rewards.offers.handing import deliver_by_itself
from rewards.offers.rules import OfferState

A_STEP = 500
TAKEN_OVER = "Every system that wants to be told of the grant took it over."

_ONLY_THE_GONE = f"""
SELECT event.id FROM rewards_endpoint AS gone
JOIN rewards_eventdelivery AS left_over
     ON left_over.endpoint_id = gone.id AND left_over.state <> '{DeliveryState.SENT.value}'
JOIN rewards_outgoingevent AS event
     ON event.id = left_over.event_id AND event.type = '{EventType.GRANT_ISSUED.value}'
JOIN rewards_offer AS offer ON offer.id = (event.body::jsonb -> 'data' ->> 'offer')::bigint
JOIN rewards_reward AS reward ON reward.id = offer.reward_id
WHERE gone.state = '{EndpointState.GONE.value}' AND event.id > %(after)s
  AND offer.state = '{OfferState.APPROVED.value}' AND reward.delivery = '{Delivery.AUTOMATIC.value}'
  AND EXISTS (
      SELECT FROM rewards_eventdelivery AS took
      WHERE took.event_id = event.id AND took.state = '{DeliveryState.SENT.value}')
  AND NOT EXISTS (
      SELECT FROM rewards_eventdelivery AS awaited JOIN rewards_endpoint AS other ON other.id = awaited.endpoint_id
      WHERE awaited.event_id = event.id AND awaited.state <> '{DeliveryState.SENT.value}'
        AND other.state <> '{EndpointState.GONE.value}')
ORDER BY event.id LIMIT %(limit)s
"""


@transaction.atomic
def reached(event_id: int, *, now: datetime) -> bool:
    """Note that the reward of a grant reached its customer, if nobody is awaited any more; whether it did now."""
    # Of two that are taken at the same moment the second must see the first.
    event = OutgoingEvent.objects.select_for_update(no_key=True).get(pk=event_id)
    if event.type != EventType.GRANT_ISSUED:
        return False
    left = event.deliveries.exclude(state=DeliveryState.SENT)
    if left.exclude(endpoint__state=EndpointState.GONE).exists():
        return False
    if not event.deliveries.filter(state=DeliveryState.SENT).exists():
        return False
    return deliver_by_itself(json.loads(event.body)["data"]["offer"], why=TAKEN_OVER, now=now)


def look_again(*, now: datetime) -> int:
    """Note what has reached customers because those who did not take it are gone; returns how much. Twice is once."""
    return sum(look_again_in_steps(now=now))


def look_again_in_steps(*, now: datetime) -> Iterator[int]:
    """As `look_again`, A_STEP at a time, the oldest first; each of them is a transaction of its own."""
    after = 0
    while events := _only_the_gone(after):
        yield sum(reached(event, now=now) for event in events)
        after = events[-1]


def _only_the_gone(after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_ONLY_THE_GONE, {"after": after, "limit": A_STEP})
        return [event for (event,) in cursor.fetchall()]
