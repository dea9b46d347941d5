"""Who keeps the service busy: firms that book, repeat, cancel and move, and a clerk who serves people early."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

from models.accounts import Account, AccountKind, Realm, WechatApp, WechatBinding
from server import clock
from tests.faults.ledger import Ledger
from tests.faults.parties import Client, Order, logged_in
from tests.soak.town import Town
from tests.world import Party, caller_of

_RETRIES = 4


@dataclass
class Crowd:
    """Everybody acts in turns of their own until `ending`; whatever an engine that is down does to their own
    preparations is tried again."""

    town: Town
    dice: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    done: Counter[str] = field(default_factory=Counter)
    booked: list[Order] = field(default_factory=list)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    firms: list[Client] = field(default_factory=list)
    clerk: Client | None = None

    async def gather_people(self, firms: int) -> None:
        self.firms = [await self._firm() for _ in range(firms)]
        row = await Account.create(
            kind=AccountKind.STAFF,
            realm=Realm.STAFF,
            number=uuid4().hex[:12],
            name="clerk (窗口人员)",
            role="clerk",
            created_at=clock.now(),
        )
        self.clerk = await logged_in(Party(self.town.world, caller_of(row)), self.ledger, self.town.http)

    async def _firm(self) -> Client:
        """With a phone that follows the service account, so that every booking is pushed."""
        client = await self.newcomer()
        async with self.town.http.post(
            f"{self.town.simulator}/_/phones", json={"name": "手机", "follows": True}
        ) as made:
            openid = (await made.json())["openid"]
        app = WechatApp.OFFICIAL_ACCOUNT
        await WechatBinding.create(created_at=clock.now(), app=app, openid=openid, account_id=client.account_id)
        return client

    async def newcomer(self) -> Client:
        """A firm that nobody has counted yet."""
        return await logged_in(await self.town.world.firm(), self.ledger, self.town.http)

    async def live(self, people: int) -> None:
        """Until `ending` is set."""
        acts = (self._book, self._book, self._book, self._cancel, self._move, self._serve)
        await asyncio.gather(*(self._keep_doing(acts) for _ in range(people)))

    async def _keep_doing(self, acts: tuple[Callable[[], Awaitable[None]], ...]) -> None:
        while not self.ending.is_set():
            act = self.dice.choice(acts)
            try:
                await act()
                self.done[act.__name__.strip("_")] += 1
            except Exception as error:  # noqa: BLE001 - our own look at an engine that was just killed
                self.done[f"interrupted: {type(error).__name__}"] += 1
                await asyncio.sleep(0.2)

    async def _book(self) -> None:
        """Sent once or twice at once, and again while nobody answers."""
        order = await self.dice.choice(self.firms).order(self.dice.randint(1, 3))
        slot = self.dice.choice(self.town.slots())
        for _ in range(_RETRIES):
            twins = self.dice.choice((1, 1, 2))
            statuses = [s for s, _ in await asyncio.gather(*(order.book(self.town.url, slot) for _ in range(twins)))]
            if 201 in statuses:
                self.booked.append(order)
            if {201, 409} & set(statuses):
                return
            await asyncio.sleep(self.dice.uniform(0, 0.5))

    async def _cancel(self) -> None:
        if order := self._one_that_stands():
            await order.cancel(self.town.url)

    async def _move(self) -> None:
        if order := self._one_that_stands():
            await order.reschedule(self.town.url, self.dice.choice(self.town.slots()), uuid4().hex)
            self.booked.append(order)

    async def _serve(self) -> None:
        """办理完成 before the hour: the places are given back (B3)."""
        assert self.clerk is not None
        if order := self._one_that_stands():
            order.told.cancelled = True
            path = f"{self.town.url}/console/v1/appointments/{order.told.booked[0]['id']}/complete"
            await self.clerk.send("POST", path, {})

    def _one_that_stands(self) -> Order | None:
        return self.booked.pop(self.dice.randrange(len(self.booked))) if self.booked else None
