"""How often something may be tried: the counter that login, reset and binding ask for."""

from typing import Protocol


class Limiter(Protocol):
    """Counts events by key over a sliding window. It always answers: without its engine it counts per process.

    A key must not carry personal data in clear. One key is always used with the same `limit` and `seconds`.
    """

    async def hit(self, key: str, *, limit: int, seconds: int, alone: int = 0) -> int:
        """Count one event and return 0, or count nothing and return after how many seconds (>= 1) one is free.

        At most `limit` events are ever counted in any `seconds`. Where speed is worth more than an exact limit, a
        process counts `alone` of them by itself before it asks the others, and asks for as many at a time: then every
        further process adds `alone` at most. `limit` is a multiple of `alone`.
        """
        ...

    async def peek(self, key: str, *, limit: int, seconds: int) -> int:
        """What `hit` would return, without counting."""
        ...

    async def forgive(self, key: str) -> None:
        """Forget the key's events, after a success."""
        ...
