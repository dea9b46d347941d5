"""办结, 制证, 取证: what staff enter, what becomes of the roster, and that it happens once and as a whole."""

from asyncio import gather

import pytest
from tortoise.exceptions import IntegrityError

from models.applications import Application, State
from models.audit import AuditEntry
from models.messages import Message
from models.roster import Cpa
from server.applications.advance import Operator, StateConflict, TransitionNotAllowed
from server.applications.complete import (
    certificate_collected,
    certificate_ready,
    complete_on_site,
    complete_online,
    open_result,
)
from server.applications.refusals import ApplicationNotFound
from server.appointments.desk import complete
from server.businesses import FormRefused
from server.roster.register import add_firm, id_number_of, mobile_of
from server.transactions import in_transaction
from tests.server.applications.office import (
    CHOICES,
    ONLINE,
    Applicant,
    Office,
    a_cpa_no,
    again,
    steps_of,
    take_the_delivery,
    told,
    tracked,
)
from tests.server.http.cast import an_id_number
from tests.world import Party, World


async def handled(office: Office, firm: Applicant, business: str, **answers: object) -> Application:
    """Approved, and put behind its visit by hand."""
    approved = await office.approved(firm, business, **answers)
    await Application.filter(id=approved.id).update(state=State.HANDLED_TO_PRINT)
    return await again(approved)


async def test_an_online_business_is_completed_without_a_visit(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm, ONLINE)

    done = await complete_online(await office.reviewer(), approved.id, {})

    assert (done.state, done.live_person) == (State.DONE, None)
    assert (await tracked(done))[0] == ("办理完成", "", "admin (系统管理员)")
    message = await Message.get(application_id=done.id, event="done")
    assert message.text == "【进度提醒】您提交的注册会计师[张三][信息补录]业务已办理完成。"
    assert await AuditEntry.filter(object_id=str(done.id), action="application.complete").count() == 1


async def test_the_whole_road_of_a_certificate(office: Office, firm: Applicant, visits: World) -> None:
    approved, admin = await office.approved(firm, "registration"), await office.reviewer()
    booked = await Party(visits, firm.caller).book(ids=[approved.id])
    await complete(booked.id, None, Operator.of(admin), gate=visits.gate)
    await certificate_ready(admin, approved.id, {"cpa_no": a_cpa_no()})

    done = await certificate_collected(admin, approved.id)

    assert [state for state, _, _ in await tracked(done)] == [
        "办理完成",
        "已制证待取证",
        "已办理待制证",
        "已预约待办理",
        "审核通过待预约",
        "已提交待北注协审核",
    ]
    assert await told(done) == ["submitted", "approved", "collect", "done"]


async def test_a_new_number_makes_a_cpa_of_the_firm(office: Office, firm: Applicant) -> None:
    application, cpa_no = await handled(office, firm, "registration"), a_cpa_no()

    ready = await certificate_ready(await office.reviewer(), application.id, {"cpa_no": cpa_no})

    cpa = await Cpa.get(cpa_no=cpa_no)
    assert (cpa.firm_id, cpa.name) == (firm.caller.firm_id, "张三")
    assert (id_number_of(cpa), mobile_of(cpa)) == (firm.person["id_number"], firm.person["mobile"])
    assert (ready.state, open_result(ready)) == (State.PRINTED_TO_COLLECT, {"cpa_no": cpa_no})


@pytest.mark.parametrize("result", [{}, {"cpa_no": "1"}, {"cpa_no": "110000010001", "shoe_size": "43"}])
async def test_a_wrong_result_moves_nothing(office: Office, firm: Applicant, result: dict[str, str]) -> None:
    application = await handled(office, firm, "registration")

    with pytest.raises(FormRefused) as refused:
        await certificate_ready(await office.reviewer(), application.id, result)

    assert refused.value.status == 422
    assert (await again(application)).state is State.HANDLED_TO_PRINT
    assert await Cpa.filter(firm_id=firm.caller.firm_id).count() == 0


async def test_new_particulars_reach_the_roster(office: Office, firm: Applicant) -> None:
    cpa = await office.cpa_of(firm)
    person = {"cpa_no": cpa.cpa_no, "name": cpa.name}
    application = await handled(office, firm, "info_change", change_items=["name", "id_number"], **person)
    id_number = an_id_number()

    await certificate_ready(await office.reviewer(), application.id, {"new_name": "张合", "new_id_number": id_number})

    changed = await Cpa.get(id=cpa.id)
    assert (changed.name, id_number_of(changed), changed.cpa_no) == ("张合", id_number, cpa.cpa_no)


async def test_particulars_that_need_no_certificate_change_online(office: Office, firm: Applicant) -> None:
    cpa, cpa_no = await office.cpa_of(firm), a_cpa_no()
    person = {"cpa_no": cpa.cpa_no, "name": cpa.name}
    approved = await office.approved(firm, "info_change", change_items=["cpa_no"], **person)

    done = await complete_online(await office.reviewer(), approved.id, {"new_cpa_no": cpa_no})

    assert (done.state, (await Cpa.get(id=cpa.id)).cpa_no) == (State.DONE, cpa_no)


