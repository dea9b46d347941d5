"""While passwords are hashed, the process goes on answering: hashing has threads of its own, two and no more."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from server.accounts import passwords
from tests.engines.servers import wait_until

THREADS = 2


class HeldHasher(PasswordHasher):
    """Every hash waits for the event loop to let it go: on the loop itself it would wait in vain."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.go_on = threading.Event()
        self.inside, self.on = 0, set[str]()
        self._lock = threading.Lock()

    def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
        with self._lock:
            self.inside += 1
            self.on.add(threading.current_thread().name)
        assert self.go_on.wait(10), "the event loop stood still while a password was hashed"
        return super().hash(password, salt=salt)


@pytest.fixture
def held() -> Iterator[HeldHasher]:
    hasher = HeldHasher()
    former = passwords.use(hasher)
    yield hasher
    hasher.go_on.set()
    passwords.use(former)


async def test_the_loop_goes_on_while_passwords_are_hashed(held: HeldHasher) -> None:
    hashing = [asyncio.create_task(passwords.hash_password(f"Pass-{n}")) for n in range(20)]
    await asyncio.sleep(0)
    await asyncio.to_thread(wait_until, lambda: held.inside == THREADS, "two hashes begun")
    done_before = [task.done() for task in hashing]
    held.go_on.set()

    hashes = await asyncio.gather(*hashing)

    assert done_before == [False] * 20
    assert len(set(hashes)) == 20
    assert len(held.on) == THREADS
    assert all(name.startswith("password") for name in held.on)
