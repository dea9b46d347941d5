"""The read side: 办理记录 of an account, the reviewers' queue, and who reads which number."""

from datetime import timedelta

import pytest

from models.applications import Application, State
from models.audit import AuditEntry
from server import clock
from server.applications.queries import Filters, count_by_state, list_applications, list_queue
from server.applications.reading import masked_answers, reveal
from server.applications.refusals import ApplicationNotFound, NoSuchItem, WrongCursor
from server.businesses import find_business
from tests.server.applications.office import ONLINE, Applicant, Office, a_name, a_person, again
from tests.server.http.cast import an_id_number


async def found(firm: Applicant, **filters: object) -> list[str]:
    """The names on the account's list."""
    rows = await list_applications(firm.id, Filters(**filters), None, 50)  # type: ignore[arg-type]
    return [row.name for row in rows]


async def test_the_newest_comes_first_page_by_page(firm: Applicant) -> None:
    for name in ("张一", "张二", "张三"):
        await firm.draft(form={"name": name})

    first = await list_applications(firm.id, Filters(), None, 2)
    second = await list_applications(firm.id, Filters(), first[-1].id, 2)

    assert [[row.name for row in page] for page in (first, second)] == [["张三", "张二"], ["张一"]]


async def test_an_account_sees_its_own_only(office: Office, firm: Applicant) -> None:
    await firm.draft()

    assert await found(await office.firm("测试单位202")) == []


async def test_records_are_found_by_state_business_and_day(firm: Applicant) -> None:
    await firm.draft(form={"name": "张一"})
    await firm.submitted(name="张二")
    await firm.draft(ONLINE, {"name": "张三"})
    today = clock.today()

    assert await found(firm, status=State.SUBMITTED) == ["张二"]
    assert await found(firm, business=ONLINE) == ["张三"]
    assert await found(firm, since=today, until=today) == ["张三", "张二", "张一"]
    assert await found(firm, since=today + timedelta(days=1)) == []
    assert await found(firm, until=today - timedelta(days=1)) == []


async def test_a_day_is_a_day_in_beijing(firm: Applicant) -> None:
    draft, today = await firm.draft(), clock.today()
    await Application.filter(id=draft.id).update(created_at=clock.at(today, "00:01"))

    assert len(await found(firm, since=today)) == 1
    assert await found(firm, until=today - timedelta(days=1)) == []


async def test_records_are_found_by_name_number_and_whole_id_number(firm: Applicant) -> None:
    await firm.draft("deregistration", firm.person | {"name": "欧阳成"})
    number, cpa_no = firm.person["id_number"], firm.person["cpa_no"]

    assert await found(firm, q=" 阳成 ") == ["欧阳成"]
    assert await found(firm, q=cpa_no[:6]) == ["欧阳成"]
    assert await found(firm, q=number) == ["欧阳成"]
    assert await found(firm, q=number[:-1]) == []
    assert await found(firm, q="%") == []
    assert await found(firm, q="_") == []


async def test_the_queue_begins_with_who_waits_longest_page_by_page(firm: Applicant) -> None:
    name, hours = a_name(), timedelta(hours=1)
    waiting = [await firm.submitted(id_number=an_id_number(), name=name) for _ in range(3)]
    await firm.draft(form={"name": name})
    for waited, application in enumerate(waiting):
        await Application.filter(id=application.id).update(submitted_at=clock.now() - hours * waited)

    seen, cursor = [], None
    for _ in waiting:
        page, cursor = await list_queue(Filters(status=State.SUBMITTED, q=name), cursor, 1)
        seen += [row.id for row in page]

    assert seen == [application.id for application in reversed(waiting)]
    assert cursor is None


async def test_what_was_submitted_in_one_instant_is_on_one_page_only(firm: Applicant) -> None:
    name, at = a_name(), clock.now()
    for _ in range(3):
        await firm.submitted(id_number=an_id_number(), name=name)
    await Application.filter(account_id=firm.id).update(submitted_at=at)

    first, cursor = await list_queue(Filters(q=name), None, 2)
    second, end = await list_queue(Filters(q=name), cursor, 2)

    assert len({row.id for row in (*first, *second)}) == 3
    assert end is None


async def test_drafts_are_in_no_queue(firm: Applicant) -> None:
    name = a_name()
    await firm.draft(form={"name": name})

    assert await list_queue(Filters(q=name), None, 5) == ([], None)


@pytest.mark.parametrize("cursor", ["-", "bm9uc2Vuc2U=", "MjAyNS0wMS0wMQ=="])
async def test_a_cursor_made_up_is_refused(office: Office, cursor: str) -> None:
    with pytest.raises(WrongCursor):
        await list_queue(Filters(), cursor, 5)


async def test_what_waits_for_the_applicant_is_counted(office: Office, firm: Applicant) -> None:
    await firm.draft()
    await office.rejected(firm, {"loss_notice": "不清晰"})
    await firm.submitted(ONLINE)

    assert await count_by_state(firm.id) == {
        State.DRAFT: 1,
        State.REJECTED: 1,
        State.APPROVED_TO_BOOK: 0,
        State.PRINTED_TO_COLLECT: 0,
    }


async def test_numbers_that_tell_who_somebody_is_are_masked() -> None:
    person = a_person() | {"id_number": "110108197505151254", "mobile": "13812345678"}

    masked = masked_answers(find_business("deregistration").fields, person)

    assert masked == person | {"id_number": "110***********1254", "mobile": "138****5678"}


async def test_a_number_is_revealed_for_a_reason_that_is_kept(office: Office, firm: Applicant) -> None:
    submitted, staff = await firm.submitted(), await office.reviewer()

    value = await reveal(staff, submitted.id, "id_number", "电话核实")

    entry = await AuditEntry.get(object_id=str(submitted.id), action="personal_data.reveal")
    assert value == firm.person["id_number"]
    assert (entry.actor_id, entry.reason, entry.details) == (staff.account_id, "电话核实", {"field": "id_number"})


async def test_nothing_is_revealed_of_what_is_not_there(office: Office, firm: Applicant) -> None:
    submitted, draft, staff = await firm.submitted(), await firm.draft(ONLINE), await office.reviewer()

    with pytest.raises(NoSuchItem):
        await reveal(staff, submitted.id, "retired", "电话核实")
    with pytest.raises(ApplicationNotFound):
        await reveal(staff, draft.id, "cpa_no", "电话核实")

    assert await AuditEntry.filter(actor_id=staff.account_id).count() == 0
    assert (await again(draft)).state is State.DRAFT
