"""A made-up company for the benchmark of the sweep: facts of eight days, reaches and moves, and what campaigns run.

All of it is worked out from the number of an account, set by set. Most of what is
true has been so for long; of an account in ten something became true in the last
seven days. Each has a champion and a buyer who consent.
"""

from datetime import date, datetime, timedelta
from typing import Any

from tests.benchmarks import stage

# Over ten kinds of trigger; what is dated fires by rows of its own, the others by facts that become true.
CONDITIONS = (
    *("annual-conversion", "renewal-credit", "enterprise-renewal", "seat-expansion", "cancellation-rescue"),
    *("roadmap-access", "post-signup-onboarded", "post-signup-stuck", "growth-rebate"),
)
DATED = ("first-custom-report", "onboarding-milestone", "tier-reached", "power-users", "at-risk")
HELD_OUT = ("seat-expansion", "first-custom-report")

_ACCOUNTS = """
INSERT INTO accounts_account (external_id, name, industry, country, goals, plan_segment, time_zone, signed_up_on,
                              traits, created_at)
SELECT 'acct-' || n, 'Company ' || n, 'Logistics', 'US', '', '', 'UTC',
       %(day)s::date - (n * 31 %% 1200) - 1, '{}', now()
FROM generate_series(%(first)s::int + 1, %(last)s::int) n ORDER BY n
"""
_MADE = """
CREATE TEMPORARY TABLE made AS
SELECT id, substr(external_id, 6)::int AS n FROM accounts_account
WHERE substr(external_id, 6)::int BETWEEN %(first)s + 1 AND %(last)s
"""
_FACTS = """
INSERT INTO accounts_accountfacts (
    day, account_id, plan_segment, billing_frequency, contract_months, paid_months, days_since_sign_up, renews_on,
    days_to_renewal, mrr, arr, mrr_year_before, seats_bought, seats_active, seat_utilisation, days_since_sign_in,
    days_since_key_action, sign_ins_30, active_days_28, key_actions_30, features_28, minutes_28, api_calls_30,
    gigabytes_30, open_tickets, tickets_30, nps, csat_90, cancellation_intent, milestones, recency_score,
    frequency_score, monetary_score, streaks, tier, segments, primary_segment)
SELECT %(day)s::date - ago, id, plan, billing, CASE billing WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 ELSE 36 END,
       age / 30, age, %(day)s::date + renews, renews + ago, mrr, mrr * 12, round(mrr_before, 2), seats,
       floor(seats * used)::int, used, n %% 9, n %% 20, (n %% 30)::int, (n %% 28)::int, (n %% 60)::int, (n %% 9)::int,
       (n %% 900)::int, n %% 50000, n %% 70, (n %% 3)::int, (n %% 5)::int, n %% 11, 3 + n %% 3,
       n %% 211 = 0 AND ago <= n %% 7,
       CASE WHEN n %% 4 <> 0 THEN ARRAY['onboarding-completed', 'integration-connected'] ELSE ARRAY[]::text[] END,
       (n %% 5 + 1)::int, (n %% 4 + 1)::int, (n %% 3 + 1)::int,
       jsonb_build_object('key-workflow-5-days', jsonb_build_object('current', n %% 6, 'best', n %% 13)),
       CASE WHEN seats > 25 THEN 'gold' ELSE 'silver' END,
       CASE WHEN n %% 5 = 0 THEN ARRAY['power-users'] WHEN n %% 7 = 0 THEN ARRAY['at-risk'] ELSE ARRAY['steady'] END,
       CASE WHEN n %% 5 = 0 THEN 'power-users' WHEN n %% 7 = 0 THEN 'at-risk' ELSE 'steady' END
FROM (
    SELECT made.*, day.ago, (n * 31 %% 1200 + 1 - ago) AS age, n * 37 %% 365 AS renews,
           10 + n %% 50 AS seats,
           CASE WHEN n %% 10 < 6 THEN 'self_serve' WHEN n %% 10 < 9 THEN 'mid_market' ELSE 'enterprise' END AS plan,
           (ARRAY['monthly', 'annual', 'multi_year'])[n %% 3 + 1] AS billing,
           100 + n %% 900 AS mrr,
           (100 + n %% 900) * CASE WHEN n %% 151 = 0 AND ago <= n %% 6 THEN 0.5 ELSE 0.8 + (n %% 7 * 5 %% 33) / 100.0
                              END AS mrr_before,
           CASE WHEN n %% 97 = 0 THEN CASE WHEN ago <= n %% 5 THEN 0.95 ELSE 0.7 END
                ELSE 0.45 + (n * 13 %% 50) / 100.0 END AS used
    FROM made CROSS JOIN generate_series(0, 7) AS day (ago)
) AS lives
WHERE age >= 0
ORDER BY ago DESC, id
"""
_PEOPLE = (
    """
    INSERT INTO accounts_contact (external_id, account_id, name, email, role, traits, created_at)
    SELECT 'user-' || n || role, id, role || ' ' || n, '', role, '{}', now()
    FROM made CROSS JOIN unnest(ARRAY['champion', 'economic_buyer']) AS role
    """,
    """
    INSERT INTO accounts_consent (contact_id, granted, policy_version, source, at)
    SELECT contact.id, true, '1', 'api', now() - interval '90 days'
    FROM made JOIN accounts_contact AS contact ON contact.account_id = made.id
    """,
)
_DATED = (
    """
    INSERT INTO accounts_milestonereach (milestone_id, account_id, version, count, reached_at, fires, recorded_at)
    SELECT milestone.id, made.id, 1, 1, %(now)s - interval '1 minute' - interval '1 day' * (n * 17 %% 500), true, now()
    FROM made JOIN accounts_milestone AS milestone ON milestone.key IN ('onboarding-completed', 'first-custom-report')
    WHERE (n %% 4 <> 0) = (milestone.key = 'onboarding-completed')
    """,
    """
    INSERT INTO accounts_segmentmove (account_id, segment_id, entered, day, version, cause, evidence, fires,
                                      recorded_at)
    SELECT made.id, segment.id, true, %(day)s::date - (n * 19 %% 400), 1, 'facts', '{}', true, now()
    FROM made JOIN accounts_segment AS segment
      ON segment.key = CASE WHEN n %% 5 = 0 THEN 'power-users' WHEN n %% 7 = 0 THEN 'at-risk' END
    """,
    """
    INSERT INTO accounts_tiermove (account_id, tier_id, is_up, day, version, cause, fires, recorded_at)
    SELECT made.id, tier.id, true, %(day)s::date - (n * 23 %% 600), 1, 'facts', true, now()
    FROM made JOIN accounts_tier AS tier ON tier.key = 'gold' WHERE n %% 50 + 10 > 25
    """,
)
# What was found a year ago: out of every quiet time, and looked through for each new match.
_FOUND_BEFORE = """
INSERT INTO rewards_candidate (campaign_id, account_id, cause_key, step, subject, caused_on, campaign_version, outcome,
                               rule, reason, at)
SELECT campaign.id, made.id, 'of a year ago', 1, '', %(day)s::date - 380, 1, 'held_out', '', '',
       now() - interval '380 days'
FROM made JOIN rewards_campaign AS campaign ON campaign.status = 'live' AND (made.n + campaign.id) %% 7 = 0
"""


