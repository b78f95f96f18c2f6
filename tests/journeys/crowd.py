"""More than fits on a page, under names that nobody would wish for."""

from decimal import Decimal

from accounts.milestones.models import Milestone
from accounts.milestones.verbs import create_milestone
from accounts.records.models import Account
from accounts.segments.verbs import create_segment
from accounts.sources.rules import Kind
from accounts.sources.verbs import create_source
from accounts.streaks.rules import Action, Pace, StreakKind
from accounts.streaks.verbs import create_streak
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals.verbs import approve
from rewards.caps.rules import CapPeriodKind, CapScope
from rewards.caps.setting import NewCap, create_cap
from rewards.offers.models import Offer
from tests.factories import CampaignFactory
from tests.journeys.doors import REPORT, Product

MANY, LIVE = 62, 8
ANYBODY = {"op": "compare", "fact": "active_days_28", "is": ">=", "value": "1"}
ATTACK = "<script>window.attacked = true</script><b onclick=alert(1)>Bold & Co</b>"
LONG = (
    "The North Atlantic Cooperative Society for Refrigerated Transport, Harbour Logistics and "
    "Cold-Chain-Certification-of-Temperature-Controlled-Pharmaceuticals of the Outer Hebrides (Holdings) plc"
)
RIGHT_TO_LEFT = "شركة النور للتجارة والخدمات الرقمية (المحدودة) 2026"
UNWISHED = (ATTACK, LONG, RIGHT_TO_LEFT)


def fill(product: Product, everybody: User, colleague: User, *, many: int = MANY) -> None:
    """Let many customers reach the milestone; all but the unwished get their credit."""
    names = {f"customer-{n}": f"Customer {n}" for n in range(many)}
    names |= {f"unwished-{n}": name for n, name in enumerate(UNWISHED)}
    product.batch([call for account, name in names.items() for call in _story(account, name)])
    product.batch([{"type": "track", "event": ATTACK, "messageId": f"lost-{n}"} for n in range(many)])
    for offer in Offer.objects.filter(account__name__startswith="Customer"):
        digest = offer.digest
        approve(offer.pk, function=Function.CS, digest=digest, note=f"{ATTACK} {LONG}", acting_user=everybody)
        approve(offer.pk, function=Function.FINANCE, digest=digest, note=RIGHT_TO_LEFT, acting_user=colleague)
    _fill_the_programme(everybody, colleague, many)


def _story(account: str, name: str) -> list[dict[str, object]]:
    person, context = f"{account}-ann", {"groupId": account}
    return [
        {"type": "group", "userId": person, "groupId": account, "traits": {"name": name, "industry": name[:100]}},
        {"type": "identify", "userId": person, "traits": {"name": name, "email": "ann@example.com"}},
        {
            "type": "track",
            "userId": person,
            "event": REPORT,
            "context": context,
            "properties": {ATTACK: [LONG, ATTACK]},
        },
    ]


def _fill_the_programme(everybody: User, colleague: User, many: int) -> None:
    live = Milestone.objects.get(key="first-custom-report")
    accounts = Account.objects.order_by("-id")[:many]
    for n in range(many):
        name = UNWISHED[n] if n < len(UNWISHED) else f"Number {n}"
        values = {"name": name[:120], "event_name": name[:200], "count": n + 1, "within_days": None}
        milestone = create_milestone(values, acting_user=everybody)
        _segment(name, everybody, is_live=n < LIVE)
        _streaks(name, n, everybody)
        create_source(name[:100], [Kind.SUPPORT], acting_user=everybody)
        _cap(name[:120], accounts[n], everybody)
        propose_or_apply("milestone", live.pk, {"name": name[:120], "count": n + 2}, name, acting_user=colleague)
        CampaignFactory(key=f"number-{n}", name=name[:120], goal=name, milestone=milestone)


def _segment(name: str, everybody: User, *, is_live: bool) -> None:
    """A segment of all who did anything; some of them live, to overlap."""
    values = {"name": name[:120], "goal": name[:200], "reward": name[:200], "rule": ANYBODY}
    made = create_segment(values, acting_user=everybody)
    if is_live:
        propose_or_apply("segment", made.pk, {"status": "live"}, name, acting_user=everybody)


def _streaks(name: str, n: int, everybody: User) -> None:
    """A streak on an event of that name, and a track."""
    counted = {"action": Action.EVENT.value, "event_name": name[:200], "pace": Pace.WEEK.value}
    track = {"name": name[:120], "length": n + 1, "features": 5, "active_days": 3}
    create_streak(StreakKind.STREAK, {"name": name[:120], "length": n + 1, **counted}, acting_user=everybody)
    create_streak(StreakKind.TRACK, track, acting_user=everybody)


def _cap(name: str, account: Account, everybody: User) -> None:
    """A soft cap on one customer, so that each of them limits something of its own."""
    key, limit = str(account.pk), Decimal(1000)
    create_cap(NewCap(name, CapScope.ACCOUNT, key, CapPeriodKind.MONTH, limit, is_hard=False), acting_user=everybody)
