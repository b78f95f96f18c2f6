"""What the rewards floor tells the ground: counts, things to find, what can be changed by request."""

from django.urls import reverse

from accounts.conditions.registry import add_facts
from accounts.contacts.holdings import add_holding
from accounts.facts.followers import add_follower
from accounts.intake.openapi import add_section
from accounts.privacy.following import follow_withdrawal
from accounts.referrals.registry import tell_offers
from accounts.tiers.changing import KIND as TIER_SCHEME_KIND
from loyalty.core.changes.registry import add_impact, register
from loyalty.core.doorbell.waiting import add_gauge
from loyalty.core.money import money
from loyalty.core.people.leaving import add_hand_over
from loyalty.core.people.models import User
from loyalty.core.shell.registry import Found, add_counter, add_finder, add_settings_tab
from rewards.affordability.changing import ASSUMPTIONS
from rewards.approvals.holding import OFFERS
from rewards.approvals.listing import waiting_count
from rewards.approvals.panels import add_panel
from rewards.approvals.queries import find as find_offers
from rewards.approvals.required.changing import APPROVAL_RULE
from rewards.approvals.said import SAID
from rewards.approvals.times import APPROVAL_TIMES
from rewards.breakage.changing import BREAKAGE_RATE
from rewards.campaigns.changing import CHANGEABLE_CAMPAIGN
from rewards.campaigns.ending import ends_by_perks, ends_by_reward
from rewards.campaigns.evaluating import due_since, follow
from rewards.campaigns.growth import growth_facts
from rewards.campaigns.impact import MILESTONE_KIND, cost_of_milestone_change
from rewards.campaigns.panel import ladder_panel
from rewards.campaigns.queries import find as find_campaigns
from rewards.caps.capacity import capacity_fact
from rewards.caps.changing import register_caps
from rewards.catalogue.changing import KIND as REWARD_KIND
from rewards.catalogue.changing import REWARD
from rewards.catalogue.queries import find as find_rewards
from rewards.catalogue.telling import add_fact
from rewards.closing.changing import CLOSED_MONTH, JOURNAL_CODES
from rewards.delivery.described import SECTION
from rewards.delivery.invoices.changing import BILLING
from rewards.delivery.invoices.keeping import ON_INVOICES
from rewards.delivery.invoices.queries import due_since as credits_due_since
from rewards.delivery.outgoing.queries import due_since as webhooks_due_since
from rewards.delivery.tasks.leaving import DELIVERIES
from rewards.delivery.tasks.queries import mine_count
from rewards.fit.changing import FIT_RULE
from rewards.fit.panel import fit_panel
from rewards.holdouts.panel import lot_panel
from rewards.ledger.keepers import add_keeper
from rewards.offers.by_referral import offers_by_referral
from rewards.offers.delivering import add_watch
from rewards.offers.keeping import CREDITED
from rewards.offers.leaving import UNDECIDED
from rewards.offers.reward_impact import cost_of_reward_change
from rewards.offers.verbs import stop_addressing
from rewards.perks.changing import KIND as PERKS_KIND
from rewards.perks.changing import PERKS, cost_of_scheme
from rewards.rates.changing import POINTS_RATE
from rewards.tax.changing import TAX_RULES
from rewards.tax.holding import TAX
from rewards.tax.paying import WATCH


def _offers(text: str, user: User) -> list[Found]:
    return [
        Found(
            f"{o.reward_name} for {o.account.name}",
            f"{money(o.discount_equivalent, o.equivalent_in)}, {o.get_state_display()}",
            reverse("offer", args=[o.pk]),
        )
        for o in find_offers(text)
    ]


def _campaigns(text: str, user: User) -> list[Found]:
    return [Found(c.name, c.get_status_display(), reverse("campaign", args=[c.pk])) for c in find_campaigns(text)]


def _rewards(text: str, user: User) -> list[Found]:
    return [Found(r.name, r.value_words, reverse("reward", args=[r.pk])) for r in find_rewards(text)]


def wire() -> None:
    """Register everything once, when the app is ready."""
    add_counter("offers", waiting_count)
    add_hand_over("undecided offers", UNDECIDED)
    add_hand_over("deliveries", DELIVERIES)
    add_settings_tab("Who approves", "approval-rules")
    tell_offers(offers_by_referral)
    add_finder("Offers", _offers)
    add_finder("Campaigns", _campaigns)
    add_finder("Rewards", _rewards)
    add_follower("campaigns", follow)
    add_counter("tasks", mine_count)
    add_settings_tab("Webhooks", "webhooks")
    add_settings_tab("API keys", "api-keys")
    add_settings_tab("Billing", "billing")
    add_section(SECTION)
    add_gauge("Offers", due_since)
    add_gauge("Webhooks", webhooks_due_since)
    add_gauge("Credits to billing", credits_due_since)
    register_caps()
    add_fact(capacity_fact)
    register(REWARD)
    register(FIT_RULE)
    register(APPROVAL_RULE)
    register(APPROVAL_TIMES)
    register(PERKS)
    register(BREAKAGE_RATE)
    register(POINTS_RATE)
    register(CLOSED_MONTH)
    register(JOURNAL_CODES)
    add_impact(TIER_SCHEME_KIND, cost_of_scheme)
    add_impact(REWARD_KIND, cost_of_reward_change)
    add_impact(REWARD_KIND, ends_by_reward)
    add_impact(PERKS_KIND, ends_by_perks)
    register(CHANGEABLE_CAMPAIGN)
    add_facts(growth_facts)
    follow_withdrawal("offers", stop_addressing)
    add_holding(OFFERS)
    add_holding(SAID)
    add_panel(ladder_panel)
    add_panel(fit_panel)
    add_panel(lot_panel)
    add_impact(MILESTONE_KIND, cost_of_milestone_change)
    register(BILLING)
    register(TAX_RULES)
    register(ASSUMPTIONS)
    add_watch(WATCH)
    add_keeper(CREDITED)
    add_keeper(ON_INVOICES)
    add_holding(TAX)
