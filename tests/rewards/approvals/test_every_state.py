"""The total table: every state, action, function and relation to the offer; what is illegal changes nothing.

The expectation is written anew here, from the specification, and shares no code with what it checks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product as every

import pytest
from django.db import connection, transaction
from django.utils import timezone

from loyalty.core.absence.models import Delegation
from loyalty.core.absence.seats import company_day
from loyalty.core.errors import DomainError, NotAllowed
from loyalty.core.people.models import User
from loyalty.core.people.rules import Function
from rewards.approvals import revising, shelving, talking, undoing, verbs
from rewards.approvals.models import OfferRevision
from rewards.offers import handing
from rewards.offers.models import Offer
from rewards.offers.rules import OfferState
from tests.factories import OfferFactory, PersonFactory

pytestmark = pytest.mark.django_db

LEGAL, NOT_YOURS, NO_SENSE = "legal", "not yours", "no sense"
FUNCTIONS = (*Function, None)
RELATIONS = ("stranger", "proposer", "reviser", "decided", "stand-in", "stand-in of the proposer")
Act = Callable[[Offer, User, Function | None], object]


ACTIONS: dict[str, Act] = {
    "approve": lambda o, u, f: verbs.approve(o.pk, function=f or Function.CS, digest=o.digest, acting_user=u),
    "reject": lambda o, u, f: verbs.reject(o.pk, function=f or Function.CS, digest=o.digest, note="no", acting_user=u),
    "snooze": lambda o, u, f: shelving.snooze([o.pk], company_day() + timedelta(1), "later", acting_user=u),
    "wake": lambda o, u, f: shelving.wake([o.pk], acting_user=u),
    "wake what is aside": lambda o, u, f: shelving.wake([o.pk], acting_user=u),
    "reassign": lambda o, u, f: shelving.reassign([o.pk], colleague().pk, acting_user=u),
    "revise": lambda o, u, f: revising.revise(o.pk, 77, "shorter", digest=o.digest, acting_user=u),
    "undo": lambda o, u, f: undoing.undo(o.pk, acting_user=u),
    "comment": lambda o, u, f: talking.comment(o.pk, "I see", acting_user=u),
    "deliver": lambda o, u, f: handing.deliver(o.pk, acting_user=u),
    "accept": lambda o, u, f: handing.accept(o.pk, acting_user=u),
    "decline": lambda o, u, f: handing.decline(o.pk, note="no", acting_user=u),
}
HANDED = {"deliver": OfferState.APPROVED, "accept": OfferState.DELIVERED, "decline": OfferState.DELIVERED}


@dataclass(frozen=True)
class Case:
    state: OfferState
    action: str
    function: Function | None
    relation: str


def expected(case: Case) -> str:
    """CS decides first, then Finance; Product is not asked. `function` None is an administrator."""
    undecided, function = case.state is OfferState.IN_APPROVAL, case.function
    # Who stands in for somebody has their seats in the queue, but tells nobody's customers anything.
    own_seat = not case.relation.startswith("stand-in")
    match case.action:
        case "comment":
            return LEGAL
        case "deliver" | "accept" | "decline":
            if function is not Function.CS or not own_seat:
                return NOT_YOURS
            return LEGAL if case.state is HANDED[case.action] else NO_SENSE
        case "revise":
            if function is not Function.CS:
                return NOT_YOURS
            return LEGAL if undecided else NO_SENSE
        case "undo":
            return LEGAL if undecided and case.relation == "decided" else NO_SENSE  # a rejection: see test_undoing
        case "snooze" | "wake" | "wake what is aside" | "reassign":
            if not undecided:
                return NO_SENSE
            if function is not Function.CS:
                return NOT_YOURS
            # What nobody put aside would only win time.
            return NO_SENSE if case.action == "wake" else LEGAL
    if function is Function.PRODUCT:
        return NOT_YOURS
    if not undecided or function is Function.FINANCE:
        return NO_SENSE
    if function is None:
        return NOT_YOURS
    return LEGAL if case.relation in ("stranger", "stand-in") else NOT_YOURS


def colleague(function: Function | None = Function.CS) -> User:
    return PersonFactory(functions=[function] if function else [])


@dataclass(frozen=True)
class Cast:
    """Of each function (None: an administrator) somebody, and who is absent beside who stands in for them."""

    people: dict[Function | None, User]
    absent: dict[Function | None, User]
    stand_ins: dict[Function | None, User]


def cast() -> Cast:
    """Made once for all cases of a state."""
    made = Cast(*({function: colleague(function) for function in FUNCTIONS} for _ in range(2)), stand_ins={})
    today = company_day()
    for function, absent in made.absent.items():
        made.stand_ins[function] = PersonFactory()
        Delegation.objects.create(delegator=absent, delegate=made.stand_ins[function], starts_on=today, ends_on=today)
    return made


def actor(case: Case, offer: Offer, made: Cast) -> User:
    """Somebody of the function who is this to the offer, which is aside where it is to be woken."""
    if case.action == "wake what is aside":
        Offer.objects.filter(pk=offer.pk).update(snoozed_until=company_day() + timedelta(1), snooze_reason="later")
    if case.relation.startswith("stand-in"):
        if case.relation == "stand-in of the proposer":
            Offer.objects.filter(pk=offer.pk).update(proposed_by=made.absent[case.function])
        return made.stand_ins[case.function]
    person = made.people[case.function]
    if case.relation == "proposer":
        Offer.objects.filter(pk=offer.pk).update(proposed_by=person)
    if case.relation == "reviser":
        OfferRevision.objects.create(offer=offer, number=1, before={}, after={}, reason="so", written_by=person)
    if case.relation == "decided":
        offer.steps.filter(function="finance").update(
            state="approved", decided_by=person, decided_at=timezone.now(), digest=offer.digest
        )
    return person


# Asked thousands of times, so by one statement.
STANDING = """
SELECT to_jsonb(offer)::text,
       (SELECT jsonb_agg(step ORDER BY step.id)::text FROM rewards_approvalstep AS step WHERE step.offer_id = offer.id),
       (SELECT count(*) FROM rewards_offercomment AS comment WHERE comment.offer_id = offer.id),
       (SELECT count(*) FROM rewards_offerrevision AS revision WHERE revision.offer_id = offer.id)
