"""Codes of the mini program, exchanged for the person or the number behind them."""

from typing import Protocol

from server.accounts.contact import UnfitContact, checked_mobile
from server.accounts.wechat_identity import WechatIdentity
from server.gateways.wechat.errors import CallFailed
from server.gateways.wechat.refusals import code_refused
from server.gateways.wechat.results import Login, PhoneNumber

_CHINA = "86"


class _LoginCodes(Protocol):
    async def code_to_session(self, code: str) -> Login: ...


class _PhoneCodes(Protocol):
    async def phone_number(self, code: str) -> PhoneNumber: ...


class MiniProgramLogin:
    """Satisfies server.accounts.wechat_identity.CodeExchange."""

    def __init__(self, client: _LoginCodes) -> None:
        self._client = client

    async def exchange(self, code: str) -> WechatIdentity:
        try:
            login = await self._client.code_to_session(code)
        except CallFailed as error:
            raise code_refused(error) from error
        return WechatIdentity(login.openid, login.unionid)


class PhoneButton:
    """Satisfies server.accounts.wechat_identity.PhoneExchange."""

    def __init__(self, client: _PhoneCodes) -> None:
        self._client = client

    async def mobile(self, code: str) -> str:
        try:
            phone = await self._client.phone_number(code)
        except CallFailed as error:
            raise code_refused(error) from error
        if phone.country != _CHINA:
            raise UnfitContact("请使用中国大陆的手机号")
        return checked_mobile(phone.number)
