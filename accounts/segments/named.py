"""Milestones and streaks that the rules of segments name: on which days their own terms moved the facts.

Terms that take effect tell days before as well, and tell the day itself otherwise
than the day before: what comes of that is the edit's doing, not the account's.
On the very day of an edit nobody can tell a streak's days apart by the hour, so
that all of it counts as the edit's; a reach of a milestone has its moment.
"""

from collections.abc import Sequence
from typing import Any

from accounts.conditions.rules.tree import Changed, Holds, Leaf, walk
from accounts.conditions.streak_facts import streak_of
from accounts.milestones.matching import told_later
from accounts.segments.inforce import InForce
from accounts.streaks.queries import days_of_terms

# Of a move in `seen`. A change over so many days (`back`) compares two days on either side of the edit.
TERMS_MOVED = f"""(EXISTS (
    SELECT FROM unnest(%(m_segments)s::bigint[], %(m_versions)s::int[], %(m_keys)s::text[])
        AS named(segment_id, version, key)
    JOIN accounts_milestone m ON m.key = named.key
    JOIN accounts_milestonereach fact ON fact.milestone_id = m.id AND fact.account_id = seen.account_id
        AND fact.withdrawn_at IS NULL AND {told_later("seen.day")}
    WHERE named.segment_id = seen.segment_id AND named.version = seen.version
) OR EXISTS (
    SELECT FROM unnest(%(s_segments)s::bigint[], %(s_versions)s::int[], %(s_days)s::date[], %(s_firsts)s::boolean[],
                       %(s_backs)s::int[]) AS named(segment_id, version, day, is_first, back)
    WHERE named.segment_id = seen.segment_id AND named.version = seen.version
      AND (named.day = seen.day OR CASE WHEN is_first THEN seen.day < named.day
           ELSE named.day < seen.day AND named.day > least(seen.day_before, seen.day - back) END)
))"""


def named(versions: Sequence[InForce]) -> dict[str, Any]:
    """The parameters of TERMS_MOVED: what the rules of the versions name, and when streaks among it were edited."""
    milestones, streaks = [], []
    for version in versions:
        which = (version.segment_id, version.version)
        for leaf in walk(version.rule):
            if isinstance(leaf, Holds) and leaf.fact == "milestones":
                milestones += [(*which, key) for key in leaf.values]
            elif isinstance(leaf, Leaf) and (key := streak_of(leaf.fact)):
                streaks.append((*which, key, leaf.days if isinstance(leaf, Changed) else 0))
    days = days_of_terms({key for _, _, key, _ in streaks}) if streaks else {}
    edits = [
        (segment, version, day, n == 0, back)
        for segment, version, key, back in streaks
        for n, day in enumerate(days.get(key, []))
    ]
    return {
        **_columns(("m_segments", "m_versions", "m_keys"), milestones),
        **_columns(("s_segments", "s_versions", "s_days", "s_firsts", "s_backs"), edits),
    }


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [row[n] for row in rows] for n, name in enumerate(names)}
