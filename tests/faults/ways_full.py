"""Fault rows 10, 23, 24 and 29 in their full form: 100 connections, every body, through the web server as it runs."""

from tests.benchmarks import stage
from tests.benchmarks.results import Result
from tests.faults.bad_few import send_twice, told
from tests.faults.nasty_ways import send_all
from tests.faults.once import Once, event_many_times, webhook_many_times
from tests.faults.signed_ways import try_all
from tests.faults.ways import ACCOUNT, ways

TIMES, OTHER = 100, 50


def run() -> list[Result]:
    """Everything at one source that is the system of record for all kinds."""
    with stage.engines():
        source_id, key = _set_up()
        with stage.web() as port:
            address = f"127.0.0.1:{port}"
            signed = _row_29(address, source_id)
            results = [*_row_10(address, source_id, key), *_row_24(address, key), *signed]
            _sign_by_the_first(source_id)
            return results + _row_23(address, source_id, key)


def _row_10(address: str, source_id: int, key: str) -> list[Result]:
    _sign_by_the_first(source_id)
    results = []

    def tell(name: str, found: Once, is_right: bool) -> None:
        said = {f"{status} {words}": count for (status, words), count in found.answers.items()}
        met = is_right and found.effects == 1
        results.append(Result("faults", f"10 {name}", found.effects, "effects", "one, each told", met, said))

    found = webhook_many_times(address, source_id, TIMES)
    tell(f"{TIMES} webhooks of one id", found, found.answers == {(200, "accepted"): TIMES} and len(found.texts) == 1)
    found = webhook_many_times(address, source_id, TIMES, other=OTHER)
    halves = {(200, "accepted"): OTHER, (409, "differs at data.priority"): OTHER}
    tell(f"… of two bodies, {OTHER} each", found, found.answers == halves)
    for channel, status in (("track", 409), ("batch", 200)):
        found = event_many_times(address, key, TIMES, channel=channel)
        once = {(200, "accepted"): 1, (200, "duplicate"): TIMES - 1}
        tell(f"{TIMES} events of one id to /v1/{channel}", found, found.answers == once)
        found = event_many_times(address, key, TIMES, other=OTHER, channel=channel)
        named = {(status, "differs at properties.format"): OTHER}
        halved = {(200, "accepted"): 1, (200, "duplicate"): OTHER - 1} | named
        tell(f"… of two bodies, {OTHER} each, to /v1/{channel}", found, found.answers == halved)
    return results


def _row_24(address: str, key: str) -> list[Result]:
    tried = send_twice(address, key)
    first, again = (
        told(tried.first) == (200, 990, 0, tried.expected),
        told(tried.again) == (200, 0, 990, tried.expected),
    )
    return [
        Result("faults", "24 stored of 1,000 with 10 bad", tried.stored, "events", "990, 10 by index", first),
        Result("faults", "24 stored after a retry", tried.stored_after, "events", "990, the same 10", again),
    ]


def _row_29(address: str, source_id: int) -> list[Result]:
    tried = try_all(address, source_id, ways(source_id))
    wrong = [f"{found.way}, {found.tried}: {found.answer.status}" for found in tried if not found.is_right]
    name = f"29 not as promised, of {len(tried)} webhooks"
    return [Result("faults", name, len(wrong), "webhooks", "none", not wrong, {"wrong": wrong})]


def _row_23(address: str, source_id: int, key: str) -> list[Result]:
    found = send_all(address, key, ways(source_id))
    sent = found.answers.total()
    detail = {"answers": {str(status): count for status, count in sorted(found.answers.items())}, "wrong": found.wrong}
    name = f"23 5xx or no reason, of {sent:,} bodies"
    return [Result("faults", name, len(found.wrong), "answers", "none", not found.wrong, detail)]


def _sign_by_the_first(source_id: int) -> None:
    """Let the first secret of each way be the one that works."""
    from accounts.sources.models import Source
    from accounts.sources.secrets import keep_secret

    source = Source.objects.get(pk=source_id)
    for way in ways(source_id):
        source.secrets.filter(scheme=way.scheme.value).delete()
        keep_secret(source, way.scheme, way.secrets[0], acting_user=None)


def _set_up() -> tuple[int, str]:
    from accounts.records.models import Account
    from accounts.sources.rules import Kind
    from accounts.sources.verbs import create_source, make_key

    Account.objects.create(external_id=ACCOUNT, name="Acme")
    source = create_source("Everything", list(Kind), acting_user=None)
    return source.pk, make_key(source, acting_user=None)
