"""Row 27: the object store fails during an upload. A clear error, no row without a file, no file without a row."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import aiohttp

from models.applications import Application, State
from models.materials import Page
from server import clock
from server.gateways.object_store import open_store
from server.materials.pages import sweep_objects
from tests.engines.servers import free_port
from tests.faults.parties import Client
from tests.faults.rig import Rig
from tests.server.http.stage import photo
from tests.server.http.waiting import until


async def test_a_store_that_is_down_is_said_and_leaves_no_row(rig: Rig) -> None:
    nobody = {"store_url": "s3://pages", "aws_endpoint": f"http://127.0.0.1:{free_port()}"}
    async with rig.serve(store_url=nobody["store_url"]) as site:
        client = await rig.client()

        status, answer = await _upload(client, site.url, await _draft(client))

        assert (status, answer["code"]) == (503, "store_unavailable")
        assert await Page.all().count() == 0


async def test_a_file_without_a_row_is_swept(rig: Rig) -> None:
    async with rig.serve("material.stored=kill") as dying, rig.serve() as other:
        client = await rig.client()
        draft = await _draft(client)
        await _upload(client, dying.url, draft)
        await until(lambda: rig.has_died(dying), "the death of the process")
        assert (await Page.all().count(), len(_files(rig))) == (0, 1)

        status, _ = await _upload(client, other.url, draft)
        clock.set_offset(timedelta(hours=2).total_seconds())
        await sweep_objects(store=open_store("", rig.engine.home))

        assert (status, await Page.all().count(), len(_files(rig))) == (200, 1, 1)


async def _draft(client: Client) -> UUID:
    [id_] = await client.party.approved(1, "certificate_reissue")
    await Application.filter(id=id_).update(state=State.DRAFT, round=0, live_person=None)
    return id_


async def _upload(client: Client, url: str, application: UUID) -> tuple[int, dict[str, str]]:
    form = aiohttp.FormData()
    form.add_field("file", photo(), filename="扫描件.jpg")
    path = f"{url}/api/v1/applications/{application}/materials/loss_notice"
    try:
        async with client.http.put(path, data=form, headers={"Authorization": f"Bearer {client.token}"}) as answer:
            return answer.status, await answer.json()
    except aiohttp.ClientError:
        return 0, {}


def _files(rig: Rig) -> list[Path]:
    folder = rig.engine.home / "objects"
    return [path for path in folder.iterdir() if path.is_file() and path.name != "probe"]
