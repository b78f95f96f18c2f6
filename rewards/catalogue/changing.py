"""How a reward is changed by request: its owner decides what it is, Finance what it is worth."""

from decimal import Decimal
from functools import partial
from typing import Any

from django.urls import reverse

from loyalty.core.changes.registry import Changeable, Live, Values, anew_at
from loyalty.core.money import money
from loyalty.core.people.rules import Function
from rewards.catalogue.models import Reward
from rewards.catalogue.rules import FIELD_LABELS, MONEY_FIELDS, RewardStatus, clean_values, field_in_words
from rewards.catalogue.verbs import owner_of, values_of, write_version

KIND = "reward"


def _get(reward_id: int, lock: bool) -> Reward:
    rows = Reward.objects.select_for_update(no_key=True) if lock else Reward.objects.all()
    reward = rows.filter(pk=reward_id).first()
    if reward is None:
        raise LookupError(f"No reward {reward_id}")
    return reward


def read(reward_id: int, lock: bool) -> Live:
    """The reward as it stands now."""
    reward = _get(reward_id, lock)
    return Live(
        label=reward.name,
        url=reverse("reward", args=[reward.pk]),
        version=reward.version,
        values=values_of(reward),
        is_live=reward.status == RewardStatus.LIVE.value,
    )


def clean(reward_id: int, values: Values) -> dict[str, Any]:
    """Complete, valid values, or DomainError in words."""
    reward = _get(reward_id, lock=False)
    return clean_values(reward.kind, values_of(reward), values)


def deciding(reward_id: int, fields: set[str]) -> Function:
    """Finance when money changes, else the reward's owner."""
    return Function.FINANCE if fields & MONEY_FIELDS else owner_of(_get(reward_id, lock=False))


def impact(reward_id: int, values: Values) -> list[str]:
    """What the edit means by itself; what it would have cost is added by the floor that offers."""
    reward = _get(reward_id, lock=False)
    told = ["Offers that were made keep the terms that they were made with."]
    if values["status"] == RewardStatus.RETIRED and reward.status != RewardStatus.RETIRED.value:
        told.append("Retires it: campaigns cannot offer it from then on.")
    if values["value_basis"] == "fixed":
        before, after = reward.discount_equivalent, Decimal(str(values["discount_equivalent"]))
        if reward.value_basis == "fixed" and before != after:
            by = money(abs(after - before), reward.currency)
            told.append(f"Each offer counts {by} {'more' if after > before else 'less'}.")
    return told


REWARD = Changeable(
    kind=KIND,
    label="reward",
    owner_of=deciding,
    read=read,
    clean=clean,
    impact=impact,
    apply=write_version,
    field_labels=FIELD_LABELS,
    in_words_of=lambda reward_id: partial(field_in_words, _get(reward_id, lock=False).currency),
    edit_url=lambda object_id, change_id: anew_at(reverse("reward", args=[object_id]), change_id),
)
