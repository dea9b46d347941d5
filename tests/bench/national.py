"""The national opening: 30,000 requests of 10,000 firms within five seconds for sixty places, through two processes."""

from itertools import cycle

from tests.bench.load import Outcome, offer
from tests.bench.rows import Oversold
from tests.bench.stage import Firm, age_views, booking, clear_grid, open_slots, oversold
from tests.bench.table import Row
from tests.engines.servers import RedisServer

_REQUESTS, _SECONDS, _CONNECTIONS = 30_000, 5.0, 500
_PLACES = 60


async def opening(service: int, firms: list[Firm], redis: RedisServer) -> list[Row]:
    """Every firm asks for three of the day's five slots; times count from the moment a request was due."""
    await clear_grid(redis)
    await age_views(firms[0], service)
    slots = cycle(open_slots()[:5])
    asked = [booking(firms[n % len(firms)], next(slots)) for n in range(_REQUESTS)]
    outcome = await offer(service, asked, connections=_CONNECTIONS, every=_SECONDS / _REQUESTS)
    _check(outcome, await oversold())
    name = "opening rush of 30,000 for 60 places"
    return [
        Row("n", f"{name}: answered in", outcome.seconds, _SECONDS, 0.0, "s"),
        *(_took(outcome, name, status, share) for status in (409, 201) for share in (0.5, 0.99)),
    ]


def _took(outcome: Outcome, name: str, status: int, share: float) -> Row:
    who = "refusals" if status == 409 else "winners"
    return Row("n", f"{name}: {who} p{share * 100:.0f}", outcome.quantile(share, status), _SECONDS, 0.0, "s")


def _check(outcome: Outcome, extra: int) -> None:
    if extra:
        raise Oversold(f"{extra} places")
    if outcome.statuses != {201: _PLACES, 409: _REQUESTS - _PLACES}:
        raise AssertionError(f"answers by status: {dict(outcome.statuses)}")
