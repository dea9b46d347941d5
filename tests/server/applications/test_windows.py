"""申报期: a business that is filed once a year, and only in its window (decisions D17)."""

from asyncio import gather
from collections.abc import AsyncIterator
from datetime import date, timedelta
from uuid import uuid4

import pytest

from models.applications import Application, State
from models.audit import AuditEntry
from models.businesses import FilingWindow
from server import clock
from server.applications.answers import open_form
from server.applications.complete import complete_online, open_result
from server.applications.copies import copy_application
from server.applications.drafts import save_answers
from server.applications.refusals import AlreadyInProgress, NoWindow, WindowBackwards, WindowClosed
from server.applications.review import decide
from server.applications.submit import submit_application
from server.applications.windows import WindowOrder, list_windows, open_year, set_window
from server.businesses import Business, catalogue, edition_of, find_business, use_catalogue
from server.businesses.editions import store_editions
from server.errors import Refusal
from tests.engines.engine import Engine
from tests.server.applications import office as parties
from tests.server.applications.office import ONLINE, Applicant, Office, a_person, again, rejection, told

pytestmark = pytest.mark.usefixtures("clock_put_back")
CLOSED = "当前不在任职资格检查申报期间，请关注协会通知。"
PASSED = {"check_result": "passed"}


@pytest.fixture
async def check(engine: Engine) -> AsyncIterator[str]:
    """The yearly check under a key that no other test opens."""
    yearly, key = find_business("qualification_check"), f"check_{uuid4().hex[:12]}"
    businesses = catalogue().businesses | {key: Business.read(yearly.plain() | {"key": key})}
    editions = {k: edition_of(business) for k, business in businesses.items()}
    parties.CHOICES[key] = parties.CHOICES[yearly.key]
    with use_catalogue(catalogue().model_copy(update={"businesses": businesses, "editions": editions})) as whole:
        await store_editions(whole)
        yield key
    del parties.CHOICES[key]


def go_to(day: date) -> None:
    clock.set_offset(0)
    clock.set_offset((clock.at(day, "10:00") - clock.now()).total_seconds())


async def opened(office: Office, business: str, year: int, opens_on: date | None = None) -> FilingWindow:
    """For ten days."""
    opens_on = opens_on or clock.today()
    order = WindowOrder(business, year, opens_on, opens_on + timedelta(days=9))
    return await set_window(await office.reviewer(), order)


async def test_outside_the_window_nothing_is_begun(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2026, clock.today() + timedelta(days=1))

    with pytest.raises(WindowClosed) as refused:
        await firm.draft(check)

    assert (refused.value.status, refused.value.message) == (409, CLOSED)
    assert await Application.filter(account_id=firm.id).count() == 0


async def test_first_and_last_day_belong_to_the_window(office: Office, check: str) -> None:
    window, business = await opened(office, check, 2026), find_business(check)
    days = [window.opens_on - timedelta(days=1), window.opens_on, window.closes_on]

    years = []
    for day in days:
        go_to(day)
        years.append(await asked(business))
    go_to(window.closes_on + timedelta(days=1))

    assert [*years, await asked(business)] == [None, 2026, 2026, None]


async def asked(business: Business) -> int | None:
    """The open year, None when it is closed."""
    try:
        return await open_year(business)
    except WindowClosed:
        return None


async def test_the_year_is_the_window_s_and_nobody_changes_it(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2026)
    draft = await firm.draft(check, {"check_year": "1999"})

    saved, _ = await save_answers(firm.caller, draft.id, {"check_year": "2000"}, 0)

    assert (open_form(draft)["check_year"], open_form(saved)["check_year"]) == ("2026", "2026")


async def test_a_draft_is_not_submitted_when_the_window_has_closed(office: Office, firm: Applicant, check: str) -> None:
    window = await opened(office, check, 2026)
    draft = await firm.ready(check)
    go_to(window.closes_on + timedelta(days=1))

    with pytest.raises(WindowClosed):
        await submit_application(firm.caller, draft.id)

    assert (await again(draft)).state is State.DRAFT


async def test_last_year_s_draft_moves_to_the_window_that_is_open(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2025)
    draft = await firm.ready(check)
    go_to(clock.today() + timedelta(days=300))
    await opened(office, check, 2026)

    submitted = await firm.submit(draft)

    assert open_form(submitted)["check_year"] == "2026"


