"""After a whole story nothing personal stands in a log, in a stolen database, in Redis or in a stored file."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import ENGINES
from tests.intruders.canaries import database_copy, overheard, redis_copy, stored_objects
from tests.intruders.houses import running_house, worker
from tests.intruders.story import PEOPLE, Story
from tests.server.http.client import Client
from tests.server.http.contract import Contract
from tests.server.http.stage import Stage


@pytest.fixture(params=ENGINES)
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    mariadb = request.getfixturevalue("mariadb") if request.param == ENGINES[1] else None
    async with running_house(tmp_path, mariadb) as stage:
        yield stage


@pytest.fixture
def client(stage: Stage, http: aiohttp.ClientSession, contract: Contract) -> Client:
    return Client(stage.site, http, contract)


async def test_nothing_personal_is_left_lying_about(stage: Stage, client: Client) -> None:
    site, story = stage.site, Story(client, stage)
    async with overheard(site.engine) as commands:
        with worker(site) as worker_log:
            await story.tell()
            in_redis = await redis_copy(site.engine)
    objects, canaries = stored_objects(site.engine), story.canaries
    in_database = canaries.seen_in(database_copy(site.engine))

    assert len(canaries.seeded["ID number"]) == PEOPLE
    assert len(canaries.seeded["mobile"]) > PEOPLE
    found = {
        "web log": canaries.seen_in(site.log.read_bytes()),
        "worker log": canaries.seen_in(worker_log.read_bytes()),
        "Redis": canaries.seen_in(in_redis),
        "what Redis was told": canaries.seen_in("\n".join(commands).encode()),
        "files": canaries.seen_in(b"".join(objects.values())),
    }
    assert [f"{where}: {what}" for where, seen in found.items() for what in seen] == []
    assert {line.partition(":")[0] for line in in_database} == {"openid"}  # a pseudonym that rows are found by
    assert site.log.read_bytes().count(b'"event":"request"') > 200
    assert b'"event":"delivery' in worker_log.read_bytes()
    assert len(commands) > 100
    assert len(objects) > PEOPLE
    shown = [page[100:132] for page in story.told]
    assert [name for name, stored in objects.items() if any(part in stored for part in shown)] == []
