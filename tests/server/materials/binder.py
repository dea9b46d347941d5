"""One material of one application, as a test fills, thins and looks at it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from models.applications import Application
from models.materials import Page
from server import clock
from server.materials.pages import add_page, remove_page, replace_pages
from server.materials.store import Store, StoreDown
from server.materials.studio import Studio
from tests.server.applications.office import Believing

MATERIAL = "loss_notice"


@dataclass
class Binder:
    application: Application
    store: Store
    studio: Studio = field(default_factory=Believing)

    async def add(self, file: bytes = b"page") -> Page:
        return await add_page(self.application, MATERIAL, file, store=self.store, studio=self.studio)

    async def replace(self, *files: bytes) -> list[Page]:
        return await replace_pages(self.application, MATERIAL, files, store=self.store, studio=self.studio)

    async def remove(self, ref: object) -> None:
        await remove_page(self.application, MATERIAL, str(ref), store=self.store)

    async def pages(self) -> list[Page]:
        return await Page.filter(application_id=self.application.id, material=MATERIAL).order_by("position")

    async def positions(self) -> list[int]:
        return [page.position for page in await self.pages()]

    async def contents(self) -> list[bytes]:
        """Of the pages, in their order."""
        return [await self.store.get(page.object_key) for page in await self.pages()]

    async def objects(self) -> set[str]:
        """Everything in the store, named by a row or not."""
        return {key async for key in self.store.list(older_than=clock.now() + timedelta(minutes=1))}

    async def named(self) -> set[str]:
        """What rows name."""
        return {page.object_key for page in await self.pages()}

    async def again(self) -> Application:
        return await Application.get(id=self.application.id)


class Failing:
    """A Store of which something fails: the `puts`-th object from now, or every deletion."""

    def __init__(self, store: Store, *, puts: int = 0, deletes: bool = False) -> None:
        self._store, self._puts, self._deletes = store, puts, deletes

    async def put(self, key: str, data: bytes) -> None:
        self._puts -= 1
        if self._puts == 0:
            raise StoreDown
        await self._store.put(key, data)

    async def get(self, key: str) -> bytes:
        return await self._store.get(key)

    async def delete(self, key: str) -> None:
        if self._deletes:
            raise StoreDown
        await self._store.delete(key)

    def list(self, *, older_than: datetime) -> AsyncIterator[str]:
        return self._store.list(older_than=older_than)

    async def ping(self) -> None:
        await self._store.ping()