async def test_a_returned_one_may_be_mended_after_the_window(office: Office, firm: Applicant, check: str) -> None:
    window = await opened(office, check, 2026)
    submitted = await firm.submitted(check)
    returned = await decide(await office.reviewer(), submitted.id, rejection({"check_form": "没有签字"}))
    go_to(window.closes_on + timedelta(days=1))

    assert (await firm.submit(returned)).state is State.SUBMITTED


async def test_a_person_is_checked_once_a_year(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2026)
    approved = await office.approved(firm, check)
    done = await complete_online(await office.reviewer(), approved.id, PASSED)
    second = await firm.ready(check)

    with pytest.raises(AlreadyInProgress) as refused:
        await submit_application(firm.caller, second.id)

    assert open_result(done) == PASSED
    assert refused.value.details == {"application_id": str(done.id)}
    now = await again(second)
    assert (now.state, now.live_person, await told(second)) == (State.DRAFT, None, [])


async def test_nor_by_another_firm_which_learns_no_more_than_that(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2026)
    approved = await office.approved(firm, check)
    await complete_online(await office.reviewer(), approved.id, PASSED)
    elsewhere = Applicant((await office.firm("测试单位202")).caller, firm.person)

    with pytest.raises(AlreadyInProgress) as refused:
        await elsewhere.submitted(check)

    assert refused.value.message == "张三本年度的任职资格检查已办理完成，不能重复提交"
    assert refused.value.details == {}


async def test_next_year_it_is_due_again(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2025)
    approved = await office.approved(firm, check)
    await complete_online(await office.reviewer(), approved.id, PASSED)
    go_to(clock.today() + timedelta(days=300))
    await opened(office, check, 2026)

    assert (await firm.submitted(check)).state is State.SUBMITTED


async def test_last_year_s_is_copied_into_this_year(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2025)
    approved = await office.approved(firm, check)
    done = await complete_online(await office.reviewer(), approved.id, PASSED)
    go_to(clock.today() + timedelta(days=300))
    await opened(office, check, 2026)

    copy = await copy_application(firm.caller, done.id, store=firm.store)

    assert open_form(copy)["check_year"] == "2026"
    assert (await firm.submit(copy)).state is State.SUBMITTED


async def test_submitting_against_the_completion_of_the_first_never_makes_two(
    office: Office, firm: Applicant, check: str
) -> None:
    await opened(office, check, 2026)
    approved, second, clerk = await office.approved(firm, check), await firm.ready(check), await office.reviewer()

    outcomes = await gather(
        complete_online(clerk, approved.id, PASSED),
        submit_application(firm.caller, second.id),
        return_exceptions=True,
    )

    assert not isinstance(outcomes[0], Refusal)
    assert isinstance(outcomes[1], AlreadyInProgress)


async def test_a_window_is_moved_by_setting_it_again(office: Office, check: str) -> None:
    await opened(office, check, 2026)

    moved = await opened(office, check, 2026, clock.today() + timedelta(days=30))

    rows = [row for row in await list_windows() if row.business == check]
    assert [(row.year, row.opens_on) for row in rows] == [(2026, moved.opens_on)]
    assert await AuditEntry.filter(object_id=f"{check}:2026", action="window.set").count() == 2


async def test_one_window_set_by_several_at_once_is_one(office: Office, check: str) -> None:
    days = [clock.today() + timedelta(days=n) for n in range(3)]

    await gather(*(opened(office, check, 2026, day) for day in days))

    rows = await FilingWindow.filter(business=check)
    assert len(rows) == 1
    assert rows[0].closes_on - rows[0].opens_on == timedelta(days=9)


async def test_a_window_goes_forward_and_belongs_to_a_business_that_has_one(office: Office, check: str) -> None:
    admin, today = await office.reviewer(), clock.today()

    with pytest.raises(WindowBackwards):
        await set_window(admin, WindowOrder(check, 2026, today, today - timedelta(days=1)))
    with pytest.raises(NoWindow):
        await set_window(admin, WindowOrder(ONLINE, 2026, today, today))

    assert await FilingWindow.filter(business__in=[check, ONLINE]).count() == 0


async def test_people_do_not_stand_in_each_other_s_way(office: Office, firm: Applicant, check: str) -> None:
    await opened(office, check, 2026)
    approved = await office.approved(firm, check)
    await complete_online(await office.reviewer(), approved.id, PASSED)

    assert (await Applicant(firm.caller, a_person("李四")).submitted(check)).state is State.SUBMITTED
