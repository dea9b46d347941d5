"""Limits on guessing: by account, by address, and by one password tried on many accounts (spray)."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models.accounts import Realm
from server import crypto
from server.accounts.limits import Limiter
from server.errors import TooMany, Unavailable

TRIES, SECONDS = 10, 15 * 60
_AT_ONCE = 2
_MOST_WAITING = 64

_turns = asyncio.Semaphore(_AT_ONCE)
_waiting = 0


class TooManyTries(TooMany):
    """The same for known and unknown accounts."""

    code = "too_many_tries"
    message = "尝试次数过多，请稍后再试"


_OTHER_WAYS_IN = {  # an account that guessing has locked
    Realm.APPLICANT: "可以通过“找回密码”或已绑定的微信登录",
    Realm.STAFF: "急需登录的，请联系系统管理员",
}


@dataclass(frozen=True)
class Guess:
    """One try to log in, as far as it is counted."""

    realm: Realm
    number: str
    password: str
    address: str

    @property
    def hint(self) -> str:
        return _OTHER_WAYS_IN[self.realm]

    @property
    def keys(self) -> tuple[str, str, str]:
        """What is counted, without the number or the password in clear."""
        account = account_key(self.realm, self.number)
        return account, address_key("login", self.address), f"spray:{crypto.blind_index(f'spray:{self.password}')[:32]}"


def account_key(realm: Realm, number: str) -> str:
    return f"login:{crypto.blind_index(f'{realm.value}:{number}')[:32]}"


def address_key(what: str, address: str) -> str:
    return f"{what}-from:{_network(address)}"


def _network(address: str) -> str:
    """An IPv6 client owns its /64, so that is what is counted; an IPv4 one may come as ::ffff:192.0.2.1."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network(f"{parsed}/64", strict=False).network_address)


@asynccontextmanager
async def turn() -> AsyncIterator[None]:
    """Wait for one of few turns to try a password.

    Few unfinished tries at a time: an account's owner does not find his own in the way, and an address is at most
    that many tries past its limit before its failures are counted. Raises Unavailable under a flood.
    """
    global _waiting  # noqa: PLW0603 - one queue a process
    if _waiting >= _MOST_WAITING:
        raise Unavailable
    _waiting += 1
    try:
        async with _turns:
            yield
    finally:
        _waiting -= 1


async def count(guess: Guess, limiter: Limiter) -> None:
    """Before the password is looked at. Raises TooManyTries.

    By account every try counts, so that no two of them can pass one gap; by address and by password only failures
    do (`count_failure`), and no success wipes them out: it could be the guesser's own account.
    """
    account, *others = guess.keys
    waits = [await limiter.peek(key, limit=TRIES, seconds=SECONDS) for key in others]
    if wait := max(waits):
        raise TooManyTries(retry_after=wait, hint=guess.hint)
    await count_keys(limiter, account, hint=guess.hint)


async def count_failure(guess: Guess, limiter: Limiter) -> None:
    """Raises TooManyTries in place of the failure that would be one too many."""
    _, *others = guess.keys
    await count_keys(limiter, *others, hint=guess.hint)


async def forgive(guess: Guess, limiter: Limiter) -> None:
    """A try that was right was no guess at this account."""
    await limiter.forgive(guess.keys[0])


async def count_keys(
    limiter: Limiter, *keys: str, limit: int = TRIES, seconds: int = SECONDS, hint: str | None = None
) -> None:
    """Raises TooManyTries, which gives the hint."""
    waits = [await limiter.hit(key, limit=limit, seconds=seconds) for key in keys]
    if wait := max(waits):
        raise TooManyTries(retry_after=wait, hint=hint)
