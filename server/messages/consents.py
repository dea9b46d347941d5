"""Which subscribe messages a person is asked for: those of the events that can follow, the scarcest first."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from config.settings import settings
from models.accounts import LoginSession, WechatApp, WechatBinding
from server.messages.credits import balances
from server.messages.texts import message_texts

_AT_ONCE = 3  # wx.requestSubscribeMessage takes no more templates in one call
_MINI_PROGRAM = "mini_program"

Deed = Literal["submit", "book"]


@dataclass(frozen=True)
class Consent:
    """A template as the mini program asks for it; `credits`: messages agreed to and not received yet."""

    template_id: str
    title: str
    credits: int


async def templates_to_ask(account_id: UUID, session_id: UUID, deed: Deed) -> list[str]:
    """WeChat's ids, at most three, the one with the fewest credits first; none in a browser, which cannot ask."""
    if not await LoginSession.filter(id=session_id, client=_MINI_PROGRAM).exists():
        return []
    wanted = message_texts().subscribe_keys(deed)
    held = await _balances(account_id)
    ids = [id_ for key in wanted if (id_ := settings().wechat.subscribe_templates.get(key))]
    return sorted(ids, key=lambda id_: held.get(id_, 0))[:_AT_ONCE]


async def list_consents(account_id: UUID) -> list[Consent]:
    """Every template there is, in the order of the file, with what this account's phone still has."""
    held, ids = await _balances(account_id), settings().wechat.subscribe_templates
    templates = message_texts().subscribe_templates.items()
    return [Consent(ids[key], found.title, held.get(ids[key], 0)) for key, found in templates if key in ids]


async def _balances(account_id: UUID) -> dict[str, int]:
    """Of the phone at hand: the mini program used last."""
    bindings = WechatBinding.filter(account_id=account_id, app=WechatApp.MINI_PROGRAM)
    latest = await bindings.order_by("-last_used_at", "-id").first()
    return await balances(latest.openid) if latest else {}