async def test_a_transferred_cpa_moves_when_he_was_at_the_desk(office: Office, firm: Applicant, visits: World) -> None:
    other = await add_firm(a_cpa_no(), f"测试单位{a_cpa_no()}")
    cpa = await office.cpa_of(firm)
    person = {"cpa_no": cpa.cpa_no, "name": cpa.name, "to_firm": other.name, "from_firm": firm.caller.name}
    approved = await office.approved(firm, "transfer", **person)
    booked = await Party(visits, firm.caller).book(ids=[approved.id])

    await complete(booked.id, None, Operator.of(await office.reviewer()), gate=visits.gate)

    assert (await Cpa.get(id=cpa.id)).firm_id == other.id
    assert (await again(approved)).state is State.DONE
    assert await told(approved) == ["submitted", "approved", "done"]


async def test_completed_twice_at_once_is_completed_once(office: Office, firm: Applicant) -> None:
    approved, clerks = await office.approved(firm, ONLINE), [await office.reviewer() for _ in range(3)]

    outcomes = await gather(*(complete_online(c, approved.id, {}) for c in clerks), return_exceptions=True)

    lost = [o for o in outcomes if isinstance(o, StateConflict | TransitionNotAllowed)]
    assert [o.details["state"] for o in lost] == ["done"] * 2
    assert await told(approved) == ["submitted", "approved_online", "done"]


async def test_two_certificates_at_once_are_one_cpa(office: Office, firm: Applicant) -> None:
    application, clerk = await handled(office, firm, "registration"), await office.reviewer()

    outcomes = await gather(
        *(certificate_ready(clerk, application.id, {"cpa_no": a_cpa_no()}) for _ in range(3)), return_exceptions=True
    )

    winner = next(o for o in outcomes if isinstance(o, Application))
    assert sum(isinstance(o, StateConflict | TransitionNotAllowed) for o in outcomes) == 2
    roster = await Cpa.filter(firm_id=firm.caller.firm_id).values_list("cpa_no", flat=True)
    assert roster == [open_result(winner)["cpa_no"]]


async def test_collected_twice_at_once_is_collected_once(office: Office, firm: Applicant) -> None:
    application, clerk = await handled(office, firm, "certificate_reissue"), await office.reviewer()
    await certificate_ready(clerk, application.id, {})

    outcomes = await gather(*(certificate_collected(clerk, application.id) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(o, StateConflict | TransitionNotAllowed) for o in outcomes) == 2
    assert await told(application) == ["submitted", "approved", "collect", "done"]


async def test_roster_and_result_stand_or_fall_with_the_message(office: Office, firm: Applicant) -> None:
    application = await handled(office, firm, "registration")
    await take_the_delivery(firm, f"{application.id}:{application.version + 1}")

    with pytest.raises(IntegrityError):
        await certificate_ready(await office.reviewer(), application.id, {"cpa_no": a_cpa_no()})

    now = await again(application)
    assert now.state is State.HANDLED_TO_PRINT
    assert now.result is None
    assert await Cpa.filter(firm_id=firm.caller.firm_id).count() == 0
    assert (await steps_of(now), await told(now)) == (2, ["submitted", "approved"])
    assert await AuditEntry.filter(object_id=str(now.id), action="application.certificate_ready").count() == 0


async def test_an_on_site_business_is_not_completed_from_afar(office: Office, firm: Applicant) -> None:
    approved, draft = await office.approved(firm), await firm.draft(ONLINE)

    with pytest.raises(TransitionNotAllowed) as refused:
        await complete_online(await office.reviewer(), approved.id, {})
    with pytest.raises(ApplicationNotFound):
        await complete_online(await office.reviewer(), draft.id, {})

    assert refused.value.details == {"state": "approved_to_book"}


async def test_a_result_is_sealed(office: Office, firm: Applicant) -> None:
    application, id_number = await handled(office, firm, "info_change", change_items=["id_number"]), an_id_number()

    ready = await certificate_ready(await office.reviewer(), application.id, {"new_id_number": id_number})

    assert id_number not in str((await again(ready)).result)
    assert open_result(ready) == {"new_id_number": id_number}


async def left_the_register(office: Office, firm: Applicant, draft: Application) -> None:
    """A deregistration taken to its end at the desk."""
    await firm.upload(draft, "deregistration_form", "cpa_certificate", "principal_agent_id")
    approved = await office.approve(await firm.submit(draft))
    await Application.filter(id=approved.id).update(state=State.BOOKED)
    async with in_transaction():
        await complete_on_site(await again(approved), Operator.of(await office.reviewer()))


async def still_there(*cpas: Cpa) -> list[bool]:
    return [(await Cpa.get(id=cpa.id)).active for cpa in cpas]


async def test_whoever_was_picked_from_the_roster_leaves_it(office: Office, firm: Applicant) -> None:
    picked, colleague = await office.cpa_of(firm), await office.cpa_of(firm)
    draft = await firm.draft("deregistration", CHOICES["deregistration"], picked)

    await left_the_register(office, firm, draft)

    assert await still_there(picked, colleague) == [False, True]


async def test_whoever_was_picked_and_typed_over_stays(office: Office, firm: Applicant) -> None:
    picked, meant = await office.cpa_of(firm), await office.cpa_of(firm)
    draft = await firm.draft("deregistration", CHOICES["deregistration"], picked)
    await firm.save(draft, cpa_no=meant.cpa_no)

    await left_the_register(office, firm, draft)

    assert await still_there(picked, meant) == [True, False]


async def test_a_number_typed_by_hand_reaches_nobody_of_another_firm(office: Office, firm: Applicant) -> None:
    of_others = await office.cpa_of(await office.firm("测试单位202"))
    draft = await firm.draft("deregistration", firm.answers("deregistration", cpa_no=of_others.cpa_no))

    await left_the_register(office, firm, draft)

    assert await still_there(of_others) == [True]
