"""What must be true at the end: invariants I1-I8, and every node of the database holding the same rows."""

from tests.cluster.galera import GaleraNode
from tests.cluster.stage import Stage
from tests.engines.servers import wait_until
from tests.soak.actors import Crowd
from tests.soak.verdict import violations

_RESTLESS = {"heartbeat", "job_lease"}  # written every second or two
_AGREE_SECONDS = 30.0


async def broken_promises(crowd: Crowd, stage: Stage) -> list[str]:
    found = await violations(crowd)
    try:
        wait_until(lambda: not differing_tables(stage), "the same rows on every node", _AGREE_SECONDS)
    except AssertionError:
        found += [f"{table}: the nodes differ" for table in differing_tables(stage)]
    return found


def differing_tables(stage: Stage) -> list[object]:
    first, *others = [_checksums(node) for node in stage.galera.nodes]
    return [table for table, checksum in first.items() if any(other.get(table) != checksum for other in others)]


def _checksums(node: GaleraNode) -> dict[object, object]:
    tables = [str(row[0]) for row in node.run("SHOW TABLES FROM zcgl") if row[0] not in _RESTLESS]
    rows = node.run("CHECKSUM TABLE " + ", ".join(f"zcgl.{table}" for table in tables))
    return {row[0]: row[1] for row in rows}
