"""announce(): writes the message and the first deliveries of an event in the running transaction (the outbox)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.accounts import Account, AccountKind, WechatApp, WechatBinding
from models.applications import Application
from models.appointments import Appointment
from models.base import new_id
from models.messages import Channel, Delivery, DeliveryState, Message
from server import clock, crypto
from server.messages.events import ApplicationEvent, AppointmentEvent, Event, EventName, Person
from server.messages.facts import business_values
from server.messages.outbox import new_delivery
from server.messages.texts import WechatText, message_texts
from server.messages.values import account_values, person_values, visit_values
from server.messages.wording import Wording
from server.transactions import is_duplicate


@dataclass(frozen=True)
class _About:
    """What every row of one event shares."""

    name: EventName
    occurrence: str
    account: Account
    application_id: UUID | None = None
    appointment: Appointment | None = None


async def announce(event: Event) -> None:
    """Tell everyone whom `event` concerns (decisions D24-D26). Announcing an occurrence again does nothing."""
    if isinstance(event, ApplicationEvent):
        await _announce_application(event)
    else:
        await _announce_appointment(event)


async def _announce_application(event: ApplicationEvent) -> None:
    application = event.application
    account = await Account.get(id=application.account_id)
    about = _About(EventName(event.name), event.occurrence, account, application_id=application.id)
    business = await business_values(application.edition)
    values = account_values(account) | business | person_values([application.name]) | event.values
    await _tell_account(about, Wording(about.name, values, account.kind))


async def _announce_appointment(event: AppointmentEvent) -> None:
    appointment = event.appointment
    account = await Account.get(id=appointment.account_id)
    about = _About(EventName(event.name), event.occurrence, account, appointment=appointment)
    shared = account_values(account) | visit_values(appointment) | event.values
    businesses = await _businesses_of(event.people)
    names = person_values([person.name for person in event.people])
    wording = Wording(about.name, shared | businesses[event.people[0].application_id] | names, account.kind)
    if await _tell_account(about, wording):
        await _supersede_undone(about)
        own = {p.application_id: shared | businesses[p.application_id] | person_values([p.name]) for p in event.people}
        await _tell_people(about, event.people, own)


async def _businesses_of(people: Iterable[Person]) -> dict[UUID, dict[str, str]]:
    rows = await Application.filter(id__in=[p.application_id for p in people]).values_list("id", "edition")
    return {application_id: await business_values(edition) for application_id, edition in rows}


async def notify_account(account_id: UUID, event: str, occurrence: str, values: dict[str, str]) -> None:
    """Tell an account something about itself (password_reset, mobile_changed, wechat_bound …)."""
    account = await Account.get(id=account_id)
    about = _About(EventName(event), occurrence, account)
    await _tell_account(about, Wording(about.name, account_values(account) | values, account.kind))


async def send_code(account: Account, code: str, purpose: str, *, minutes: int = 10) -> None:
    """Send a one-use code to the account's registered mobile and to its WeChat: at once to each of them, because
    the message centre cannot be read without the password. `purpose` names the event: reset -> reset_code."""
    about = _About(EventName(f"{purpose}_code"), f"{purpose}:{new_id()}", account)
    values = account_values(account) | {"code": code, "minutes": str(minutes)}
    wording = Wording(about.name, values, account.kind)
    rows = _wechat_rows(about, None, wording.wechat, await _reachable(account))
    if account.contact_mobile:
        rows.append(_row(about, None, f"account:{account.id}", Channel.SMS, {"text": wording.contact_sms}))
    await Delivery.bulk_create(rows)


async def _tell_account(about: _About, wording: Wording) -> bool:
    """The message in the app, WeChat to each binding, SMS to the contact when there is none that can receive.

    A custody CPA is also the person concerned: what he gets by SMS as such is not sent to him a second time.
    """
    own_sms = about.account.kind is AccountKind.CUSTODY and bool(wording.texts.person_sms)
    sms = "" if own_sms else wording.contact_sms
    bindings = await _reachable(about.account) if wording.texts.wechat else []
    message = _message(about, wording.message, len(bindings), sms)
    try:
        await message.save(force_create=True)
    except IntegrityError as error:
        if is_duplicate(error):
            return False
        raise
    rows = _wechat_rows(about, message.id, wording.wechat, bindings)
    if sms and not bindings:
        rows.append(_row(about, message.id, f"account:{about.account.id}", Channel.SMS, {"text": sms}))
    await Delivery.bulk_create(rows)
    return True


async def _tell_people(about: _About, people: Iterable[Person], values: Mapping[UUID, Mapping[str, str]]) -> None:
    """An SMS to each CPA concerned, for the events that have one (booked, rescheduled, cancelled, day_closed)."""
    if not message_texts().events[about.name].person_sms:
        return
    rows = []
    for person in people:
        text = Wording(about.name, values[person.application_id], about.account.kind).person_sms(person.name)
        rows.append(_row(about, None, f"person:{person.application_id}", Channel.SMS, {"text": text}))
    await Delivery.bulk_create(rows)


async def _supersede_undone(about: _About) -> None:
    """What this event undoes and is not sent yet must not be sent any more (decisions D26)."""
    undone = [name for name, texts in message_texts().events.items() if about.name in texts.undone_by]
    if not undone or about.appointment is None:
        return
    older = Delivery.filter(appointment_id=about.appointment.id, event__in=undone, state=DeliveryState.PENDING)
    await older.exclude(occurrence=about.occurrence).update(state=DeliveryState.SUPERSEDED, ended_at=clock.now())


async def _reachable(account: Account) -> list[UUID]:
    bindings = WechatBinding.filter(account_id=account.id, app=WechatApp.OFFICIAL_ACCOUNT, reachable=True)
    found: list[Any] = await bindings.values_list("id", flat=True)
    return found


def _message(about: _About, text: str, wechat_open: int, sms: str) -> Message:
    id_ = new_id()
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
        sms_fallback=crypto.seal(sms, f"message.sms:{id_}") if wechat_open and sms else "",
    )


def _wechat_rows(
    about: _About, message_id: UUID | None, text: WechatText | None, bindings: Iterable[UUID]
) -> list[Delivery]:
    payload = text.model_dump() if text else {}
    return [_row(about, message_id, f"binding:{binding}", Channel.WECHAT, payload) for binding in bindings]


def _row(
    about: _About, message_id: UUID | None, recipient: str, channel: Channel, payload: Mapping[str, Any]
) -> Delivery:
    promises = about.appointment is not None and bool(message_texts().events[about.name].undone_by)
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
