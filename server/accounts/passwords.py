"""Passwords: argon2id in a bounded thread pool behind a keyed pepper, and the rules for choosing a new one."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from models.accounts import Account
from server import crypto
from server.errors import Invalid, Unavailable

T = TypeVar("T")

SHORTEST, LONGEST, CLASSES = 8, 32, 2  # domain/catalogue.yaml, validators.password_new
_THREADS = 2
_MOST_WAITING = 64  # at some 30 ms each no one waits longer than about a second

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="password")
_waiting = 0


def use(hasher: PasswordHasher) -> PasswordHasher:
    """Hash with other parameters from now on; gives back the former. Older hashes still verify."""
    global _hasher
    former, _hasher = _hasher, hasher
    return former


class UnfitPassword(Invalid):
    """The new password breaks a rule; `field` names the input."""

    code = "unfit_password"


class WrongPassword(Invalid):
    """The present password that must be given along is not right."""

    code = "wrong_password"
    message = "原密码不正确"


async def hash_password(password: str) -> str:
    return await _off_the_loop(lambda: _hasher.hash(_peppered(password)))


async def verify(password: str, stored: str | None) -> bool:
    """Whether the password is right. Without a stored hash the same work is done and the answer is no."""
    return await _off_the_loop(lambda: _matches(password, stored))


def needs_rehash(stored: str) -> bool:
    """The hash was made with weaker parameters than today's."""
    return _hasher.check_needs_rehash(stored)


def _peppered(password: str) -> str:
    return hmac.new(crypto.keyring().pepper, password.encode(), hashlib.sha256).hexdigest()


def _matches(password: str, stored: str | None) -> bool:
    try:
        return _hasher.verify(stored or _nobodys_hash(), _peppered(password)) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(crypto.new_secret())


async def _off_the_loop(work: Callable[[], T]) -> T:
    """Run in the pool, which keeps the loop free and the memory at two hashes; raises Unavailable under a flood."""
    global _waiting  # noqa: PLW0603 - one pool a process
    if _waiting >= _MOST_WAITING:
        raise Unavailable
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


async def check_new(account: Account, new: str) -> None:
    """Raises UnfitPassword when `new` may not become the account's password."""
    check_form(new, account.number)
    if account.password_hash and await verify(new, account.password_hash):
        raise UnfitPassword("新密码不能与原密码相同", field="new_password")
    if account.initial_password_hash and await verify(new, account.initial_password_hash):
        raise UnfitPassword("新密码不能与初始密码相同", field="new_password")


def check_form(new: str, number: str, initial: str = "") -> None:
    """The rules that need no account: length, kinds of characters, not the number, not the initial password."""
    for broken, message in (
        (not SHORTEST <= len(new) <= LONGEST, f"密码长度应为{SHORTEST}至{LONGEST}位"),
        (not new.isprintable() or " " in new, "密码不能包含空格"),
        (_classes(new) < CLASSES, "密码须包含字母、数字、符号中的至少两种"),
        (new.upper() == number.upper(), "密码不能与账号相同"),
        (initial != "" and new.upper() == initial.upper(), "新密码不能与初始密码相同"),
    ):
        if broken:
            raise UnfitPassword(message, field="new_password")


def _classes(text: str) -> int:
    kinds = {"letter" if c.isalpha() else "digit" if c.isdigit() else "symbol" for c in text}
    return len(kinds)
