"""Which of an account's WeChat bindings can be sent a message now."""

from dataclasses import dataclass
from uuid import UUID

from config.settings import settings
from models.accounts import WechatApp, WechatBinding
from server.messages.credits import credits_of


@dataclass(frozen=True)
class Bindings:
    """Of one account, as far as they can be reached: those that follow the service account, and the mini program's
    with their openids."""

    followers: list[UUID]
    phones: dict[UUID, str]

    async def subscribed(self, template: str) -> list[UUID]:
        """Phones that have agreed to a further message of `template` (a key of the settings)."""
        template_id = settings().wechat.subscribe_templates.get(template)
        if not self.phones or template_id is None:
            return []
        credits = await credits_of(self.phones.values(), template_id)
        return [id_ for id_, openid in self.phones.items() if openid in credits]


async def bindings_of(account_id: UUID) -> Bindings:
    """One query, for every announcement asks it."""
    found = await WechatBinding.filter(account_id=account_id, reachable=True).only("id", "app", "openid").order_by("id")
    return Bindings(
        followers=[binding.id for binding in found if binding.app is WechatApp.OFFICIAL_ACCOUNT],
        phones={binding.id: binding.openid for binding in found if binding.app is WechatApp.MINI_PROGRAM},
    )
