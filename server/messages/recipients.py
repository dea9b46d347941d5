"""Which of an account's WeChat bindings can be sent a message now."""

from typing import Any
from uuid import UUID

from config.settings import settings
from models.accounts import WechatApp, WechatBinding
from server.messages.credits import credits_of


async def reachable(account_id: UUID) -> list[UUID]:
    """Bindings that follow the service account, as far as is known."""
    found = WechatBinding.filter(account_id=account_id, app=WechatApp.OFFICIAL_ACCOUNT, reachable=True)
    ids: list[Any] = await found.values_list("id", flat=True)
    return ids


async def subscribed(account_id: UUID, template: str) -> list[UUID]:
    """Mini-program bindings that have agreed to a further message of `template` (a key of the settings)."""
    template_id = settings().wechat.subscribe_templates.get(template)
    found = WechatBinding.filter(account_id=account_id, app=WechatApp.MINI_PROGRAM, reachable=True)
    rows: list[Any] = await found.values_list("id", "openid") if template_id else []
    credits = await credits_of([openid for _, openid in rows], template_id) if rows and template_id else {}
    return [id_ for id_, openid in rows if openid in credits]
