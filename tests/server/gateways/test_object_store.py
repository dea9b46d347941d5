"""The object store: sealed at rest, each object bound to its key, and clear words when it is damaged or down."""

import os
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from config.settings import S3Settings
from server import clock, crypto
from server.gateways.object_store import SealedStore, open_store
from server.materials.store import ObjectAltered, ObjectMissing, StoreDown
from tests.engines.servers import free_port

WORDS = "身份证 110101199003070011".encode()
LATER = timedelta(minutes=1)
SPOILT = {
    "a changed byte": lambda sealed: sealed[:-20] + bytes([sealed[-20] ^ 1]) + sealed[-19:],
    "another key's name in front": lambda sealed: b"k9" + sealed[2:],
    "cut short": lambda sealed: sealed[: len(sealed) // 2],
    "only its head": lambda sealed: sealed[:3],
    "something behind it": lambda sealed: sealed + b"\0",
    "what was there before it was sealed": lambda _: WORDS,
    "nothing": lambda _: b"",
}


@pytest.fixture
def store(tmp_path: Path) -> SealedStore:
    return open_store("", tmp_path)


def file_of(key: str, home: Path) -> Path:
    return home / "objects" / key


def everything_in(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


async def listed(store: SealedStore, older_than: timedelta = LATER) -> list[str]:
    return sorted([key async for key in store.list(older_than=clock.now() + older_than)])


async def test_what_was_put_is_what_comes_back(store: SealedStore) -> None:
    data = os.urandom(5 * 1024 * 1024)

    await store.put("a", data)

    assert await store.get("a") == data


async def test_nothing_readable_reaches_the_disk(store: SealedStore, tmp_path: Path) -> None:
    await store.put("a", WORDS)

    on_disk = file_of("a", tmp_path).read_bytes()
    assert [piece for piece in (WORDS, WORDS[-18:], WORDS[:9], b"PDF") if piece in on_disk] == []
    assert file_of("a", tmp_path).parent.stat().st_mode & 0o077 == 0


async def test_the_same_picture_twice_looks_different_on_the_disk(store: SealedStore, tmp_path: Path) -> None:
    await store.put("a", WORDS)
    await store.put("b", WORDS)

    assert file_of("a", tmp_path).read_bytes()[-16:] != file_of("b", tmp_path).read_bytes()[-16:]


async def test_an_object_is_bound_to_its_key(store: SealedStore, tmp_path: Path) -> None:
    """Whoever can write to the disk cannot show one applicant the papers of another."""
    await store.put("mine", b"mine")
    await store.put("yours", b"yours")
    file_of("mine", tmp_path).write_bytes(file_of("yours", tmp_path).read_bytes())

    with pytest.raises(ObjectAltered) as refusal:
        await store.get("mine")

    assert (refusal.value.code, refusal.value.message) == ("object_altered", "文件已损坏，无法打开，请重新上传")


@pytest.mark.parametrize("how", SPOILT)
async def test_an_altered_object_is_not_shown(how: str, store: SealedStore, tmp_path: Path) -> None:
    await store.put("a", WORDS)
    file_of("a", tmp_path).write_bytes(SPOILT[how](file_of("a", tmp_path).read_bytes()))

    with pytest.raises(ObjectAltered):
        await store.get("a")


async def test_objects_of_an_earlier_key_still_open(store: SealedStore) -> None:
    old = crypto.keyring()
    await store.put("a", WORDS)
    crypto.use(crypto.Keyring({**old.keys, "k2": b"9" * 32}, "k2", old.index_key, old.pepper))

    await store.put("b", WORDS)

    assert [await store.get(key) for key in "ab"] == [WORDS, WORDS]


async def test_what_is_not_there_is_missing(store: SealedStore) -> None:
    with pytest.raises(ObjectMissing):
        await store.get("nothing")


async def test_deleting_twice_is_no_error(store: SealedStore) -> None:
    await store.put("a", WORDS)

    await store.delete("a")
    await store.delete("a")

    assert await listed(store) == []


@pytest.mark.parametrize("key", ["..", "../a", "a/../../b", "a/./b", "a\0b"])
async def test_a_key_that_leads_elsewhere_is_refused(key: str, store: SealedStore, tmp_path: Path) -> None:
    before = everything_in(tmp_path)

    with pytest.raises(ValueError, match="path"):
        await store.put(key, WORDS)

    assert everything_in(tmp_path) == before


async def test_a_key_that_begins_at_the_root_stays_inside(store: SealedStore, tmp_path: Path) -> None:
    await store.put("/etc/passwd", WORDS)

    assert file_of("etc/passwd", tmp_path).exists()


async def test_the_list_names_what_was_written_before_an_instant(store: SealedStore, tmp_path: Path) -> None:
    for key in ("old", "new"):
        await store.put(key, WORDS)
    two_hours_ago = (clock.now() - timedelta(hours=2)).timestamp()
    os.utime(file_of("old", tmp_path), (two_hours_ago, two_hours_ago))

    assert await listed(store, -timedelta(hours=1)) == ["old"]
    assert await listed(store) == ["new", "old"]


async def test_the_probe_is_no_object(store: SealedStore) -> None:
    await store.ping()

    assert await listed(store) == []


async def test_files_that_nobody_finished_are_forgotten_at_the_start(tmp_path: Path) -> None:
    """They stand in no list, so the sweep never meets them; a fresh one may belong to another process."""
    await open_store("", tmp_path).put("whole", WORDS)
    for name in ("left#1", "fresh#2"):
        file_of(name, tmp_path).write_bytes(b"half")
    two_hours_ago = (clock.now() - timedelta(hours=2)).timestamp()
    for name in ("left#1", "whole"):
        os.utime(file_of(name, tmp_path), (two_hours_ago, two_hours_ago))

    open_store("", tmp_path)

    assert sorted(path.name for path in (tmp_path / "objects").iterdir()) == ["fresh#2", "whole"]


async def test_a_folder_that_cannot_be_used_is_said_to_be_down(store: SealedStore, tmp_path: Path) -> None:
    (tmp_path / "objects").rmdir()
    (tmp_path / "objects").write_bytes(b"")

    for asked in (store.put("a", WORDS), store.get("a"), store.delete("a"), store.ping()):
        with pytest.raises(StoreDown) as refusal:
            await asked
        assert (refusal.value.code, refusal.value.status) == ("store_unavailable", 503)


class Provider:
    """As much of S3 as one object after the other needs, on a socket of ours."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.is_down, self.asked = False, 0

    async def answer(self, request: web.Request) -> web.Response:
        key, body = request.path, await request.read()
        self.asked += 1
        if self.is_down:
            return web.Response(status=503)
        if request.method == "PUT":
            self.objects[key] = body
            return web.Response(headers={"ETag": '"1"'})
        if "delete" in request.query:
            named = re.findall("<Key>(.*?)</Key>", body.decode())
            for name in named:
                self.objects.pop(f"{key}/{name}", None)
            gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in named)
            return web.Response(text=f"<DeleteResult>{gone}</DeleteResult>", content_type="application/xml")
        if key not in self.objects:
            return web.Response(status=404)
        written = {"ETag": '"1"', "Last-Modified": "Fri, 27 Nov 2026 00:00:00 GMT"}
        return web.Response(body=self.objects[key], headers=written)


@pytest.fixture
async def provider(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    made, port, app = Provider(), free_port(), web.Application(client_max_size=1 << 24)
    app.router.add_route("*", "/{key:.*}", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "test",
    }.items():
        monkeypatch.setenv(name, value)
    yield made
    await runner.cleanup()


async def test_a_provider_gets_sealed_bytes_and_gives_them_back(provider: Provider, tmp_path: Path) -> None:
    store = open_store("s3://papers", tmp_path)

    await store.put("a", WORDS)

    [(path, kept)] = provider.objects.items()
    assert (path, WORDS[-18:] in kept) == ("/papers/a", False)
    assert await store.get("a") == WORDS
    assert everything_in(tmp_path) == []


async def test_a_provider_forgets_what_is_deleted(provider: Provider, tmp_path: Path) -> None:
    store = open_store("s3://papers", tmp_path)
    await store.put("a", WORDS)

    await store.delete("a")
    await store.delete("a")

    with pytest.raises(ObjectMissing):
        await store.get("a")


async def test_a_provider_that_fails_is_asked_three_times_and_said_to_be_down(
    provider: Provider, tmp_path: Path
) -> None:
    store = open_store("s3://papers", tmp_path)
    provider.is_down = True

    with pytest.raises(StoreDown):
        await store.put("a", WORDS)

    assert (provider.objects, provider.asked) == ({}, 3)


async def test_settings_name_the_provider_where_its_variables_do_not(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = os.environ["AWS_ENDPOINT_URL"]
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    named = {"endpoint": endpoint, "region": "test", "access_key_id": "test", "secret_access_key": "test"}
    store = open_store("s3://papers", tmp_path, S3Settings.model_validate(named))

    await store.put("a", WORDS)

    assert await store.get("a") == WORDS
    assert list(provider.objects) == ["/papers/a"]