FROM rewards_offer AS offer WHERE offer.id = %s
"""


def standing(offer: Offer) -> tuple[str, str, int, int]:
    """All of the offer and of its steps, and how many comments and revisions it has."""
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [offer.pk])
        (found,) = cursor.fetchall()
    return found


def outcome(case: Case, offer: Offer, made: Cast) -> str:
    with transaction.atomic():
        try:
            person = actor(case, offer, made)
            before = standing(offer)
            try:
                with transaction.atomic():
                    ACTIONS[case.action](offer, person, case.function)
            except DomainError as refusal:
                assert standing(offer) == before, case
                return NOT_YOURS if isinstance(refusal, NotAllowed) else NO_SENSE
            return LEGAL
        finally:
            transaction.set_rollback(True)


def test_the_table_is_total() -> None:
    cases = [Case(*key) for key in every(OfferState, ACTIONS, FUNCTIONS, RELATIONS)]
    assert len(cases) == 11 * 12 * 4 * 6
    assert {expected(case) for case in cases} == {LEGAL, NOT_YOURS, NO_SENSE}


@pytest.mark.parametrize("state", list(OfferState), ids=str)
def test_every_case_of_a_state(state: OfferState) -> None:
    undecided = state is OfferState.IN_APPROVAL
    offer = OfferFactory(state=state.value)
    if not undecided:
        offer.awaits = []
        offer.save(update_fields=["awaits"])
    cases = [Case(state, *key) for key in every(ACTIONS, FUNCTIONS, RELATIONS)]
    made = cast()
    found = {case: outcome(case, offer, made) for case in cases}
    wrong = {case: (told, expected(case)) for case, told in found.items() if told != expected(case)}
    assert wrong == {}
