"""The account facts, partitioned by month.

`ensure_facts_partitions` runs with the rights of the tables' owner, because the
application's own role may not create tables. Two sessions may call it at once, and
readers are not stopped: an advisory lock does not show a session what another has
just created; the lock of the table itself does. Attaching a table that stands already
needs no more than that lock, where CREATE … PARTITION OF would shut everybody out.
"""

from django.db import migrations

TABLE = """
CREATE TABLE accounts_accountfacts (
    day date NOT NULL,
    account_id bigint NOT NULL REFERENCES accounts_account (id),
    plan_segment varchar(20),
    billing_frequency varchar(20),
    days_since_sign_up integer,
    renews_on date,
    days_to_renewal integer,
    mrr numeric(14, 2),
    arr numeric(14, 2),
    seats_bought integer,
    seats_active integer,
    seat_utilisation numeric(8, 4),
    days_since_sign_in integer,
    days_since_key_action integer,
    sign_ins_30 integer,
    active_days_28 integer,
    key_actions_30 integer,
    features_28 integer,
    minutes_28 integer,
    open_tickets integer,
    tickets_30 integer,
    nps numeric(4, 1),
    milestones varchar(60)[] NOT NULL DEFAULT '{}',
    refreshed_at timestamptz NOT NULL DEFAULT now(),
    contract_months integer,
    paid_months integer,
    mrr_year_before numeric(14, 2),
    api_calls_30 bigint,
    csat_90 numeric(4, 2),
    cancellation_intent boolean,
    gigabytes_30 numeric(20, 6),
    recency_score smallint,
    frequency_score smallint,
    monetary_score smallint,
    streaks jsonb NOT NULL DEFAULT '{}',
    tier varchar(60),
    segments varchar(60)[] NOT NULL DEFAULT '{}',
    primary_segment varchar(60),
    PRIMARY KEY (day, account_id)
) PARTITION BY RANGE (day);

CREATE INDEX facts_by_account ON accounts_accountfacts (account_id, day DESC);

-- What the fact of API calls is summed up by.
CREATE INDEX api_calls_by_account ON accounts_eventday (account_id, day) WHERE name IN ('API Call', 'API Called');
"""

PARTITIONS = """
CREATE FUNCTION ensure_facts_partitions(first_day date, last_day date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$
DECLARE
    month date := date_trunc('month', first_day);
    name text;
    made integer := 0;
BEGIN
    IF last_day - first_day > 4000 THEN
        RAISE EXCEPTION 'More than ten years of facts were asked for: % to %', first_day, last_day;
    END IF;
    WHILE month <= last_day LOOP
        name := 'accounts_accountfacts_' || to_char(month, 'YYYY_MM');
        IF to_regclass(name) IS NULL THEN
            LOCK TABLE accounts_accountfacts IN SHARE UPDATE EXCLUSIVE MODE;
            IF to_regclass(name) IS NULL THEN
                EXECUTE format('CREATE TABLE %I (LIKE accounts_accountfacts INCLUDING ALL)', name);
                EXECUTE format(
                    'ALTER TABLE accounts_accountfacts ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                    name, month, month + interval '1 month');
                made := made + 1;
            END IF;
        END IF;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;
"""

UNDO = """
DROP FUNCTION ensure_facts_partitions(date, date);
DROP INDEX api_calls_by_account;
DROP TABLE accounts_accountfacts;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_segments_tiers_consent")]
    operations = [migrations.RunSQL(TABLE + PARTITIONS, UNDO)]
