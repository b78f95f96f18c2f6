"""Every address by its URL name: how it is called, and what each member of the cast gets.

A page that is missing here fails the build. A new page adds one line to EXPECTED:

    "caps": Expect()                                a page that everybody signed in may see
    "cap": Expect({"cap_id": "cap"})                … of one object: the name of a sample below
    "cap-edit": Expect({"cap_id": "cap"}, posts=True)    takes POST only: a GET gets 405
    "source": Expect({"source_id": "source"}),
    "source-record": Expect({"source_id": "source"}, posts=True),
    "source-expectation": Expect({"source_id": "source"}, posts=True),
    "source-new": Expect(others=403, administrator=200)  not for everybody
    "healthz": Expect(anonymous=200)                needs no sign-in

An object that the page needs is made in `make_samples`.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime

from django.db.models import Model

from accounts.intake.files.models import FileUpload
from accounts.intake.models import IntakeBatch, ProfileCall, RefusedItem
from accounts.intake.stripe.models import StripeCall
from accounts.records.models import Account, Invoice
from accounts.sources.models import SourceKey, SourceSecret
from accounts.tiers.models import Tier
from loyalty.core.absence.models import Delegation
from loyalty.core.audit.models import AuditLine
from loyalty.core.changes.verbs import propose_or_apply
from loyalty.core.jobs.models import Job
from loyalty.core.notices.models import Notice
from loyalty.core.people.models import User
from rewards.affordability.models import AssumptionSet
from rewards.affordability.rules.assumptions import UNSET
from rewards.approvals.models import SavedView
from rewards.approvals.required.shipped import ensure_shipped as make_approval_rules
from rewards.closing.models import ClosedMonth
from rewards.delivery.api.models import ApiKey
from rewards.delivery.invoices.models import InvoiceCredit
from rewards.delivery.outgoing.models import Endpoint, EndpointSecret
from rewards.delivery.tasks.models import DeliveryTask
from rewards.fit.shipped import ensure_shipped as make_rules
from rewards.ledger.verbs import issue_credit
from rewards.offers.models import Grant
from tests.factories import (
    AccountFactory,
    CampaignFactory,
    CapFactory,
    ContactFactory,
    EventFactory,
    MilestoneFactory,
    OfferFactory,
    PersonFactory,
    SegmentFactory,
    SourceFactory,
    reward_of,
    streak_factory,
)

CAST = ("finance", "product", "cs", "administrator")
SENT_TO_SIGN_IN = 302


class Expect:
    """Statuses of a GET: `others` is everybody signed in who is not named.

    `sent_to` is where the anonymous are sent, when that is not the sign-in which leads back here.
    """

    def __init__(
        self,
        kwargs: Mapping[str, str | int] | None = None,
        *,
        posts: bool = False,
        anonymous: int = SENT_TO_SIGN_IN,
        others: int = 200,
        sent_to: str = "",
        **named: int,
    ) -> None:
        if unknown := set(named) - set(CAST):
            raise ValueError(f"Not of the cast: {unknown}")
        self.kwargs = dict(kwargs or {})
        self.anonymous = anonymous
        self.sent_to = sent_to
        self.is_public = anonymous != SENT_TO_SIGN_IN
        others = 405 if posts else others
        self.signed_in = {member: named.get(member, others) for member in CAST}

    def arguments(self, samples: Mapping[str, int]) -> dict[str, int]:
        """The arguments of the address, with the ids of the samples in place of their names."""
        return {name: samples[v] if isinstance(v, str) else v for name, v in self.kwargs.items()}


EXPECTED: dict[str, Expect] = {
    "healthz": Expect(anonymous=200),
    "readyz": Expect(anonymous=503, others=503),  # no worker runs in the tests
    "home": Expect(),
    "search": Expect(),
    "counts": Expect(),
    "sign-in": Expect(anonymous=200, others=302),
    "mfa_authenticate": Expect(others=302, sent_to="/sign-in/"),  # nobody gave a password
    "openid_connect_login": Expect({"provider_id": "person"}, anonymous=404, others=404),  # none is set up
    "openid_connect_callback": Expect({"provider_id": "person"}, anonymous=404, others=404),
    "person-company": Expect({"person_id": "person"}, posts=True),
    "second-factor": Expect(),
    "recovery-codes": Expect(),
    "person-second-factor": Expect({"person_id": "person"}, posts=True),
    "sign-out": Expect(posts=True),
    "changes": Expect(),
    "change": Expect({"change_id": "change"}),
    "change-decide": Expect({"change_id": "change"}, posts=True),
    "change-submit": Expect({"change_id": "change"}, posts=True),
    "change-day": Expect({"change_id": "change"}, posts=True),
    "change-restore": Expect({"change_id": "change"}, posts=True),
    "change-withdraw": Expect({"change_id": "change"}, posts=True),
    "change-comment": Expect({"change_id": "change"}, posts=True),
    "audit": Expect(),
    "audit-line": Expect({"line_id": "audit line"}),
    "jobs": Expect(),
    "job": Expect({"job_id": "job"}),
    "job-progress": Expect({"job_id": "job"}),
    "job-cancel": Expect({"job_id": "job"}, posts=True),
    "sources": Expect(),
    "source": Expect({"source_id": "source"}),
    "source-record": Expect({"source_id": "source"}, posts=True),
    "source-expectation": Expect({"source_id": "source"}, posts=True),
    "source-new": Expect(others=403, administrator=200),
    "source-key-new": Expect({"source_id": "source"}, posts=True),
    "source-key-revoke": Expect({"key_id": "source key"}, posts=True),
    "source-signing": Expect({"source_id": "source"}, others=403, administrator=200),
    "source-secret-revoke": Expect({"secret_id": "source secret"}, posts=True),
    "events": Expect(),
    "event": Expect({"arrival_id": "event"}),
    "profile-call": Expect({"arrival_id": "profile call"}),
    "stripe-call": Expect({"arrival_id": "stripe call"}),
    "refused-item": Expect({"arrival_id": "refused item"}),
    "refused-replay": Expect({"arrival_id": "refused item"}, posts=True),
    "imports": Expect(),
    "import": Expect({"upload_id": "upload"}),
    "import-start": Expect({"upload_id": "upload"}, posts=True),
    "import-discard": Expect({"upload_id": "upload"}, posts=True),
    "import-refused": Expect({"upload_id": "upload"}),
    "accounts": Expect(),
    "inbox": Expect(),
    "inbox-read": Expect(posts=True),
    "notice-read": Expect({"notice_id": "notice"}, posts=True),
    "settings": Expect(),
    "sign-out-elsewhere": Expect(posts=True),
    "people": Expect(),
    "person": Expect({"person_id": "person"}),
    "person-invite": Expect(others=403, administrator=200),
    "person-deactivate": Expect({"person_id": "person"}, posts=True),
    "person-reactivate": Expect({"person_id": "person"}, posts=True),
    "person-link": Expect({"person_id": "person"}, posts=True),
    "welcome": Expect({"uid": 1, "token": 1}, anonymous=404, others=404),  # nobody signed that
    "settings-notices": Expect(),
    "settings-retention": Expect(),
    "absences": Expect(),
    "absence-end": Expect({"delegation_id": "delegation"}, posts=True),
    "approval-rules": Expect(),
    "approval-times": Expect(),
    "approval-rule-new": Expect(),
    "tasks": Expect(),
    "task": Expect({"task_id": "task"}),
    "invoice-credits": Expect(),
    "invoice-credit": Expect({"credit_id": "invoice credit"}),
    "invoice-credit-again": Expect({"credit_id": "invoice credit"}, posts=True),
    "billing": Expect(),
    "billing-disconnect": Expect(posts=True),
    "webhooks": Expect(),
    "endpoint": Expect({"endpoint_id": "endpoint"}),
    "endpoint-new": Expect(others=403, administrator=200),
    "endpoint-edit": Expect({"endpoint_id": "endpoint"}, others=403, administrator=200),
    "endpoint-pause": Expect({"endpoint_id": "endpoint"}, posts=True),
    "endpoint-resume": Expect({"endpoint_id": "endpoint"}, posts=True),
    "endpoint-secret-new": Expect({"endpoint_id": "endpoint"}, posts=True),
    "endpoint-secret-revoke": Expect({"secret_id": "endpoint secret"}, posts=True),
    "api-keys": Expect(),
    "api-key-revoke": Expect({"key_id": "api key"}, posts=True),
    "v1-rewards": Expect({"external_id": "account"}, anonymous=401, others=401),
    "v1-redemptions": Expect(anonymous=405, others=405),
    "delivery": Expect({"delivery_id": "delivery"}),
    "delivery-again": Expect({"delivery_id": "delivery"}, posts=True),
    "approval-rule": Expect({"rule_id": "approval rule"}),
    "account-new": Expect(others=403, cs=200),
    "account": Expect({"account_id": "account"}),
    "account-contacts": Expect({"account_id": "account"}),
    "account-recap": Expect({"account_id": "account"}),
    "rule-build": Expect(posts=True),
    "rule-look": Expect(posts=True),
    "rule-why": Expect(posts=True),
    "contact": Expect({"contact_id": "contact"}),
    "contact-role": Expect({"contact_id": "contact"}, posts=True),
    "contact-consent": Expect({"contact_id": "contact"}, posts=True),
    "contact-quiz-link": Expect({"contact_id": "contact"}, posts=True),
    "quiz": Expect({"token": 1}, anonymous=404, others=404),  # nobody signed that
    "contact-erase": Expect({"contact_id": "contact"}, others=403, cs=200, administrator=200),
    "contact-export": Expect({"contact_id": "contact"}, others=403, cs=200, administrator=200),
    "contact-offers": Expect({"account_id": "account", "contact_id": "contact"}),
    "segments": Expect(),
    "segment": Expect({"segment_id": "segment"}),
    "segment-new": Expect(),
    "segment-edit": Expect({"segment_id": "segment"}),
    "segment-moves": Expect({"segment_id": "segment"}),
    "segment-scores": Expect(),
    "milestones": Expect(),
    "milestone": Expect({"milestone_id": "milestone"}),
    "milestone-new": Expect(),
    "milestone-edit": Expect({"milestone_id": "milestone"}, posts=True),
    "milestone-preview": Expect(),
    "streaks": Expect(),
    "tracks": Expect(),
    "streak-new": Expect(),
    "track-new": Expect(),
    "streak-preview": Expect(),
    "track-preview": Expect(),
    "streak": Expect({"streak_id": "streak"}),
    "streak-edit": Expect({"streak_id": "streak"}, posts=True),
    "key-actions": Expect(),
    "referrals": Expect(),
    "tiers": Expect(),
    "tiers-edit": Expect(others=404),  # there is no scheme before set-up
    "tiers-preview": Expect(others=404),
    "tier-perks": Expect({"tier_id": "tier"}),
    "tier-perks-brief": Expect({"tier_id": "tier"}),
    "offers": Expect(),
    "account-offers": Expect({"account_id": "account"}),
    "offer": Expect({"offer_id": "offer"}),
    "offer-decide": Expect({"offer_id": "offer"}, posts=True),
    "offers-counts": Expect(),
    "offers-choose": Expect(posts=True),
    "offers-decide": Expect(posts=True),
    "offers-undo": Expect(posts=True),
    "offers-view-keep": Expect(posts=True),
    "offers-view-remove": Expect({"view_id": "kept view"}, posts=True),
    "offer-snooze": Expect({"offer_id": "offer"}, posts=True),
    "offer-wake": Expect({"offer_id": "offer"}, posts=True),
    "offer-reassign": Expect({"offer_id": "offer"}, posts=True),
    "offer-revise": Expect({"offer_id": "offer"}, posts=True),
    "offer-undo": Expect({"offer_id": "offer"}, posts=True),
    "offer-comment": Expect({"offer_id": "offer"}, posts=True),
    "offer-hand": Expect({"offer_id": "offer"}, posts=True),
    "rewards": Expect(),
    "reward-new": Expect(),
    "reward": Expect({"reward_id": "reward"}),
    "reward-edit": Expect({"reward_id": "reward"}, posts=True),
    "fit": Expect(),
    "fit-rule-new": Expect(),
    "fit-rule": Expect({"rule_id": "fit rule"}),
    "campaigns": Expect(),
    "campaigns-compare": Expect(),
    "campaigns-trial": Expect(),
    "campaign-start": Expect(),
    "campaign-new": Expect(others=302),  # it begins with something
    "campaign": Expect({"campaign_id": "campaign"}),
    "campaign-matches": Expect({"campaign_id": "campaign"}),
    "campaign-edit": Expect({"campaign_id": "campaign"}),
    "campaign-move": Expect({"campaign_id": "campaign"}, posts=True),
    "campaign-approve": Expect({"campaign_id": "campaign"}, posts=True),
    "caps": Expect(),
    "new-cap": Expect(),
    "cap": Expect({"cap_id": "cap"}),
    "edit-cap": Expect({"cap_id": "cap"}),
    "affordability": Expect(),
    "assumptions": Expect(),
    "tax": Expect(),
    "tax-thresholds": Expect(),
    "tax-person": Expect({"contact_id": "contact"}),
    "liability": Expect(),
    "liability-moved": Expect(),
    "liability-left": Expect(),
    "liability-forecast": Expect(),
    "unit-rates": Expect(),
    "unit-rate-keep": Expect(posts=True),
    "unit-rates-file": Expect(posts=True),
    "points-rate": Expect(posts=True),
    "breakage": Expect(),
    "close": Expect(),
    "journal-codes": Expect(),
    "month-reopen": Expect({"closed_id": "closed month"}, posts=True),
    "month-close": Expect({"year": 2026, "month": 3}, posts=True),
    "month-journal": Expect({"year": 2026, "month": 3}),
    "month-pack": Expect({"year": 2026, "month": 3}),
    "ledger": Expect(),
    "posting": Expect({"posting_id": "posting"}),
    "posting-reverse": Expect({"posting_id": "posting"}),
    "webhook-stripe": Expect({"source_id": "source"}, anonymous=405, others=405),
    "v1-track": Expect(anonymous=405, others=405),
    "v1-identify": Expect(anonymous=405, others=405),
    "v1-group": Expect(anonymous=405, others=405),
    "v1-page": Expect(anonymous=405, others=405),
    "v1-screen": Expect(anonymous=405, others=405),
    "v1-alias": Expect(anonymous=405, others=405),
    "v1-batch": Expect(anonymous=405, others=405),
    "v1-import": Expect(anonymous=405, others=405),
    "openapi": Expect(anonymous=200),
    "webhook": Expect({"source_id": "source"}, anonymous=405, others=405),
    "webhook-hubspot": Expect({"source_id": "source"}, anonymous=405, others=405),
    "webhook-zendesk": Expect({"source_id": "source"}, anonymous=405, others=405),
}


def set_assumptions() -> None:
    """The assumptions with a gross margin, as if Finance had set it, so that an edit is a request."""
    margin = {"of": {"self_serve": "70.00"}, "as_of": "2026-09-30", "source": "Management accounts"}
    AssumptionSet.objects.create(pk=1, values=dict(UNSET) | {"gross_margin": margin}, version=2)


def make_samples(proposer: User) -> dict[str, int]:
    """One object of each kind that an address names."""
    account, milestone = AccountFactory(), MilestoneFactory()
    endpoint = Endpoint.objects.create(name="Product", url="https://p.example/", types=["grant.issued"])
    campaign = CampaignFactory(milestone=milestone)
    offer = OfferFactory(campaign=campaign, account=account)
    granted = OfferFactory(campaign=campaign, state="approved")
    grant = Grant.objects.create(
        offer=granted,
        account=granted.account,
        face_value=granted.face_value,
        currency=granted.currency,
        expires_on=date(2099, 1, 1),
    )
    change = propose_or_apply("milestone", milestone.pk, {"count": 2}, "Two is a habit", acting_user=proposer)
    set_assumptions()
    posting = issue_credit(grant, booked_on=date(2026, 3, 2), acting_user=proposer)
    samples = {
        "account": account,
        "delegation": Delegation.objects.create(
            delegator=proposer, delegate=PersonFactory(), starts_on=date(2099, 1, 1), ends_on=date(2099, 1, 2)
        ),
        "contact": ContactFactory(account=account),
        "milestone": milestone,
        "segment": SegmentFactory(),
        "streak": streak_factory(),
        "campaign": campaign,
        "reward": reward_of(campaign),
        "fit rule": make_rules()[0],
        "approval rule": make_approval_rules()[0],
        "tier": Tier.objects.create(key="silver", name="Silver"),
        "offer": offer,
        "kept view": SavedView.objects.create(owner=proposer, name="Due", query="?view=open&due=today"),
        "cap": CapFactory(),
        "change": change,
        "posting": posting,
        "invoice credit": _credit_on_an_invoice(account),
        "closed month": ClosedMonth.objects.create(
            month=date(2026, 2, 1), is_closed=False, closed_at=datetime(2026, 3, 1, tzinfo=UTC), closed_by=proposer
        ),
        "source": SourceFactory(),
        "task": DeliveryTask.objects.create(offer=granted, due_on=date(2099, 1, 1)),
        "endpoint": endpoint,
        "endpoint secret": EndpointSecret.objects.create(endpoint=endpoint, sealed="", hint="0000"),
        "api key": ApiKey.objects.create(name="Product", digest="0" * 64, hint="0000", may_redeem=True),
        "delivery": endpoint.deliveries.get(),
        "person": PersonFactory(),
        "notice": Notice.objects.create(person=proposer, key="k", words="Words", url="/"),
        "job": Job.objects.create(kind="import", title="accounts.csv", started_by=proposer),
        "upload": FileUpload.objects.create(kind="account", name="accounts.csv", size=0, uploaded_by=proposer),
        **_arrivals(),
        "audit line": AuditLine.objects.order_by("id")[0],
    }
    return {name: made.pk for name, made in samples.items()}


def _credit_on_an_invoice(account: Account) -> InvoiceCredit:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    told = {"status": "draft", "due": 100, "paid": 0, "currency": "USD", "issued_at": moment, "told_at": moment}
    return InvoiceCredit.objects.create(invoice=Invoice.objects.create(account=account, external_id="in_1", **told))


def _arrivals() -> dict[str, Model]:
    """One of everything that can come in, and the key that it came with."""
    event = EventFactory()
    batch = IntakeBatch.objects.create(source=event.source, channel="track", refused=1)
    return {
        "source key": SourceKey.objects.create(source=event.source, digest="0" * 64, hint="0000"),
        "source secret": SourceSecret.objects.create(source=event.source, scheme="standard", sealed="", hint="0000"),
        "event": event,
        "profile call": ProfileCall.objects.create(
            source=event.source, message_id="m", call="group", occurred_at=event.occurred_at, payload={}
        ),
        "stripe call": StripeCall.objects.create(
            source=event.source, message_id="evt_1", call="invoice.paid", occurred_at=event.occurred_at
        ),
        "refused item": RefusedItem.objects.create(batch=batch, code="nobody", reason="Nobody.", raw="{"),
    }