def fill(first: int, last: int, day: date, now: datetime) -> None:
    """Make the accounts with the numbers (first, last], and all that is known of them up to a day (UTC).

    The campaigns have to be there.
    """
    values: dict[str, Any] = {"first": first, "last": last, "day": day, "now": now}
    with stage.owner() as connection:
        connection.execute("SELECT ensure_facts_partitions(%s, %s)", [day - timedelta(days=7), day])
        for statement in (_ACCOUNTS, _MADE, _FACTS, *_PEOPLE, *_DATED, _FOUND_BEFORE):
            connection.execute(statement, values)
        connection.execute("VACUUM ANALYZE")


def launch(now: datetime) -> None:
    """Let the ready-made campaigns run since a week ago, with a lot for some and a cap that has room for all."""
    from loyalty.shipped import ensure_shipped
    from rewards.campaigns.models import Campaign
    from rewards.caps.models import Cap

    ensure_shipped(effective_at=now - timedelta(days=700))
    began = (now - timedelta(days=7)).replace(hour=0, minute=0, second=0, microsecond=0)
    Campaign.objects.filter(key__in=CONDITIONS + DATED).update(status="live", live_since=began)
    Campaign.objects.filter(key__in=HELD_OUT).update(holdout_percent=10)
    Cap.objects.create(name="Programme", scope="programme", period="month", limit=1_000_000_000)


def take_back(now: datetime) -> None:
    """Undo a sweep of this moment, as the owner of the tables."""
    with stage.owner() as connection:
        # Without the triggers that keep the log of caps append-only, and with the foreign keys in order by hand.
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM rewards_candidate WHERE at >= %s", [now])
        # Not by TRUNCATE: candidates of a year ago would go with the offers.
        for table in ("approvalstep", "capentry", "capperiod", "holdoutassignment", "grant", "offer"):
            connection.execute(f"DELETE FROM rewards_{table}")
            connection.execute(f"VACUUM ANALYZE rewards_{table}")
        connection.execute("VACUUM ANALYZE rewards_candidate")
        connection.execute("CHECKPOINT")
