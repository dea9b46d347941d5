"""The parties of an application's story: firms with their CPAs, a custody CPA, reviewers; and their files."""

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from models.accounts import Account, AccountKind, Realm, WechatApp, WechatBinding
from models.applications import Application, HistoryEntry, State
from models.base import new_id
from models.materials import Page
from models.messages import Channel, Message
from models.roster import Cpa
from server import clock
from server.accounts.caller import Caller
from server.applications.answers import business_of, open_form
from server.applications.drafts import create_draft, save_answers
from server.applications.queries import timeline
from server.applications.review import Decision, FieldOpinion, MaterialOpinion, Opinion, ReviewOrder, decide
from server.applications.rounds import changeable_application
from server.applications.submit import submit_application
from server.businesses import catalogue, current_edition, find_business, requirements
from server.materials.pages import replace_pages
from server.materials.store import ObjectMissing
from server.materials.studio import Checked
from server.messages.outbox import new_delivery
from server.roster.register import add_cpa
from tests.server.http.cast import a_mobile, an_id_number
from tests.world import caller_of

ON_SITE, ONLINE = "certificate_reissue", "info_backfill"  # each the plainest of its kind
ADMIN = "admin (系统管理员)"

# Answers that complete a form beside the person's own.
CHOICES: dict[str, dict[str, Any]] = {
    "registration": {"retired": "no"},
    "deregistration": {"sex": "male", "is_partner": "no", "reason": "not_full_time"},
    "transfer": {
        "transfer_type": "bj_to_firm",
        "person_type": "not_retired",
        "from_firm": "北京某会计师事务所",
        "to_firm": "测试单位201",
    },
    "qualification_check": {
        "person_type": "retired",
        "full_time": "yes",
        "practised_last_year": "yes",
        "cpe_completed": "yes",
        "fee_paid": "yes",
        "penalised": "no",
    },
}


def a_cpa_no() -> str:
    return f"{uuid4().int % 10**12:012}"


def a_name() -> str:
    """Nobody else's, in letters that a name may have."""
    return "丁" + "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex[:10])


class MemoryStore:
    """Satisfies Store."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def put(self, key: str, data: bytes) -> None:
        self.objects[key] = data

    async def get(self, key: str) -> bytes:
        if key not in self.objects:
            raise ObjectMissing
        return self.objects[key]

    async def delete(self, key: str) -> None:
        self.objects.pop(key, None)

    async def list(self, *, older_than: datetime) -> AsyncIterator[str]:
        for key in list(self.objects):
            yield key

    async def ping(self) -> None:
        """It is always there."""


class Believing:
    """Satisfies Studio: takes a file for what it is said to be."""

    async def check(self, data: bytes) -> Checked:
        return Checked("image/jpeg", data)

    async def render(self, document: str, values: dict[str, Any]) -> bytes:
        raise AssertionError("no form is printed here")


@dataclass
class Applicant:
    """One account that applies, and the person it applies for unless told otherwise."""

    caller: Caller
    person: dict[str, str]
    store: MemoryStore = field(default_factory=MemoryStore)

    @property
    def id(self) -> UUID:
        return self.caller.account_id

    def answers(self, business: str, **others: Any) -> dict[str, Any]:
        """A complete form."""
        known = {item.key for item in find_business(business).fields}
        said = self.person | CHOICES.get(business, {}) | others
        return {key: value for key, value in said.items() if key in known}

    async def draft(
        self, business: str = ON_SITE, form: Mapping[str, Any] | None = None, subject: Cpa | None = None
    ) -> Application:
        version = find_business(business).commitment.version
        answers = self.answers(business) if form is None else form
        return await create_draft(self.caller, business, version, answers, subject.id if subject else None)

    async def save(self, application: Application, **changes: Any) -> Application:
        """On top of whatever version there is."""
        fresh = await again(application)
        return (await save_answers(self.caller, application.id, changes, fresh.version))[0]

    async def upload(self, application: Application, *materials: str, files: Iterable[bytes] = (b"page",)) -> None:
        for material in materials:
            found = await changeable_application(self.caller, application.id, material)
            await replace_pages(found, material, list(files), store=self.store, studio=Believing())

    async def ready(self, business: str = ON_SITE, **answers: Any) -> Application:
        """A draft to which nothing is missing."""
        draft = await self.draft(business, self.answers(business, **answers))
        form = open_form(draft)
        needed = requirements(await business_of(draft), form, self.caller.kind.value)
        await self.upload(draft, *(material.key for material in needed.materials if material.key != "other"))
        return await again(draft)

    async def submit(self, application: Application) -> Application:
        return (await submit_application(self.caller, application.id)).application

    async def submitted(self, business: str = ON_SITE, **answers: Any) -> Application:
        return await self.submit(await self.ready(business, **answers))

    async def in_state(self, state: State, path: str = "") -> Application:
        """Put there by hand, as far as a refusal looks at it."""
        business, at = ONLINE if path == "online_only" else ON_SITE, clock.now()
        return await Application.create(
            account_id=self.id,
            business=business,
            edition=current_edition(business).digest,
            path=path or "on_site_certificate",
            round=1,
            version=7,
            state=state,
            created_at=at,
            updated_at=at,
            form="",
        )


class Office:
    """Made for one test."""

    async def firm(self, name: str = "测试单位201") -> Applicant:
        row = await _account(AccountKind.FIRM, name, uuid4().hex[:12], firm_id=new_id())
        return Applicant(caller_of(row), a_person())

    async def custody(self) -> Applicant:
        person = a_person("孙宁")
        cpa = await add_cpa(None, person["name"], person["cpa_no"], person["id_number"], person["mobile"])
        row = await _account(AccountKind.CUSTODY, cpa.name, cpa.cpa_no, cpa_id=cpa.id)
        return Applicant(caller_of(row), person)

    async def cpa_of(self, firm: Applicant, **columns: Any) -> Cpa:
        """Somebody of the firm's roster, with numbers as the manual prints them."""
        known = {"name": "张和", "cpa_no": a_cpa_no(), "id_number": "100001002", "mobile": a_mobile()} | columns
        return await add_cpa(firm.caller.firm_id, **known)

    async def reviewer(self, name: str = ADMIN) -> Caller:
        return caller_of(await _account(AccountKind.STAFF, name, uuid4().hex[:12], role="admin"))

    async def approve(self, application: Application, reviewer: Caller | None = None) -> Application:
        return await decide(reviewer or await self.reviewer(), application.id, APPROVAL)

    async def approved(self, applicant: Applicant, business: str = ON_SITE, **answers: Any) -> Application:
        return await self.approve(await applicant.submitted(business, **answers))

    async def rejected(
        self, applicant: Applicant, materials: Mapping[str, str], business: str = ON_SITE
    ) -> Application:
        submitted = await applicant.submitted(business)
        return await decide(await self.reviewer(), submitted.id, rejection(materials))


