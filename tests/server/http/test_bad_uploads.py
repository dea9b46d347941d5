"""Uploads as nobody should send them: a clear no, no row, no file left behind."""

import io
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from PIL import Image

from models.applications import Application
from models.materials import Page
from tests.server.http.bad_input import everything_written
from tests.server.http.cast import Who
from tests.server.http.client import Client, Order
from tests.server.http.stage import Stage, photo

REPLACE = "PUT /api/v1/applications/<id>/materials/<key>"
ADD = "POST /api/v1/applications/<id>/materials/<key>/pages"
_BOUND = "multipart/form-data; boundary=----of-the-test"


def part(data: bytes, disposition: str = 'form-data; name="file"; filename="a.jpg"', more: str = "") -> bytes:
    return f"------of-the-test\r\nContent-Disposition: {disposition}\r\n{more}\r\n".encode() + data + b"\r\n"


END = b"------of-the-test--\r\n"
_NO_FILE = "422 no_file"
# (content type, body, what is said)
BODIES: dict[str, tuple[str, bytes, str]] = {
    "nothing": (_BOUND, b"", _NO_FILE),
    "JSON": ("application/json", b'{"file": "x"}', _NO_FILE),
    "the bare picture": ("image/jpeg", photo(), _NO_FILE),
    "no boundary": ("multipart/form-data", part(photo()) + END, _NO_FILE),
    "another boundary": ("multipart/form-data; boundary=zz", part(photo()) + END, _NO_FILE),
    "an empty boundary": ("multipart/form-data; boundary=", part(photo()) + END, _NO_FILE),
    "a field and no file": (_BOUND, part(b"text", 'form-data; name="file"') + END, _NO_FILE),
    "no name": (_BOUND, part(photo(), 'form-data; filename="a.jpg"') + END, _NO_FILE),
    "no disposition": (_BOUND, b"------of-the-test\r\nX: y\r\n\r\nabc\r\n" + END, _NO_FILE),
    "a part without end": (_BOUND, b"------of-the-test\r\nContent-Disposition: form-data", _NO_FILE),
    "no text encoding anybody knows": (
        _BOUND,
        part(b"x", 'form-data; name="file"', "Content-Type: text/plain; charset=klingon\r\n") + END,
        _NO_FILE,
    ),
    "bytes in the headers": (
        _BOUND,
        b'------of-the-test\r\n\xff\xfe: form-data; name="file"\r\n\r\nx\r\n' + END,
        _NO_FILE,
    ),
    "an empty file": (_BOUND, part(b"") + END, "422 empty_file"),
    "a text called a picture": (_BOUND, part(b"hello") + END, "422 unsupported_type"),
    "half a picture": (_BOUND, part(photo()[:300]) + END, "422 damaged_file"),
    "a page of HTML": (_BOUND, part(b"<svg onload=alert(1)>") + END, "422 unsupported_type"),
    "more than 5 MB": (_BOUND, part(photo() + b"\0" * (5 * 1024 * 1024)) + END, "422 file_too_large"),
}


@pytest.fixture
async def firm(stage: Stage) -> AsyncIterator[tuple[Application, str]]:
    """An application with one page and its owner's token; afterwards every row has its file and every file its row."""
    actor = await stage.actor(Who.FIRM)
    before = stored(stage)
    application = await stage.draft(actor)
    await stage.page(application, "loss_notice")
    yield application, actor.token
    rows = await Page.filter(application_id=application.id).values_list("object_key", flat=True)
    assert stored(stage) - before == set(rows)


def stored(stage: Stage) -> set[str]:
    return {path.name for path in (stage.site.engine.home / "objects").iterdir()}


def named(application_id: UUID) -> dict[str, object]:
    return {"id": application_id, "key": "loss_notice"}


@pytest.mark.parametrize("what", BODIES)
@pytest.mark.parametrize("route", [REPLACE, ADD])
async def test_what_is_no_upload_is_refused(
    route: str, what: str, client: Client, firm: tuple[Application, str]
) -> None:
    application, token = firm
    media, body, said = BODIES[what]
    before = await everything_written()

    order = Order(named(application.id), raw=body, headers={"Content-Type": media})
    answer = await client.send(route, order, token)

    assert answer.said == said
    assert await everything_written() == before


async def test_one_bad_file_among_good_ones_keeps_them_all_out(client: Client, firm: tuple[Application, str]) -> None:
    application, token = firm
    before = await everything_written()

    order = Order(named(application.id), files=[photo(), b"hello", photo()])
    answer = await client.send(REPLACE, order, token)

    assert answer.said == "422 unsupported_type"
    assert await everything_written() == before


async def test_a_tenth_page_is_refused(client: Client, firm: tuple[Application, str]) -> None:
    application, token = firm
    nine = await client.send(REPLACE, Order(named(application.id), files=[photo()] * 9), token)

    at_once = await client.send(REPLACE, Order(named(application.id), files=[photo()] * 10), token)
    added = await client.send(ADD, Order(named(application.id), files=[photo()]), token)

    assert [nine.said, at_once.said, added.said] == ["200", "409 pages_full", "409 pages_full"]
    assert await Page.filter(application_id=application.id).count() == 9


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x00.jpg", "😀.jpg", "x" * 5000, "张三110108197505151254.jpg"])
async def test_the_name_of_a_file_is_never_believed(
    name: str, client: Client, stage: Stage, firm: tuple[Application, str]
) -> None:
    """It is neither stored nor shown nor written into a log."""
    application, token = firm
    stage.secrets.add("110108197505151254")
    body = part(photo(), f'form-data; name="file"; filename="{name}"') + END

    order = Order(named(application.id), raw=body, headers={"Content-Type": _BOUND})
    answer = await client.send(REPLACE, order, token)
    read = await client.send("GET /api/v1/applications/<id>/materials/<key>", Order(named(application.id)), token)

    assert answer.said == "200"
    assert read.headers["Content-Disposition"] == 'attachment; filename="loss_notice-1.jpg"'


async def test_a_picture_with_a_place_in_it_comes_back_without(client: Client, firm: tuple[Application, str]) -> None:
    application, token = firm
    exif = Image.Exif()
    exif[0x010E] = "110108197505151254"
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(buffer, "JPEG", exif=exif)
    assert b"110108197505151254" in buffer.getvalue()

    await client.send(REPLACE, Order(named(application.id), files=[buffer.getvalue()]), token)
    read = await client.send("GET /api/v1/applications/<id>/materials/<key>", Order(named(application.id)), token)

    assert Image.open(io.BytesIO(read.raw)).size == (40, 40)
    assert b"110108197505151254" not in read.raw
