"""All rows, and the routes they are about."""

from server.http import health
from server.http.endpoint import Endpoint, endpoints_of
from server.run.web import BLUEPRINTS
from tests.server.http import rows_applicants, rows_console, rows_public
from tests.server.http.cast import STAFF, Actor, Who
from tests.server.http.client import Order
from tests.server.http.rows import APPLICANTS, Row
from tests.server.http.stage import Stage

ROWS: dict[str, Row] = rows_public.ROWS | rows_applicants.ROWS | rows_console.ROWS
ENDPOINTS: dict[str, Endpoint] = {
    f"{found.method} {found.path}": found
    for blueprint in (health.blueprint, *BLUEPRINTS)
    for found in endpoints_of(blueprint)
}


def winners(row: Row) -> list[Who]:
    """Who is answered with success."""
    return [who for who in Who if row.expected(who) == str(row.ok)]


async def order_of(row: Row, stage: Stage, who: Who) -> Order:
    """About a thing of his own; of the firm's, when staff or nobody in particular asks."""
    by = await _asker(stage, who)
    owner = await stage.actor(Who.FIRM) if who in STAFF else by
    return await row.make(stage, owner, by)


async def _asker(stage: Stage, who: Who) -> Actor:
    return await stage.actor(who if who in APPLICANTS | STAFF | {Who.INCOMPLETE} else Who.FIRM)
