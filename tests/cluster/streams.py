"""What the proxy must not hold back: the first event of a page that waits for its QR code."""

import asyncio

from tests.cluster.town import ClusterTown

_PATIENCE = 5.0  # seconds; a proxy that buffers waits for the end of the stream, five minutes


async def held_back(town: ClusterTown) -> list[str]:
    """Faults: the event that did not come while the stream was open."""
    base = f"{town.url}/api/v1"
    async with town.http.post(f"{base}/auth/login", json={"account": "201", "password": "demo-201"}) as entered:
        owner = {"Authorization": f"Bearer {(await entered.json())['token']}"}
    kind = {"kind": "official_account"}
    async with town.http.post(f"{base}/me/wechat/tickets", json=kind, headers=owner) as made:
        ticket = (await made.json())["public_id"]
    asked = owner | {"Accept": "text/event-stream"}
    try:
        async with (
            asyncio.timeout(_PATIENCE),
            town.http.get(f"{base}/me/wechat/tickets/{ticket}", headers=asked) as stream,
        ):
            first = await stream.content.readline()
    except TimeoutError:
        return ["nginx holds events back"]
    return [] if first.startswith(b"event:") else [f"an event stream began with {first!r}"]
