"""Things that requests are about, each made for its owner: applications in every state, pages, visits, bindings."""

import io
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from PIL import Image

from models.accounts import BindingTicket, TicketState, WechatApp, WechatBinding
from models.applications import Application, State
from models.appointments import Appointment, Visit
from models.materials import Page
from models.messages import Alert, Channel, Delivery, DeliveryState, Message, SendingPause
from models.work import Heartbeat
from server import clock, crypto
from server.accounts.tickets import write_ticket
from server.applications.claims import claim
from server.applications.drafts import create_draft
from server.applications.review import Decision, ReviewOrder, decide
from server.applications.submit import submit_application
from server.appointments.book import book_appointment
from server.appointments.places import offered_days, read_slot
from server.appointments.request_keys import Attempt
from server.appointments.slots import Slot
from server.businesses import catalogue, find_business
from server.gateways.object_store import open_store
from server.gateways.redis.slots import RedisSlots
from server.materials.pages import replace_pages
from server.messages.alerts import raise_alert
from tests.server.applications.office import Believing
from tests.server.http.cast import STAFF, Actor, Who, a_mobile, a_password, actor, an_id_number
from tests.server.http.site import Site
from tests.world import Said

ON_SITE, ONLINE = "certificate_reissue", "info_backfill"
_PASSWORD, _INITIAL = a_password(), a_password()


def photo() -> bytes:
    """A small JPEG."""
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 20).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


