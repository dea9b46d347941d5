"""Service-account QR codes that report who scanned them."""

import asyncio
from typing import Protocol

from server.accounts.qr_image import draw_qr
from server.accounts.wechat_identity import WechatUnavailable
from server.gateways.wechat.client import QrTicket
from server.gateways.wechat.errors import ApiError, CallFailed, verdict_on


class _Codes(Protocol):
    async def create_qr(self, scene: str, seconds: int) -> QrTicket: ...


class OfficialAccountQr:
    """Satisfies server.accounts.wechat_identity.BindingQr. The url is drawn by us: no second host is asked."""

    def __init__(self, client: _Codes) -> None:
        self._client = client

    async def draw(self, scene: str, seconds: int) -> bytes:
        try:
            url = (await self._client.create_qr(scene, seconds)).url
        except ApiError as error:
            raise WechatUnavailable(retry_after=verdict_on(error).seconds) from error
        except CallFailed as error:
            raise WechatUnavailable from error
        return await asyncio.to_thread(draw_qr, url)
