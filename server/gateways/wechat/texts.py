"""WeChat's opinion of what people type."""

import asyncio
import logging
from typing import Protocol

from server.accounts.wechat_identity import TextRefused
from server.gateways.wechat.errors import CallFailed
from server.gateways.wechat.results import TextOpinion

_log = logging.getLogger(__name__)

_LONGEST = 2500
_PROFILE = 1  # what people say of themselves
_RISKY = "risky"
_PATIENCE = 2.0  # seconds a part: whoever typed the text is waiting


class _Opinions(Protocol):
    async def check_text(self, openid: str, text: str, scene: int) -> TextOpinion: ...


class WechatTextGuard:
    """Satisfies server.accounts.wechat_identity.TextGuard: only a clear "risky" refuses, silence never does."""

    def __init__(self, client: _Opinions, *, patience: float = _PATIENCE) -> None:
        self._client = client
        self._patience = patience

    async def check(self, openid: str, text: str) -> None:
        for start in range(0, len(text), _LONGEST):
            if await self._is_risky(openid, text[start : start + _LONGEST]):
                raise TextRefused

    async def _is_risky(self, openid: str, part: str) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                opinion = await self._client.check_text(openid, part, _PROFILE)
        except (CallFailed, TimeoutError) as error:
            _log.warning("wechat has no opinion of a text: %s", str(error) or "too slow")
            return False
        return opinion.suggest == _RISKY
