"""What processes tell each other at once: heard within moments or never, so every belief it ends has an end by time."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from redis.asyncio.client import PubSub

from server.ending import ended
from server.gateways.redis.client import SKIP_SECONDS, RedisDoor
from server.gateways.redis.connect import FAULTS

SESSIONS, DESKS = "sessions", "desks"  # channels: "tag:epoch" of an account, the name of a desk

Ear = Callable[[str], None]

_PATIENCE = 60.0  # seconds of silence, after which the connection is asked again


def channel(door: RedisDoor, name: str) -> str:
    return door.key("news", name)


@asynccontextmanager
async def hearing(door: RedisDoor, ears: Mapping[str, Ear], deaf: Callable[[], None]) -> AsyncIterator[None]:
    """Hand the news of each channel to its ear; `deaf` is called whenever some may have been missed."""
    listening = asyncio.create_task(_listen(door, {channel(door, name): ear for name, ear in ears.items()}, deaf))
    try:
        yield
    finally:
        await ended([listening])


async def _listen(door: RedisDoor, ears: Mapping[str, Ear], deaf: Callable[[], None]) -> None:
    while True:
        try:
            await door.client.initialize()  # a cluster's client must know the nodes before it can listen to one
            async with door.client.pubsub(ignore_subscribe_messages=True) as subscription:
                await subscription.subscribe(*ears)
                deaf()
                await _hear(subscription, ears)
        except FAULTS:
            deaf()
            await asyncio.sleep(SKIP_SECONDS)


async def _hear(subscription: PubSub, ears: Mapping[str, Ear]) -> None:
    while True:
        message = await subscription.get_message(timeout=_PATIENCE)
        if message is not None:
            ears[message["channel"].decode()](message["data"].decode())
