"""Kills a process at random every few seconds, and brings engines back."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from tests.soak.town import Town

# The supervisor ends the whole after five deaths of one child in a minute, as it should.
_SPARED = 15.0  # seconds
_DOWN = 1.0  # seconds at most that a killed engine stays down
_CHILDREN = {"web": "server.run.web", "worker": "server.run.worker"}


@dataclass
class Killer:
    town: Town
    dice: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    _last: dict[str, float] = field(default_factory=dict)

    async def work(self, ending: asyncio.Event, pause: float) -> None:
        while not ending.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(ending.wait(), self.dice.uniform(0.5, 1.5) * pause)
                return
            if ready := [name for name in (*_CHILDREN, *self.town.servers) if self._may_die(name)]:
                await self._kill(self.dice.choice(ready))

    def _may_die(self, name: str) -> bool:
        return time.monotonic() - self._last.get(name, 0.0) > _SPARED

    async def _kill(self, name: str) -> None:
        self._last[name] = time.monotonic()
        if name in _CHILDREN:
            pids = self.town.children(_CHILDREN[name])
            for pid in self.dice.sample(pids, self.dice.randint(1, len(pids))) if pids else []:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.kills[name] += 1
            return
        server = self.town.servers[name]
        await asyncio.to_thread(server.kill)
        self.kills[name] += 1
        await asyncio.sleep(self.dice.uniform(0, _DOWN))
        await asyncio.to_thread(server.start)
