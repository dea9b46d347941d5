"""A key that may be known to others is replaced: what it sealed is still read, and it seals nothing any more."""

import base64
import json
from collections.abc import AsyncIterator, Iterator

import pytest

from models.accounts import Account
from models.applications import Application
from models.materials import Page
from server import crypto
from tests.engines.engine import KEYRING
from tests.server.http.cast import Who, a_mobile
from tests.server.http.client import Client, Order
from tests.server.http.rows_applicants import order_of_draft
from tests.server.http.stage import Stage, photo

_NEW = "k2-2027"
ROTATED = crypto.Keyring(KEYRING.keys | {_NEW: b"9" * 32}, _NEW, KEYRING.index_key, KEYRING.pepper)
_ID = "/api/v1/applications/<id>"


@pytest.fixture
def rotated_here() -> Iterator[None]:
    """This process too can read what the new key sealed."""
    crypto.use(ROTATED)
    yield
    crypto.use(KEYRING)


@pytest.fixture
async def rotated(client: Client) -> AsyncIterator[Client]:
    """The same service, started again with a new key beside the old."""
    keys = {name: base64.b64encode(key).decode() for name, key in ROTATED.keys.items()}
    settings = {"secrets__encryption_keys": json.dumps(keys), "secrets__current_key": _NEW}
    async with client.site.beside(**settings).served() as site:
        yield client.at(site)


async def test_what_the_old_key_sealed_is_read_and_found(client: Client, rotated: Client, stage: Stage) -> None:
    firm = await stage.actor(Who.FIRM)
    order = await order_of_draft(stage, firm, firm)
    id_ = (await client.send("POST /api/v1/applications", order, firm.token)).body["id"]
    material = {"id": id_, "key": "loss_notice"}
    await client.send(f"PUT {_ID}/materials/<key>", Order(material, files=[photo()]), firm.token)
    asked = {
        "GET /api/v1/me": Order(),
        f"GET {_ID}": Order({"id": id_}),
        f"GET {_ID}/materials/<key>": Order(material),
        "GET /api/v1/applications": Order(query={"q": order.body["form"]["id_number"]}),
    }

    before, after = [
        [(await at.send(route, order, firm.token)).raw for route, order in asked.items()] for at in (client, rotated)
    ]

    assert after == before
    assert order.body["form"]["id_number"].encode() in after[1]
    assert str(id_).encode() in after[3]


@pytest.mark.usefixtures("rotated_here")
async def test_what_is_written_from_now_on_is_sealed_with_the_new_key(rotated: Client, stage: Stage) -> None:
    """A form, a file, and a mobile that the old key had sealed."""
    firm, mobile = await stage.actor(Who.FIRM), a_mobile()
    stage.secrets.add(mobile)
    change, version = {"contact_mobile": mobile}, {"If-Match": str(await firm.version())}

    made = await rotated.send("POST /api/v1/applications", await order_of_draft(stage, firm, firm), firm.token)
    path = {"id": made.body["id"], "key": "loss_notice"}
    await rotated.send(f"PUT {_ID}/materials/<key>", Order(path, files=[photo()]), firm.token)
    await rotated.send("PATCH /api/v1/me", Order(body=change, headers=version), firm.token)
    read = await rotated.send("GET /api/v1/me", token=firm.token)

    page = await Page.get(application_id=made.body["id"])
    sealed = [(await Application.get(id=made.body["id"])).form, (await Account.get(id=firm.id)).contact_mobile or ""]
    stored = (stage.site.engine.home / "objects" / page.object_key).read_bytes()
    assert [value.partition(".")[0] for value in sealed] == [_NEW, _NEW]
    assert stored.partition(b".")[0] == _NEW.encode()
    assert read.body["contact_mobile"] == mobile
