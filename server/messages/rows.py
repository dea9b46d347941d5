"""The rows that one event writes: its message, and deliveries of it."""

from dataclasses import dataclass
from uuid import UUID

from config.settings import settings
from models.accounts import Account
from models.appointments import Appointment
from models.messages import Channel, Delivery, Message
from server import clock, crypto
from server.messages.events import EventName
from server.messages.outbox import new_delivery
from server.messages.sms_texts import SmsText
from server.messages.texts import message_texts
from server.messages.variants import WechatText


@dataclass(frozen=True)
class About:
    """What every row of one event shares."""

    name: EventName
    occurrence: str
    account: Account
    application_id: UUID | None = None
    appointment: Appointment | None = None


def message_row(about: About, id_: UUID, text: str, wechat_open: int, sms: SmsText | None) -> Message:
    """`sms` waits sealed in the message while a WeChat delivery may still arrive."""
    fallback = crypto.seal(sms.model_dump_json(), f"message.sms:{id_}") if wechat_open and sms else ""
    return Message(
        id=id_,
        created_at=clock.now(),
        account_id=about.account.id,
        event=about.name,
        occurrence=about.occurrence,
        text=text,
        application_id=about.application_id,
        appointment_id=about.appointment.id if about.appointment else None,
        wechat_open=wechat_open,
        sms_fallback=fallback,
    )


def fallback_of(message: Message) -> SmsText | None:
    """The SMS to the contact that follows when every WeChat delivery of `message` has failed. Raises one of
    outbox.UNREADABLE."""
    if not message.sms_fallback:
        return None
    return SmsText.model_validate_json(crypto.unseal(message.sms_fallback, f"message.sms:{message.id}"))


def delivery_row(
    about: About, message_id: UUID | None, recipient: str, channel: Channel, text: SmsText | WechatText
) -> Delivery:
    promises = about.appointment is not None and bool(message_texts().events[about.name].undone_by)
    payload = text.model_dump(mode="json")
    if channel is Channel.MINI_PROGRAM:
        payload["page"] = page_of(payload["page"], message_id)
    return new_delivery(
        message_id=message_id,
        account_id=about.account.id,
        event=about.name,
        occurrence=about.occurrence,
        recipient=recipient,
        channel=channel,
        payload=payload,
        appointment_id=about.appointment.id if about.appointment else None,
        appointment_version=about.appointment.version if about.appointment and promises else None,
    )


def page_of(key: str, message_id: UUID | None) -> str:
    """pages/message/index?id=…: the page of the mini program that shows the message; none that is not set up."""
    path = settings().wechat.mini_program_pages.get(key, "")
    return f"{path}?id={message_id}" if path and message_id else path
