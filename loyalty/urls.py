"""Every address of the application, room by room."""

from django.urls import include, path

from loyalty.core.health import healthz, readyz

urlpatterns = [
    # First what programs ask for, many times a second: addresses are tried in this order.
    path("v1/", include("accounts.intake.api_urls")),
    path("v1/", include("rewards.delivery.api.urls")),
    path("webhooks/", include("accounts.intake.hooks.urls")),
    path("webhooks/stripe/", include("accounts.intake.stripe.urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", include("loyalty.programme.urls")),
    path("", include("loyalty.core.people.urls")),
    path("", include("loyalty.core.shell.urls")),
    path("", include("loyalty.core.notices.urls")),
    path("changes/", include("loyalty.core.changes.urls")),
    path("audit/", include("loyalty.core.audit.urls")),
    path("jobs/", include("loyalty.core.jobs.urls")),
    path("accounts/", include("accounts.book.urls")),
    path("accounts/", include("accounts.referrals.urls")),
    path("accounts/", include("accounts.contacts.account_urls")),
    path("accounts/", include("rewards.recap.urls")),
    path("accounts/rules/", include("accounts.conditions.urls")),
    path("accounts/contacts/", include("accounts.contacts.urls")),
    path("settings/retention/", include("accounts.contacts.settings_urls")),
    path("settings/absence/", include("loyalty.core.absence.urls")),
    path("settings/approvals/", include("rewards.approvals.required.urls")),
    path("settings/api-keys/", include("rewards.delivery.api.settings_urls")),
    path("settings/billing/", include("rewards.delivery.billing.urls")),
    path("settings/webhooks/", include("rewards.delivery.outgoing.urls")),
    path("quiz/", include("accounts.contacts.quiz_urls")),
    path("sources/", include("accounts.sources.urls")),
    path("sources/", include("accounts.intake.source_urls")),
    path("events/", include("accounts.intake.urls")),
    path("segments/", include("accounts.segments.urls")),
    path("milestones/", include("accounts.streaks.urls")),
    path("milestones/", include("accounts.milestones.urls")),
    path("tiers/", include("accounts.tiers.urls")),
    path("tiers/", include("rewards.perks.urls")),
    path("offers/tasks/", include("rewards.delivery.tasks.urls")),
    path("offers/", include("rewards.approvals.urls")),
    path("caps/", include("rewards.caps.urls")),
    path("liability/", include("rewards.ledger.liability_urls")),
    path("liability/", include("rewards.breakage.urls")),
    path("liability/", include("rewards.rates.urls")),
    path("ledger/", include("rewards.closing.urls")),
    path("ledger/invoices/", include("rewards.delivery.invoices.urls")),
    path("ledger/", include("rewards.ledger.urls")),
    path("affordability/", include("rewards.affordability.urls")),
    path("tax/", include("rewards.tax.urls")),
    path("rewards/", include("rewards.catalogue.urls")),
    path("rewards/fit/", include("rewards.fit.urls")),
    path("campaigns/", include("rewards.campaigns.urls")),
]

handler400 = "loyalty.core.shell.pages.bad_request"
handler403 = "loyalty.core.shell.pages.forbidden"
handler404 = "loyalty.core.shell.pages.not_found"
handler500 = "loyalty.core.shell.pages.server_error"
