"""What follows from the outcome of a delivery, in the transaction that records it."""

from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.expressions import F

from config.settings import settings
from models.accounts import WechatBinding
from models.messages import WECHAT_CHANNELS, Channel, DeliveryState, Message
from server.messages.alerts import raise_alert
from server.messages.credits import refuse_within, spend_within
from server.messages.outbox import UNREADABLE, UNREADABLE_REASON, new_delivery
from server.messages.pauses import label_of, pause_by_fault
from server.messages.rows import fallback_of
from server.messages.sms_texts import SmsText
from server.messages.tries import Sendable
from server.transactions import in_transaction, is_duplicate

_STALE_OPENID = frozenset({"40003", "43004"})  # unknown, or no longer following
_BAD_TOKEN = frozenset({"40001", "40014", "42001"})  # still, with a token just fetched, try after try
_NO_CREDIT = "43101"  # never agreed, agreed no more, or all used up
UNKNOWN = "unknown"  # given up without an answer: it may have arrived, so nothing else is sent


async def follow(delivery: Sendable, state: DeliveryState, code: str, reason: str, pauses: str) -> None:
    """Credits are spent or gone, a stale openid is not tried again, a fault holds its scope, the SMS is written."""
    if delivery.channel is Channel.MINI_PROGRAM:
        await _count_credit(delivery, state, code)
    if state not in (DeliveryState.REFUSED, DeliveryState.FAILED):
        return
    if code in _STALE_OPENID:
        await _mark_unreachable(delivery)
    if code in _BAD_TOKEN:
        channel = label_of(f"channel:{delivery.channel}")
        await raise_alert("token_refused", f"token:{delivery.channel}", f"{channel}：{reason}")
    if pauses:
        await pause_by_fault(delivery, pauses, code, reason)
    if delivery.channel in WECHAT_CHANNELS and delivery.message_id and code != UNKNOWN:
        await _open_next_channel(delivery, delivery.message_id)


async def _count_credit(delivery: Sendable, state: DeliveryState, code: str) -> None:
    """Once a try, which its lease names: a receipt that comes later is of the same try, and spends nothing more. That
    no credit is left is another cause: WeChat may say so after it has accepted the message."""
    cause = f"delivery:{delivery.id}:{delivery.lease}"
    template_id = settings().wechat.subscribe_templates.get(delivery.template.partition(".")[2], "")
    openid = await _openid_of(delivery)
    if not openid or not template_id:
        return
    if state in (DeliveryState.SENT, DeliveryState.DELIVERED):
        await spend_within(openid, template_id, cause)
    elif code == _NO_CREDIT:
        await refuse_within(openid, template_id, f"{cause}:refused")


async def _openid_of(delivery: Sendable) -> str:
    binding = await WechatBinding.get_or_none(id=delivery.recipient.partition(":")[2])
    return binding.openid if binding else ""


async def _mark_unreachable(delivery: Sendable) -> None:
    kind, _, id_ = delivery.recipient.partition(":")
    if kind == "binding":
        await WechatBinding.filter(id=id_).update(reachable=False)


async def _open_next_channel(delivery: Sendable, message_id: UUID) -> None:
    """Whoever closes the last WeChat delivery of a message writes its SMS; the row's lock puts them in a row."""
    await Message.filter(id=message_id, wechat_open__gt=0).update(wechat_open=F("wechat_open") - 1)
    message = await Message.get_or_none(id=message_id)
    if message is None or message.wechat_open or not (text := await _readable_fallback(message)):
        return
    sms = new_delivery(
        message_id=message.id,
        account_id=message.account_id,
        event=delivery.event,
        occurrence=delivery.occurrence,
        recipient=f"account:{message.account_id}",
        channel=Channel.SMS,
        payload=text.model_dump(mode="json"),
        appointment_id=delivery.appointment_id,
        appointment_version=delivery.appointment_version,
    )
    try:
        async with in_transaction():  # a savepoint
            await sms.save(force_create=True)
    except IntegrityError as error:  # a staff retry failed again: the SMS was written the first time
        if not is_duplicate(error):
            raise


async def _readable_fallback(message: Message) -> SmsText | None:
    """One that cannot be read is as good as none, and staff are told: the delivery that asks for it must end."""
    try:
        return fallback_of(message)
    except UNREADABLE:
        text = f"微信未送达，改发的短信{UNREADABLE_REASON}；最近一条：消息 {message.id}"
        await raise_alert("unreadable", "unreadable:message.sms", text)
        return None
