"""What only the mini program can give: a mobile that WeChat tells, and a person whose words WeChat can judge."""

from dataclasses import dataclass
from uuid import UUID

from models.accounts import LoginSession, WechatApp, WechatBinding
from server.accounts.caller import Caller
from server.accounts.guessing import count_keys
from server.accounts.limits import Limiter
from server.accounts.revoke import IN_MINI_PROGRAM
from server.accounts.wechat_identity import PhoneExchange, TextGuard, TextRefused


@dataclass(frozen=True)
class Phone:
    """WeChat's two services for whoever fills in a form in the mini program."""

    mobiles: PhoneExchange
    texts: TextGuard
    limiter: Limiter

    async def mobile(self, account_id: UUID, code: str) -> str:
        """The mobile behind a code of the phone button. Every code is paid for, so they are counted.

        Raises CodeRefused, WechatUnavailable, contact.UnfitContact, guessing.TooManyTries.
        """
        await count_keys(self.limiter, f"phone-code:{account_id}")
        return await self.mobiles.mobile(code)

    async def check_typed(self, caller: Caller, text: str, field: str) -> None:
        """Raises TextRefused, naming the field, for risky text typed in the mini program by somebody whose openid is
        known.

        A browser's text is none of WeChat's; of several phones the one that logged in last is taken to have typed.
        """
        if not await LoginSession.exists(IN_MINI_PROGRAM, id=caller.session_id):
            return
        phones = WechatBinding.filter(account_id=caller.account_id, app=WechatApp.MINI_PROGRAM)
        binding = await phones.order_by("-last_used_at").first()
        if binding is None:
            return
        try:
            await self.texts.check(binding.openid, text)
        except TextRefused as refusal:
            raise TextRefused(field=field) from refusal
