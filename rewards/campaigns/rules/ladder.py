"""The ladder of a campaign: ordered rewards with waits between, and the fixed order when a customer would leave."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from accounts.conditions.rules.reading import Fault
from rewards.campaigns.rules.trigger import TriggerKind
from rewards.catalogue.rules import KINDS, Nature

MOST_STEPS = 10
LONGEST_WAIT = 365

# On cancellation intent the order is always this one; each step of a ladder is of a later stage than the one before.
LEAVING: tuple[tuple[str, frozenset[str]], ...] = (
    ("value recap", frozenset({"value_recap"})),
    ("pause", frozenset({"pause_or_skip"})),
    ("downgrade path", frozenset({"downgrade_path"})),
    ("credit", frozenset(kind for kind, is_a in KINDS.items() if is_a.nature is Nature.CREDIT)),
    ("discount", frozenset(kind for kind, is_a in KINDS.items() if is_a.nature is Nature.DISCOUNT)),
)
LEAVING_ORDER = " → ".join(name for name, _ in LEAVING)


@dataclass(frozen=True)
class LadderStep:
    """One reward, by its key, and how many days after the step before was declined or lapsed it opens.

    `answer_days` after it was delivered it lapses unless it was accepted; None: when it is no longer valid.
    """

    reward: str
    wait_days: int
    answer_days: int | None = None

    @property
    def written(self) -> dict[str, Any]:
        """The step as the terms write it."""
        within = {"answer_days": self.answer_days} if self.answer_days else {}
        return {"reward": self.reward, "wait_days": self.wait_days, **within}


def read_ladder(
    raw: Any, trigger: TriggerKind | None, rewards: Mapping[str, str], faults: list[Fault]
) -> list[LadderStep]:
    """The steps in order; what is wrong goes to `faults`. `rewards` is reward key → kind."""
    if not isinstance(raw, list) or not raw:
        faults.append(Fault("ladder", "A campaign offers at least one reward."))
        return []
    if len(raw) > MOST_STEPS:
        faults.append(Fault("ladder", f"A ladder has at most {MOST_STEPS} steps."))
        return []
    steps = [step for n, one in enumerate(raw) if (step := _read_step(one, n, rewards, faults))]
    if len(steps) < len(raw):
        return []
    if len({step.reward for step in steps}) < len(steps):
        faults.append(Fault("ladder", "Each reward stands in a ladder once."))
    if trigger is TriggerKind.CANCELLATION_INTENT:
        _check_leaving(steps, rewards, faults)
    return steps


def _read_step(raw: Any, n: int, rewards: Mapping[str, str], faults: list[Fault]) -> LadderStep | None:
    place = f"ladder.{n}"
    if not isinstance(raw, Mapping):
        faults.append(Fault(place, "A step has a reward and a wait."))
        return None
    reward, wait, answer = raw.get("reward"), _days(raw.get("wait_days", 0)), _days(raw.get("answer_days"))
    known = reward in rewards
    if not known:
        says = f"There is no reward “{reward}”." if reward else "Choose a reward."
        faults.append(Fault(f"{place}.reward", says))
    if not isinstance(wait, int) or isinstance(wait, bool) or not 0 <= wait <= LONGEST_WAIT:
        faults.append(Fault(f"{place}.wait_days", f"The wait is a whole number of days from 0 to {LONGEST_WAIT}."))
        return None
    if answer is not None and (not isinstance(answer, int) or not 1 <= answer <= LONGEST_WAIT):
        says = f"The time to answer is a whole number of days from 1 to {LONGEST_WAIT}, or empty."
        faults.append(Fault(f"{place}.answer_days", says))
        return None
    # Nothing comes before the first step that could be waited for.
    return LadderStep(str(reward), wait if n else 0, answer) if known else None


def _days(raw: Any) -> Any:
    """A number of days that was typed, as a number; None for an empty field, anything else as it is."""
    if raw == "":
        return None
    return int(raw) if isinstance(raw, str) and raw.strip().isdecimal() and len(raw) < 6 else raw


def _check_leaving(steps: list[LadderStep], rewards: Mapping[str, str], faults: list[Fault]) -> None:
    reached = -1
    for n, step in enumerate(steps):
        place = f"ladder.{n}.reward"
        stage = next((i for i, (_, kinds) in enumerate(LEAVING) if rewards[step.reward] in kinds), None)
        if stage is None:
            faults.append(
                Fault(place, f"On cancellation intent this reward has no place. The order is always {LEAVING_ORDER}.")
            )
        elif stage <= reached:
            faults.append(
                Fault(
                    place,
                    f"On cancellation intent a {LEAVING[stage][0]} cannot come after a {LEAVING[reached][0]}:"
                    f" the order is always {LEAVING_ORDER}.",
                )
            )
        else:
            reached = stage
