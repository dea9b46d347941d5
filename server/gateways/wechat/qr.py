"""Binding codes of both apps: the service account's reports who scanned it, the mini program's opens a page."""

import asyncio
from typing import Protocol

from server.accounts.qr_image import draw_qr
from server.gateways.wechat.errors import CallFailed
from server.gateways.wechat.refusals import unavailable
from server.gateways.wechat.results import QrTicket

_VERSIONS = {"formal": "release", "trial": "trial", "developer": "develop"}  # of subscribe/send -> of the code


class _Tickets(Protocol):
    async def create_qr(self, scene: str, seconds: int) -> QrTicket: ...


class _Codes(Protocol):
    async def wxa_code(self, scene: str, page: str, *, check_path: bool, env_version: str) -> bytes: ...


class OfficialAccountQr:
    """Satisfies server.accounts.wechat_identity.BindingQr. The url is drawn by us: no second host is asked."""

    def __init__(self, client: _Tickets) -> None:
        self._client = client

    async def draw(self, scene: str, seconds: int) -> bytes:
        try:
            url = (await self._client.create_qr(scene, seconds)).url
        except CallFailed as error:
            raise unavailable(error) from error
        return await asyncio.to_thread(draw_qr, url)


class MiniProgramQr:
    """Satisfies server.accounts.wechat_identity.BindingQr. `state`: developer, trial or formal; only a released page
    can be checked to exist."""

    def __init__(self, client: _Codes, page: str, state: str) -> None:
        self._client = client
        self._page = page
        self._version = _VERSIONS[state]

    async def draw(self, scene: str, seconds: int) -> bytes:
        """WeChat never ends such a code: the ticket in it ends by itself."""
        released = self._version == "release"
        try:
            return await self._client.wxa_code(scene, self._page, check_path=released, env_version=self._version)
        except CallFailed as error:
            raise unavailable(error) from error
