"""Which delivery a provider's receipt is about."""

from datetime import timedelta
from typing import Any

from config.settings import settings
from models.accounts import WechatBinding
from models.messages import Channel, Delivery, DeliveryState
from server import clock
from server.messages.channels import Receipt
from server.messages.outbox import template_key

_WITHIN = timedelta(hours=24)
# One that is being sent just now may be the one; of the others, one in doubt is the least likely.
_LIKELY = (DeliveryState.SENDING, DeliveryState.SENT, DeliveryState.IN_DOUBT)


async def meant_by(channel: Channel, receipt: Receipt) -> Delivery | None:
    """By the provider's number, by our own, or by person and template, whichever is known."""
    found = await Delivery.filter(channel=channel, provider_id=receipt.provider_id).first()
    if found is None and receipt.delivery_id:
        found = await Delivery.get_or_none(id=receipt.delivery_id, channel=channel)
    if found is None and receipt.address:
        found = await _longest_waiting(channel, receipt)
    return found


async def _longest_waiting(channel: Channel, receipt: Receipt) -> Delivery | None:
    """No number was told when the message was accepted: receipts come in the order of the messages."""
    keys = [key for key, id_ in settings().wechat.subscribe_templates.items() if id_ == receipt.template_id]
    bindings: list[Any] = await WechatBinding.filter(openid=receipt.address).values_list("id", flat=True)
    waiting = Delivery.filter(
        channel=channel,
        bulk=False,
        next_at__gte=clock.now() - _WITHIN,
        template__in=[template_key(channel, key) for key in keys],
        recipient__in=[f"binding:{id_}" for id_ in bindings],
        provider_id__isnull=True,
    )
    for state in _LIKELY if keys and bindings else ():
        if found := await waiting.filter(state=state).order_by("first_attempt_at", "id").first():
            return found
    return None
