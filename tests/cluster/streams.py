"""What must pass the proxy at once: an event of a page that waits for its QR code to be scanned."""

import asyncio
from typing import Any

import aiohttp

from tests.cluster.town import ClusterTown

_PATIENCE = 10.0  # seconds; the stream itself lasts five minutes


async def held_back(town: ClusterTown) -> list[str]:
    """Faults: the second event, which the scan brings about, did not come while the stream was open."""
    base, scanner = f"{town.url}/api/v1", f"{town.simulator}/_"
    entered = await _post(town, f"{base}/auth/login", {"account": "201", "password": "demo-201"}, {})
    owner = {"Authorization": f"Bearer {entered['token']}"}
    ticket = await _post(town, f"{base}/me/wechat/tickets", {"kind": "official_account"}, owner)
    address, asked = f"{base}/me/wechat/tickets/{ticket['public_id']}", owner | {"Accept": "text/event-stream"}
    try:
        async with asyncio.timeout(_PATIENCE), town.http.get(address, headers=asked) as stream:
            await _event(stream)
            phones, codes = await _get(town, f"{scanner}/phones"), await _get(town, f"{scanner}/qr-codes")
            await _post(town, f"{scanner}/phones/{phones[0]['openid']}/scan", {"url": codes[0]["url"]}, {})
            await _event(stream)
    except TimeoutError:
        return ["nginx holds events back"]
    return []


async def _event(stream: aiohttp.ClientResponse) -> bytes:
    return await stream.content.readuntil(b"\n\n")


async def _post(town: ClusterTown, url: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    async with town.http.post(url, json=body, headers=headers) as answer:
        return await answer.json()


async def _get(town: ClusterTown, url: str) -> Any:
    async with town.http.get(url) as answer:
        return await answer.json()
