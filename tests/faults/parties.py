"""Clients of the service that keep what they were told: firms with a login and approved applications."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import aiohttp

from models.accounts import LoginSession
from server import clock, crypto
from server.accounts.sessions import tag_of
from server.appointments.slots import Slot
from tests.faults.ledger import Ledger, Told
from tests.world import Party

_FOR_GOOD = {"slot_full", "day_closed", "not_bookable", "past_deadline", "mixed_businesses", "not_found"}
_LOST = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass
class Client:
    """One account at one or several addresses of the service. No answer, 5xx and 429 are unknown, never refusals."""

    party: Party
    token: str
    ledger: Ledger
    http: aiohttp.ClientSession

    @property
    def account_id(self) -> UUID:
        return self.party.caller.account_id

    async def order(self, people: int = 1) -> "Order":
        """A booking not sent yet: fresh applications and a key of its own."""
        ids, key = await self.party.approved(people), uuid4().hex
        return Order(self, key, [str(id_) for id_ in ids], self.ledger.open(self.account_id, key, people))

    async def send(self, method: str, url: str, body: Any = None, key: str = "") -> tuple[int, dict[str, Any]]:
        """(0, {}) when no answer came."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": key} if key else {})
        try:
            async with self.http.request(method, url, json=body, headers=headers) as answer:
                return answer.status, await answer.json()
        except _LOST:
            return 0, {}


@dataclass
class Order:
    """One key with its body: may be sent any number of times, to any process."""

    client: Client
    key: str
    application_ids: list[str]
    told: Told

    async def book(self, url: str, slot: Slot) -> tuple[int, dict[str, Any]]:
        body = {"application_ids": self.application_ids, "date": slot.on.isoformat(), "start": slot.start}
        return self._note(await self.client.send("POST", f"{url}/api/v1/appointments", body, self.key))

    async def cancel(self, url: str) -> int:
        self.told.cancelled = True
        status, _ = await self.client.send("POST", f"{url}/api/v1/appointments/{self.told.booked[0]['id']}/cancel")
        return status

    async def reschedule(self, url: str, slot: Slot, key: str) -> tuple[int, dict[str, Any]]:
        body = {"date": slot.on.isoformat(), "start": slot.start}
        path = f"{url}/api/v1/appointments/{self.told.booked[0]['id']}/reschedule"
        return await self.client.send("POST", path, body, key)

    async def look_up(self, url: str) -> list[str]:
        """Ids of the booking that the key stands for: one or none."""
        _, found = await self.client.send("GET", f"{url}/api/v1/appointments", key=self.key)
        return [item["id"] for item in found["items"]]

    def _note(self, answer: tuple[int, dict[str, Any]]) -> tuple[int, dict[str, Any]]:
        status, body = answer
        if status == 201:
            self.told.booked.append(body)
        elif body.get("code") in _FOR_GOOD:
            self.told.refused.append(body["code"])
        else:
            self.told.unknown += 1
        return answer


async def logged_in(party: Party, ledger: Ledger, http: aiohttp.ClientSession) -> Client:
    account_id, at = party.caller.account_id, clock.now()
    token = f"{tag_of(account_id)}.{crypto.new_secret()}"
    await LoginSession.create(
        account_id=account_id,
        token_hash=crypto.hash_secret(token),
        client="browser",
        epoch=0,
        last_used_at=at,
        expires_at=at + timedelta(hours=12),
        created_at=at,
    )
    return Client(party, token, ledger, http)


async def book_all_at_once(orders: list[Order], urls: list[str], slot: Slot) -> list[int]:
    """Statuses, in order; the orders are spread over the addresses."""
    tries = (order.book(urls[n % len(urls)], slot) for n, order in enumerate(orders))
    return [status for status, _ in await asyncio.gather(*tries)]
