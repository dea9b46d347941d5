"""announce(): writes the message and the first deliveries of an event in the running transaction (the outbox)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from tortoise.exceptions import IntegrityError

from models.accounts import Account, AccountKind
from models.base import new_id
from models.messages import Channel, Delivery
from server.messages.events import ApplicationEvent, AppointmentEvent, Event, EventName, Person
from server.messages.facts import business_values
from server.messages.recipients import bindings_of
from server.messages.rows import About, delivery_row, message_row
from server.messages.sms_texts import SmsText
from server.messages.texts import message_texts
from server.messages.undone import supersede_undone_by
from server.messages.values import account_values, person_values, visit_values
from server.messages.wording import Wording
from server.transactions import is_duplicate


async def announce(event: Event) -> None:
    """Tell everyone whom `event` concerns (decisions D24-D26). Announcing an occurrence again does nothing."""
    if isinstance(event, ApplicationEvent):
        await _announce_application(event)
    else:
        await _announce_appointment(event)


async def _announce_application(event: ApplicationEvent) -> None:
    application = event.application
    account = await Account.get(id=application.account_id)
    about = About(EventName(event.name), event.occurrence, account, application_id=application.id)
    business = await business_values(application.edition)
    values = account_values(account) | business | person_values([application.name]) | event.values
    if await _tell_account(about, Wording(about.name, values, account.kind)):
        await supersede_undone_by(about.name, about.occurrence, applications=[application.id])


async def _announce_appointment(event: AppointmentEvent) -> None:
    appointment = event.appointment
    account = await Account.get(id=appointment.account_id)
    about = About(EventName(event.name), event.occurrence, account, appointment=appointment)
    shared = account_values(account) | visit_values(appointment) | event.values
    businesses = await _businesses_of(event.people)
    names = person_values([person.name for person in event.people])
    wording = Wording(about.name, shared | businesses[event.people[0].application_id] | names, account.kind)
    if await _tell_account(about, wording):
        applications = [person.application_id for person in event.people]
        await supersede_undone_by(about.name, about.occurrence, applications=applications, appointment=appointment.id)
        own = {p.application_id: shared | businesses[p.application_id] | person_values([p.name]) for p in event.people}
        await _tell_people(about, event.people, own)


async def _businesses_of(people: Iterable[Person]) -> dict[UUID, dict[str, str]]:
    return {person.application_id: await business_values(person.edition) for person in people}


async def notify_account(account_id: UUID, event: str, occurrence: str, values: dict[str, str]) -> None:
    """Tell an account something about itself (password_reset, mobile_changed, wechat_bound …)."""
    account = await Account.get(id=account_id)
    about = About(EventName(event), occurrence, account)
    await _tell_account(about, Wording(about.name, account_values(account) | values, account.kind))


async def send_code(account: Account, code: str, purpose: str, *, minutes: int = 10) -> None:
    """Send a one-use code to the account's registered mobile and to its WeChat: at once to each of them, because
    the message centre cannot be read without the password. `purpose` names the event: reset -> reset_code."""
    about = About(EventName(f"{purpose}_code"), f"{purpose}:{account.id}:{new_id()}", account)
    values = account_values(account) | {"code": code, "minutes": str(minutes)}
    wording = Wording(about.name, values, account.kind)
    rows = await _wechat_rows(about, None, wording)
    if account.contact_mobile and wording.contact_sms:
        rows.append(_contact_row(about, None, wording.contact_sms))
    await Delivery.bulk_create(rows)


async def _tell_account(about: About, wording: Wording) -> bool:
    """The message in the app, WeChat to whoever can receive it, SMS to the contact when nobody can.

    A custody CPA is also the person concerned: what he gets by SMS as such is not sent to him a second time.
    """
    own_sms = about.account.kind is AccountKind.CUSTODY and bool(wording.texts.person_sms)
    sms = None if own_sms else wording.contact_sms
    message_id = new_id()
    rows = await _wechat_rows(about, message_id, wording)
    message = message_row(about, message_id, wording.message, len(rows), sms)
    try:
        await message.save(force_create=True)
    except IntegrityError as error:
        if is_duplicate(error):
            return False
        raise
    if sms and not rows:
        rows = [_contact_row(about, message_id, sms)]
    await Delivery.bulk_create(rows)
    return True


async def _wechat_rows(about: About, message_id: UUID | None, wording: Wording) -> list[Delivery]:
    """The service account's message to each follower, and the mini program's to whoever has agreed to one."""
    service, mini_program = wording.wechat, wording.subscribe
    if not service and not mini_program:
        return []
    bindings, rows = await bindings_of(about.account.id), []
    if service:
        followers = [f"binding:{id_}" for id_ in bindings.followers]
        rows += [delivery_row(about, message_id, follower, Channel.WECHAT, service) for follower in followers]
    if mini_program:
        phones = [f"binding:{id_}" for id_ in await bindings.subscribed(mini_program.template)]
        rows += [delivery_row(about, message_id, phone, Channel.MINI_PROGRAM, mini_program) for phone in phones]
    return rows


def _contact_row(about: About, message_id: UUID | None, sms: SmsText) -> Delivery:
    return delivery_row(about, message_id, f"account:{about.account.id}", Channel.SMS, sms)


async def _tell_people(about: About, people: Iterable[Person], values: Mapping[UUID, Mapping[str, str]]) -> None:
    """An SMS to each CPA concerned, for the events that have one (booked, rescheduled, cancelled, day_closed)."""
    if not message_texts().events[about.name].person_sms:
        return
    rows = []
    for person in people:
        sms = Wording(about.name, values[person.application_id], about.account.kind).person_sms(person.name)
        rows.append(delivery_row(about, None, f"person:{person.application_id}", Channel.SMS, sms))
    await Delivery.bulk_create(rows)
