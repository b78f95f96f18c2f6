"""Books of a given size, written straight into the tables by their owner: for measuring how they are read.

Each lot of $100 is issued on one of the last 700 days, valid for a year, and used nine times for
$5: ten postings, twenty lines, $55 left. An account has ten lots; there are ten campaigns, the same
however often books are filled: what is owed is told by campaign, and more of them would be other work.
"""

from datetime import date
from decimal import Decimal

from tests.benchmarks import stage

POSTINGS_A_LOT = 10
LOTS_AN_ACCOUNT = 10
CAMPAIGNS = 10
LEFT = Decimal(55)

# Rows of people's tables are copies of one that the factories made, so that columns to come are filled too.
_COPY = """
INSERT INTO {table} SELECT made.* FROM {table} AS model
CROSS JOIN generate_series(%(first)s::bigint, %(last)s::bigint) AS n
CROSS JOIN LATERAL jsonb_populate_record(model, jsonb_build_object({changed})) AS made
WHERE model.id = %(model)s
"""
_ACCOUNTS = _COPY.format(table="accounts_account", changed="'id', n, 'external_id', 'bench-' || n")
_OFFERS = _COPY.format(
    table="rewards_offer",
    changed="""'id', n, 'cause_key', 'bench:' || n, 'account_id', %(account)s + (n - %(first)s) / 10,
               'campaign_id', (%(campaigns)s::bigint[])[1 + n %% 10]""",
)
_GRANTS = _COPY.format(
    table="rewards_grant",
    changed="""'id', n, 'offer_id', n, 'account_id', %(account)s + (n - %(first)s) / 10, 'face_value', 100,
               'expires_on', %(today)s::date - (n %% 700)::int + 365""",
)
_LOTS = """
INSERT INTO rewards_creditlot (id, account_id, grant_id, amount, currency, issued_on, expires_on, tier, segment)
SELECT n, %(account)s + (n - %(first)s) / 10, n, 100, 'USD', %(today)s::date - (n %% 700)::int,
       %(today)s::date - (n %% 700)::int + 365, (ARRAY['silver', 'gold', 'platinum'])[1 + n %% 3],
       (ARRAY['steady', 'dormant', 'at-risk', 'power-users', ''])[1 + n %% 5]
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
_POSTINGS = """
INSERT INTO rewards_posting (id, key, kind, booked_on, written_at, account_id, cause)
SELECT 10 * lot.id + k, 'bench:' || lot.id || ':' || k, CASE k WHEN 0 THEN 'issue' ELSE 'redeem' END,
       least(lot.issued_on + 20 * k, %(today)s::date), now(), lot.account_id, ''
FROM rewards_creditlot AS lot, generate_series(0, 9) AS k WHERE lot.id BETWEEN %(first)s AND %(last)s
"""
_LINES = """
INSERT INTO rewards_postingline (posting_id, ledger_account_id, lot_id, amount, currency)
SELECT 10 * lot.id + k, book.id, CASE book.code WHEN 'credit_liability' THEN lot.id END,
       CASE WHEN k = 0 AND book.code = 'credit_liability' THEN -100 WHEN k = 0 THEN 100
            WHEN book.code = 'credit_liability' THEN 5 ELSE -5 END, 'USD'
FROM rewards_creditlot AS lot, generate_series(0, 9) AS k
JOIN rewards_ledgeraccount AS book
  ON book.code = 'credit_liability' OR book.code = CASE k WHEN 0 THEN 'reward_cost' ELSE 'receivable' END
WHERE lot.id BETWEEN %(first)s AND %(last)s
"""
# As the fold sums them, of what was just written.
_CELLS = """
WITH moved AS MATERIALIZED (
    SELECT date_trunc('month', posting.booked_on)::date AS month, posting.kind, line.currency, line.amount, line.lot_id
    FROM rewards_posting AS posting
    JOIN rewards_postingline AS line ON line.posting_id = posting.id AND line.lot_id IS NOT NULL
    WHERE posting.id BETWEEN 10 * %(first)s AND 10 * %(last)s + 9
), opened AS ({opened}), by_month AS (
    INSERT INTO rewards_monthcell AS cell (currency, month, kind, amount)
    SELECT currency, month, kind, sum(amount) FROM moved GROUP BY currency, month, kind
    ON CONFLICT (currency, month, kind) DO UPDATE SET amount = cell.amount + excluded.amount
)
INSERT INTO rewards_opencell AS cell (currency, expires_in, campaign_id, reward_id, tier, segment, amount)
SELECT currency, expires_in, campaign_id, reward_id, tier, segment, sum(amount) FROM opened
GROUP BY currency, expires_in, campaign_id, reward_id, tier, segment
ON CONFLICT (currency, expires_in, campaign_id, reward_id, tier, segment)
DO UPDATE SET amount = cell.amount + excluded.amount
"""
_WAITING = """
INSERT INTO rewards_unfoldedposting (posting_id)
SELECT 10 * lot.id + k FROM rewards_creditlot AS lot, generate_series(0, 9) AS k
WHERE lot.id BETWEEN %(first)s AND %(last)s
"""
_TABLES = ("accounts_account", "rewards_offer", "rewards_grant", "rewards_creditlot", "rewards_posting")
_SECONDARY = """
SELECT indexname, indexdef FROM pg_indexes AS found
WHERE tablename = ANY (%s)
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = format('%%I.%%I', schemaname, indexname)::regclass)
"""
_FIRST_ID = 1_000_000


def fill(postings: int, today: date, *, folded: bool = False) -> int:
    """Write books of so many postings, all of them folded or none; returns the id of an account that has ten lots.

    Django must be set up, on a database whose books are empty or were filled by this; `today` in UTC.
    """
    from rewards.campaigns.models import Campaign
    from rewards.ledger.cells import OPENED
    from rewards.offers.models import Grant, Offer
    from tests.factories import CampaignFactory, OfferFactory

    model = Offer.objects.order_by("pk").first() or OfferFactory(state="approved")
    grant, _ = Grant.objects.get_or_create(
        offer=model, defaults={"account": model.account, "face_value": 100, "currency": "USD", "expires_on": today}
    )
    campaigns = list(Campaign.objects.exclude(pk=model.campaign_id).order_by("pk")[:CAMPAIGNS])
    campaigns += [CampaignFactory() for _ in range(CAMPAIGNS - len(campaigns))]
    lots = postings // POSTINGS_A_LOT
    first = max(_FIRST_ID, Offer.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1)
    values = {
        "first": first,
        "last": first + lots - 1,
        "account": first,
        "today": today,
        "campaigns": [campaign.pk for campaign in campaigns],
    }
    accounts = values | {"last": first + (lots - 1) // LOTS_AN_ACCOUNT, "model": model.account_id}
    with stage.owner() as connection:
        # Neither triggers nor foreign keys: they are measured elsewhere, and this is right by the way it is made.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET work_mem = '256MB'")
        # One sorted build of an index takes a fraction of a million entries.
        indexes = connection.execute(_SECONDARY, [["rewards_posting", "rewards_postingline"]]).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute(_ACCOUNTS, accounts)
        connection.execute(_OFFERS, values | {"model": model.pk})
        connection.execute(_GRANTS, values | {"model": grant.pk})
        for statement in (_LOTS, _POSTINGS, _LINES):
            connection.execute(statement, values)
        connection.execute(_CELLS.format(opened=OPENED) if folded else _WAITING, values)
        for _, definition in indexes:
            connection.execute(definition)
        for table in _TABLES:
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
        connection.execute("VACUUM ANALYZE")
    return first