class Stage:
    """Made for one test. Every secret it hands out is in `secrets`, so that logs can be searched for it."""

    def __init__(self, site: Site, gate: RedisSlots) -> None:
        self.site, self._gate = site, gate
        self._actors: dict[Who, Actor] = {}
        self.password, self.initial = _PASSWORD, _INITIAL
        self.secrets: set[str] = {_PASSWORD, _INITIAL}
        self.store = open_store("", site.engine.home)

    async def actor(self, who: Who) -> Actor:
        """The one of this kind in this test."""
        if who not in self._actors:
            self._actors[who] = await self.fresh(who)
        return self._actors[who]

    async def fresh(self, who: Who) -> Actor:
        """Another one of this kind."""
        made = await actor(who, self.password, "" if who in STAFF else self.initial)
        self.secrets |= set(made.secrets)
        return made

    def use_new_passwords(self) -> None:
        """For actors from now on: one password that fails for many accounts is shut out."""
        self.password, self.initial = a_password(), a_password()
        self._actors.clear()

    async def token(self, who: Who) -> str:
        """What such a caller sends: nothing, something made up, or his token."""
        if who is Who.ANONYMOUS:
            return ""
        return self.secret() if who is Who.FORGED else (await self.actor(who)).token

    def secret(self) -> str:
        made = crypto.new_secret()
        self.secrets.add(made)
        return made

    # Applications, from draft to certificate

    def answers(self, owner: Actor, business: str) -> dict[str, str]:
        """A complete form: of somebody new, or of the custody CPA himself."""
        form = {
            "name": owner.account.name if owner.cpa_no else "李四",
            "mobile": a_mobile(),
            "id_number": owner.id_number or an_id_number(),
            "cpa_no": owner.cpa_no or f"{uuid4().int % 10**12:012}",
        }
        self.secrets |= {form["mobile"], form["id_number"]}
        known = {field.key for field in find_business(business).fields}
        return {key: value for key, value in form.items() if key in known}

    async def draft(self, owner: Actor, business: str = ON_SITE) -> Application:
        version = find_business(business).commitment.version
        return await create_draft(owner.caller, business, version, self.answers(owner, business), None)

    async def complete(self, owner: Actor, business: str = ON_SITE) -> Application:
        """A draft to which nothing is missing."""
        draft = await self.draft(owner, business)
        for material in find_business(business).materials:
            await self.page(draft, material.key)
        return await Application.get(id=draft.id)

    async def page(self, application: Application, material: str) -> Page:
        pages = await replace_pages(application, material, [photo()], store=self.store, studio=Believing())
        return pages[0]

    async def submitted(self, owner: Actor, business: str = ON_SITE) -> Application:
        draft = await self.complete(owner, business)
        return (await submit_application(owner.caller, draft.id)).application

    async def claimed(self, owner: Actor, by: Actor) -> Application:
        return await claim(by.caller, (await self.submitted(owner)).id)

    async def approved(self, owner: Actor, business: str = ON_SITE) -> Application:
        application = await self.submitted(owner, business)
        reviewer = await self.actor(Who.REVIEWER)
        return await decide(reviewer.caller, application.id, ReviewOrder(Decision.APPROVE))

    async def in_state(self, owner: Actor, state: State) -> Application:
        """An approved one, put further along by hand."""
        application = await self.approved(owner)
        await Application.filter(id=application.id).update(state=state)
        return await Application.get(id=application.id)

    # Visits

    async def free_slot(self, besides: Slot | None = None) -> Slot:
        """The emptiest slot on offer, so that many tests find room at the one desk."""
        rules, desk = catalogue().appointments, find_business(ON_SITE).desk
        slots = [Slot(desk, on, rule.start) for on in offered_days(clock.today()) for rule in rules.slots]
        rooms = [(capacity - len(rows), slot) for slot in slots for capacity, rows in [await read_slot(slot)]]
        room, slot = max(((r, s) for r, s in rooms if s != besides), key=lambda found: found[0])
        assert room > 0, "the desk is booked out"
        return slot

    async def booked(self, owner: Actor) -> Appointment:
        application, slot = await self.approved(owner), await self.free_slot()
        attempt = Attempt.of(owner.id, uuid4().hex, "POST", "/api/v1/appointments", Said())
        return await book_appointment(owner.caller, [application.id], slot.on, slot.start, attempt, gate=self._gate)

    async def booked_for_today(self, owner: Actor) -> Appointment:
        """A visit that has come: nobody can be missing before the day."""
        appointment = await self.booked(owner)
        today: date = clock.today()
        await Appointment.filter(id=appointment.id).update(on_date=today)
        await Visit.filter(appointment_id=appointment.id).update(on_date=today, place_no=None)
        return await Appointment.get(id=appointment.id)

    async def checked_in(self, owner: Actor) -> Appointment:
        appointment = await self.booked(owner)
        await Visit.filter(appointment_id=appointment.id).update(checked_in_at=clock.now())
        return appointment

    # Messages and deliveries

    async def message(self, owner: Actor) -> Message:
        application = await self.submitted(owner)
        return await Message.get(application_id=application.id)

    async def failed_delivery(self, owner: Actor) -> Delivery:
        await self.booked(owner)
        delivery = await Delivery.filter(account_id=owner.id, channel=Channel.SMS).order_by("-id").first()
        assert delivery is not None
        await Delivery.filter(id=delivery.id).update(state=DeliveryState.FAILED, ended_at=clock.now())
        return delivery

    async def free_scope(self) -> str:
        """One that can be paused and that no other test sends anything of."""
        await SendingPause.filter(scope="template:expired.contact.1").delete()
        return "template:expired.contact.1"

    async def pause(self) -> SendingPause:
        return await SendingPause.create(created_at=clock.now(), scope=f"template:{uuid4().hex}", by="admin")

    async def alert(self) -> Alert:
        subject = f"template:{uuid4().hex}"
        await raise_alert("template_paused", subject, "模板被微信限制")
        return await Alert.get(open_subject=subject)

    # WeChat

    def openid(self) -> str:
        made = f"oOpenid-{uuid4().hex[:20]}"
        self.secrets.add(made)
        return made

    def login_code(self) -> str:
        """What wx.login gives on the phone of somebody new."""
        phone = self.site.simulator.platform.add_phone("手机")
        self.secrets |= {phone.openid, phone.mini_openid, phone.unionid}
        code = self.site.simulator.platform.mint_code(phone.openid)
        self.secrets.add(code)
        return code

    async def binding(self, owner: Actor) -> WechatBinding:
        openid, app = self.openid(), WechatApp.MINI_PROGRAM
        return await WechatBinding.create(created_at=clock.now(), app=app, openid=openid, account_id=owner.id)

    async def ticket(self, owner: Actor, state: TicketState = TicketState.WAITING) -> BindingTicket:
        columns: dict[str, Any] = {"account_id": owner.id, "session_id": owner.caller.session_id}
        if state is not TicketState.WAITING:
            columns |= {"state": state, "openid": self.openid()}
        if state is TicketState.CONFIRMED:
            columns |= {"number": "42", "choices": "17,42,93"}
        return await write_ticket(self.secret(), WechatApp.OFFICIAL_ACCOUNT, **columns)

    async def nonce(self, owner: Actor) -> str:
        """Of a ticket that a phone has scanned."""
        ticket, nonce = await self.ticket(owner, TicketState.SCANNED), self.secret()
        await BindingTicket.filter(id=ticket.id).update(nonce_hash=crypto.hash_secret(nonce))
        return nonce

    async def login_ticket(self) -> str:
        """What a mini program is told when nobody is bound to its user."""
        ticket = self.secret()
        await write_ticket(ticket, WechatApp.MINI_PROGRAM, openid=self.openid())
        return ticket

    async def a_worker_beats(self) -> None:
        """For a day to come, as far as /healthz/ready can tell."""
        beat_at = clock.now() + timedelta(days=1)
        await Heartbeat.update_or_create({"beat_at": beat_at}, owner="tests.server.http")
