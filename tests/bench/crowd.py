"""The stage of the fan-out rows: the simulated WeChat in a process of its own, and as many bound accounts as asked."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from models.accounts import Account, AccountKind, Realm, WechatApp, WechatBinding
from models.base import new_id
from server import clock
from tests.engines.servers import free_port, python

_PATIENCE = 60  # seconds
_NOWHERE = "http://127.0.0.1:9"
_CHUNK = 1000


class Platform:
    """The simulator as its control interface shows it."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url

    async def tell(self, path: str, body: dict[str, Any]) -> Any:
        async with self.http.post(f"{self.url}/_/{path}", json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def accepted(self) -> int:
        """Template messages it took from anyone so far."""
        async with self.http.get(f"{self.url}/_/counters") as answer:
            return int((await answer.json()).get("template/send accepted", 0))

    async def has_accepted(self, count: int) -> bool:
        return await self.accepted() >= count

    async def token(self, appid: str, secret: str) -> str:
        body = {"grant_type": "client_credential", "appid": appid, "secret": secret}
        async with self.http.post(f"{self.url}/cgi-bin/stable_token", json=body) as answer:
            return str((await answer.json())["access_token"])


def start(module: str, environment: dict[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    """`python -m module` as a process of its own."""
    variables = os.environ | environment | {"ZCGL_LOG_LEVEL": "error"}
    return subprocess.Popen(python("-m", module, *arguments), env=variables, stdout=subprocess.DEVNULL)


@asynccontextmanager
async def simulated_wechat(environment: dict[str, str], folder: Path) -> AsyncIterator[Platform]:
    """Without receipts: they would load the service, not the fan-out."""
    port = free_port()
    process = start(
        "tests.simulator",
        environment,
        *("--port", str(port), "--memory", str(folder / "phones.json"), "--service", _NOWHERE),
    )
    async with aiohttp.ClientSession() as http:
        platform = Platform(http, f"http://127.0.0.1:{port}")
        try:
            await _up(platform)
            yield platform
        finally:
            process.kill()
            process.wait()


async def _up(platform: Platform) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            try:
                await platform.tell("switches", {"receipts": False})
                return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)


async def bind_crowd(platform: Platform, kind: AccountKind, count: int) -> list[str]:
    """So many new accounts of a kind, each with a follower of its own: their openids."""
    openids: list[str] = (await platform.tell("crowd", {"count": count}))["openids"]
    for start in range(0, count, _CHUNK):
        await _bind(kind, openids[start : start + _CHUNK])
    return openids


async def _bind(kind: AccountKind, openids: Sequence[str]) -> None:
    accounts = [_account(kind) for _ in openids]
    await Account.bulk_create(accounts)
    await WechatBinding.bulk_create(
        WechatBinding(
            created_at=clock.now(), app=WechatApp.OFFICIAL_ACCOUNT, openid=openid, account_id=account.id, reachable=True
        )
        for account, openid in zip(accounts, openids, strict=True)
    )


def _account(kind: AccountKind) -> Account:
    id_ = new_id()
    number = id_.hex[:32]
    return Account(id=id_, created_at=clock.now(), kind=kind, realm=Realm.APPLICANT, number=number, name="测试单位")
