"""Fault rows 11 and 12 in their full form."""

from decimal import Decimal
from time import perf_counter

from tests.benchmarks import stage
from tests.benchmarks.results import Result


def run() -> list[Result]:
    """Caps under 32 clients, on durable engines, as the application's role."""
    with stage.engines():
        # Models can be imported only once the engines have told the settings where they are.
        from tests.faults.cap_load import nest, rush

        began = perf_counter()
        one = rush(Decimal(10_000), clients=32, count=5_000)
        took = perf_counter() - began
        with stage.owner() as owner:
            owner.execute("SET session_replication_role = replica")
            owner.execute("TRUNCATE rewards_capentry, rewards_capalert, rewards_capperiod, rewards_cap")
        many = nest(clients=32, count=10_000)
    exact = (one.granted, one.refused_by_cap, one.other, one.spent) == (1_428, 3_572, 0, Decimal("9996.00"))
    within = many.highest_over <= 0 and many.counters_off == 0 and many.refused_with_room == 0
    return [
        Result("faults", "11 grants of $7 under a cap of $10,000", one.granted, "granted", "exactly 1,428", exact),
        Result("faults", "11 refusals that say the cap", one.refused_by_cap, "refused", "exactly 3,572", exact),
        Result("faults", "11 grants and refusals", 5_000 / took, "per second"),
        Result("faults", "12 grants under five nested caps", many.granted, "granted"),
        Result("faults", "12 highest passing of a cap", float(many.highest_over), "$", "at most 0", within),
        Result("faults", "12 periods that differ from their log", many.counters_off, "periods", "none", within),
        Result("faults", "12 refusals while there was room", many.refused_with_room, "refusals", "none", within),
    ]