APPROVAL = ReviewOrder(Decision.APPROVE)


def rejection(
    materials: Mapping[str, str] | None = None, fields: Mapping[str, str] | None = None, remark: str = ""
) -> ReviewOrder:
    """{key: reason} of what is returned."""
    opinions = (MaterialOpinion(key, Opinion.RETURNED, reason) for key, reason in (materials or {}).items())
    about = (FieldOpinion(key, reason) for key, reason in (fields or {}).items())
    return ReviewOrder(Decision.RETURN, tuple(opinions), tuple(about), remark)


def a_person(name: str = "张三") -> dict[str, str]:
    return {"name": name, "id_number": an_id_number(), "cpa_no": a_cpa_no(), "mobile": a_mobile()}


async def _account(kind: AccountKind, name: str, number: str, **columns: Any) -> Account:
    realm = Realm.STAFF if kind is AccountKind.STAFF else Realm.APPLICANT
    return await Account.create(kind=kind, realm=realm, name=name, number=number, created_at=clock.now(), **columns)


async def again(application: Application) -> Application:
    """As it stands now."""
    return await Application.get(id=application.id)


async def told(application: Application) -> list[str]:
    """The events its account has a message of, oldest first."""
    return [str(m.event) for m in await Message.filter(application_id=application.id).order_by("id")]


async def tracked(application: Application) -> list[tuple[str, str, str]]:
    """流程跟踪 as the manual shows it, newest first: 状态, 备注, 操作人."""
    labels = catalogue().states.statuses
    return [(labels[entry.state].label, entry.remark, entry.operator_name) for entry in await timeline(application.id)]


async def pages_of(application: Application) -> set[str]:
    """The materials that have pages."""
    return {page.material for page in await Page.filter(application_id=application.id)}


async def steps_of(application: Application) -> int:
    return await HistoryEntry.filter(application_id=application.id).count()


async def take_the_delivery(firm: Applicant, occurrence: str) -> None:
    """The row that an announcement is about to write is there already: it will fail."""
    binding = await WechatBinding.create(
        created_at=clock.now(), app=WechatApp.OFFICIAL_ACCOUNT, openid=f"o{new_id().hex}", account_id=firm.id
    )
    taken = new_delivery(
        account_id=firm.id,
        event="submitted",
        occurrence=occurrence,
        recipient=f"binding:{binding.id}",
        channel=Channel.WECHAT,
        payload={"text": ""},
    )
    await taken.save(force_create=True)
