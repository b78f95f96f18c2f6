"""Building the demo company, finishing a build that was killed, and catching up with the calendar.

Every step finds out by itself what is missing: the set-up and each span of
history are one transaction each; facts are worked out month after month, the
newest last; milestones and offers are harmless to repeat; what people decided is
one transaction, and the audit has a line of it.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from accounts.facts.scores.verbs import cut_if_due
from accounts.facts.verbs import follow_facts, refresh
from accounts.milestones.verbs import detect
from accounts.referrals.verbs import detect_referrals
from loyalty.core.people.rules import Function
from loyalty.demo import decisions, finances, history, setup, story
from loyalty.demo.access import DemoAccess
from loyalty.demo.billing_runs import bill
from loyalty.demo.campaigns import launch
from loyalty.demo.company import HISTORY_DAYS
from loyalty.demo.history import Progress
from loyalty.demo.records import midnight
from loyalty.demo.story import EDITION, Story
from loyalty.pipeline import react_now
from rewards.campaigns.evaluating import account_ranges, evaluate_range

CAMPAIGN_AGE = timedelta(days=28)


def build(
    accounts: int, progress: Progress, existing: DemoAccess | None = None, *, now: datetime | None = None
) -> DemoAccess:
    """Make the demo company of `accounts`, with history up to `now` (UTC, default the present), unless it is there.

    A company that is there keeps its size. `existing` is what an earlier build
    returned; without it, new passwords and keys are made. `progress` hears
    (what, done, total). Raises ValueError for a company of no accounts.
    """
    if accounts < 1:
        raise ValueError("A demo company has at least one account.")
    moment = (now or timezone.now()).astimezone(UTC).replace(microsecond=0)
    tale = story.told()
    if tale is None:
        return _first(accounts, progress, existing, moment)
    if existing is None:
        existing = _set_up(tale.anchor, None)
    facts_are_there, is_decided = story.done(tale.until.date())
    if not facts_are_there:
        _finish(tale, progress)
    if not is_decided and tale.can_go_on:
        _decide(tale, progress)
    if tale.can_go_on and tale.until.date() < moment.date():
        _catch_up(tale, progress, moment)
    progress(f"The demo company of {tale.accounts} accounts is ready", 0, 0)
    return existing


def _first(accounts: int, progress: Progress, existing: DemoAccess | None, moment: datetime) -> DemoAccess:
    tale = Story(accounts, moment.date(), moment, EDITION)
    progress("Setting up people, sources and campaigns", 0, 0)
    access = _set_up(tale.anchor, existing)
    launch(midnight(tale.anchor) - CAMPAIGN_AGE)
    history.write_span(tale, None, progress)
    _finish(tale, progress)
    _decide(tale, progress)
    return access


def _set_up(anchor: date, existing: DemoAccess | None) -> DemoAccess:
    return setup.set_up(existing, history_from=midnight(anchor) - timedelta(days=HISTORY_DAYS))


def _finish(tale: Story, progress: Progress) -> None:
    """Milestones first, because facts tell them; then facts, month after month; segments and tiers."""
    progress("Finding who reached which milestone", 0, 0)
    detect(None, now=tale.until)
    detect_referrals(None, now=tale.until)
    begins, today = tale.anchor - timedelta(days=HISTORY_DAYS - 1), tale.until.date()
    months = _months(begins, today)
    refresh(None, begins, begins, follow=False)
    for done, (first, last) in enumerate(months, start=1):
        cut_if_due(first)
        with transaction.atomic():
            refresh(None, first, last, follow=False)
        progress("Working out facts, by month", done, len(months))
    # In one go up to today: month by month, what moved at the end of each would count as having just happened.
    progress("Placing accounts in segments and tiers", 0, 0)
    follow_facts(begins, today)


def _decide(tale: Story, progress: Progress) -> None:
    """Caps first, so that offers reserve room; then offers, and what the demo's own people do with a part of them."""
    progress("Proposing offers", 0, 0)
    cs, product, finance = (setup.members(function) for function in (Function.CS, Function.PRODUCT, Function.FINANCE))
    finances.settle(tale.accounts, *finance)
    for first, last in account_ranges():
        # The campaigns are live for weeks, and nobody has looked for whom they fire.
        evaluate_range(first, last, day=tale.until.date(), missed=CAMPAIGN_AGE.days)
    react_now()
    progress("Deciding some of them", 0, 0)
    with transaction.atomic():
        decisions.act(tale.until, cs, product, finance)
        story.tell_decided()


def _catch_up(tale: Story, progress: Progress, moment: datetime) -> None:
    """Add what happened since the last build; dirty marks make sure that the facts follow."""
    with transaction.atomic():
        history.write_span(replace(tale, until=moment), tale.until, progress)
        history.mark_dirty(tale, tale.until)
    bill(moment)
    react_now()


def _months(first: date, last: date) -> list[tuple[date, date]]:
    """The days from `first` to `last`, both included, cut where months begin."""
    cuts = [first]
    while (following := (cuts[-1].replace(day=1) + timedelta(days=32)).replace(day=1)) <= last:
        cuts.append(following)
    return [
        (start, end - timedelta(days=1)) for start, end in zip(cuts, [*cuts[1:], last + timedelta(days=1)], strict=True)
    ]
