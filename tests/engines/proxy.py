"""A TCP proxy between the service and an engine that can cut, hang, delay, and lose the next reply."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Proxy:
    """Forwards 127.0.0.1:`port` to `target_port`. Faults apply to connections open now and to later ones."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self.delay = 0.0  # seconds before every piece that is forwarded
        self._target_port = target_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._dropping = False
        self._marker: bytes | None = None
        self._then_refuse = False
        self._dropped = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.cut()

    def cut(self) -> None:
        """Reset every open connection; new ones are welcome."""
        for writer in list(self._writers):
            writer.transport.abort()
        self._writers.clear()

    def refuse(self) -> None:
        """Reset every connection, the open and the new, until `accept`."""
        self._refusing = True
        self.cut()

    def accept(self) -> None:
        self._refusing = False

    def hang(self) -> None:
        """Keep connections open and forward nothing, until `flow`."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    def drop_next_reply(self) -> None:
        """The next request reaches the engine; its reply does not come back, the connection is reset instead."""
        self._dropping = True
        self._dropped.clear()

    def drop_reply_to(self, marker: bytes, *, then_refuse: bool = False) -> None:
        """As drop_next_reply, for the first request that contains `marker`; afterwards nobody gets in, if so asked."""
        self._marker, self._then_refuse = marker, then_refuse
        self._dropped.clear()

    async def dropped(self) -> None:
        """Returns once a reply was lost."""
        await self._dropped.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        for work in (self._forward(reader, far_writer), self._forward(far_reader, writer, replies=True)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _forward(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, replies: bool = False
    ) -> None:
        try:
            while piece := await source.read(65536):
                await asyncio.sleep(self.delay)
                await self._flowing.wait()
                if not replies and self._marker and self._marker in piece:
                    self._marker, self._dropping = None, True
                if replies and self._dropping:
                    self._lose(target)
                    return
                target.write(piece)
                await target.drain()
        except OSError:
            pass  # cut on purpose, or by a side that ended
        finally:
            target.close()
            self._writers.discard(target)

    def _lose(self, target: asyncio.StreamWriter) -> None:
        self._dropping = False
        target.transport.abort()
        self._dropped.set()
        if self._then_refuse:
            self._then_refuse = False
            self.refuse()


@asynccontextmanager
async def proxy_to(port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.close()
