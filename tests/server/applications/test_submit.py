"""提交审核: all that is missing at once, one live application a person, and nothing submitted that was not checked."""

from asyncio import gather

import pytest
from tortoise.exceptions import IntegrityError

from models.applications import Application, State, Submission
from models.messages import Message
from models.roster import Cpa
from server import clock
from server.applications.advance import Operator, StateConflict, TransitionNotAllowed, advance
from server.applications.answers import open_form
from server.applications.drafts import save_answers
from server.applications.lifecycle import Action
from server.applications.refusals import AlreadyInProgress, Incomplete, OnlyYourself
from server.applications.rounds import find_submission, open_submission
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.businesses import current_edition
from server.errors import Refusal
from server.materials.pages import remove_material
from server.materials.refusals import MaterialLocked
from tests.server.applications.office import (
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


async def test_everything_missing_is_named_at_once(firm: Applicant) -> None:
    draft = await firm.draft("registration", {"name": "张三", "mobile": "1380", "retired": "yes"})
    await firm.upload(draft, "registration_form", "id_card")

    with pytest.raises(Incomplete) as refused:
        await submit_application(firm.caller, draft.id)

    faults = refused.value.details["errors"]
    assert refused.value.status == 422
    assert [(f["field"], f["message"]) for f in faults if "field" in f] == [
        ("id_number", "请填写身份证号"),
        ("mobile", "请填写正确的11位手机号"),
    ]
    assert [(f["material"], f["message"]) for f in faults if "material" in f] == [
        ("full_pass_certificate", "请上传全科合格证（或考核通过文件）扫描件"),
        ("reemployment_agreement", "请上传与现所在会计师事务所签订的在有效期内的返聘（劳务）协议扫描件"),
        ("retirement_certificate", "请上传退休证扫描件"),
        ("audit_experience_proof", "请上传在会计师事务所从事审计业务累计两年的证明材料"),
    ]
    assert (await again(draft)).state is State.DRAFT


async def test_optional_materials_may_be_left_out(firm: Applicant) -> None:
    draft = await firm.ready(ONLINE)
    await remove_material(draft, "cpa_certificate", store=firm.store)

    assert (await firm.submit(draft)).state is State.SUBMITTED


async def test_submitting_is_tracked_told_and_pinned(firm: Applicant) -> None:
    submitted = await firm.submitted()

    assert (submitted.state, submitted.round, submitted.path) == (State.SUBMITTED, 1, "on_site_certificate")
    assert submitted.live_person == submitted.person_index
    assert submitted.edition == current_edition(submitted.business).digest
    assert await tracked(submitted) == [("已提交待北注协审核", "", "测试单位201")]
    message = await Message.get(application_id=submitted.id)
    assert message.text == "【进度提醒】您提交的注册会计师[张三][证书补办]业务申请已提交，请等待北注协审核。"


async def test_answers_choose_the_path(firm: Applicant) -> None:
    by_certificate = await firm.submitted("info_change", change_items=["name", "pass_method"])
    await withdraw_application(firm.caller, by_certificate.id)
    online = await firm.submitted("info_change", change_items=["pass_method"])

    assert (by_certificate.path, online.path) == ("on_site_certificate", "online_only")


async def test_answers_and_pages_that_no_longer_apply_are_left_behind(firm: Applicant) -> None:
    draft = await firm.ready("registration")
    await firm.save(draft, retired="yes")
    await firm.upload(draft, "reemployment_agreement", "retirement_certificate", "audit_experience_proof")

    kept = await find_submission(await firm.submit(draft), 1)

    assert kept is not None
    assert open_submission(kept)["retired"] == "yes"
    assert set(kept.pages) == {
        "registration_form",
        "full_pass_certificate",
        "id_card",
        "reemployment_agreement",
        "retirement_certificate",
        "audit_experience_proof",
    }


async def test_a_page_changed_since_it_was_checked_stops_the_submission(firm: Applicant) -> None:
    checked = await firm.ready()
    await firm.upload(checked, "loss_notice", files=[b"another"])

    with pytest.raises(StateConflict) as refused:
        await advance(checked, Action.SUBMIT, Operator.of(firm.caller), changes={"path": "on_site_certificate"})

    assert (refused.value.status, refused.value.details["state"]) == (409, "draft")
    assert (await steps_of(checked), (await again(checked)).state) == (0, State.DRAFT)


async def test_a_page_taken_out_in_the_moment_of_submitting(firm: Applicant) -> None:
    draft = await firm.ready()

    outcomes = await gather(
        submit_application(firm.caller, draft.id),
        remove_material(draft, "loss_notice", store=firm.store),
        return_exceptions=True,
    )

    submitted = (await again(draft)).state is State.SUBMITTED
    kept = await find_submission(await again(draft), 1)
    assert isinstance(outcomes[1], MaterialLocked) if submitted else isinstance(outcomes[0], StateConflict | Incomplete)
    assert (kept is not None and "loss_notice" in kept.pages) == submitted


async def test_an_answer_saved_in_the_moment_of_submitting(firm: Applicant) -> None:
    draft = await firm.ready()

    outcomes = await gather(
        submit_application(firm.caller, draft.id),
        save_answers(firm.caller, draft.id, {"name": "李四"}, draft.version),
        return_exceptions=True,
    )

    now = await again(draft)
    kept = await find_submission(now, 1)
    submitted, saved = (not isinstance(outcome, Refusal) for outcome in outcomes)
    assert submitted or saved
    assert (now.state is State.SUBMITTED) == submitted
    assert open_form(now)["name"] == ("李四" if saved else "张三")
    assert kept is None or open_submission(kept) == open_form(now)


async def test_one_draft_submitted_twice_at_once_is_submitted_once(firm: Applicant) -> None:
    draft = await firm.ready()

    outcomes = await gather(*(submit_application(firm.caller, draft.id) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(o, StateConflict | TransitionNotAllowed) for o in outcomes) == 2
    assert (await steps_of(draft), await told(draft)) == (1, ["submitted"])
    assert await Submission.filter(application_id=draft.id).count() == 1


async def test_the_second_draft_for_a_person_names_the_first(firm: Applicant) -> None:
    first, second = await firm.submitted(), await firm.ready()

    with pytest.raises(AlreadyInProgress) as refused:
        await submit_application(firm.caller, second.id)

    assert (refused.value.status, refused.value.details) == (409, {"application_id": str(first.id)})
    assert refused.value.message == (
        f"张三的证书补办已于{clock.today()}提交，当前状态为“已提交待北注协审核”，不能重复提交"
    )
    assert (await again(second)).state is State.DRAFT
    assert (await steps_of(second), await told(second)) == (0, [])


async def test_a_number_written_otherwise_is_the_same_person(firm: Applicant) -> None:
    first = await firm.submitted(id_number="11010519491231002X")

    with pytest.raises(AlreadyInProgress) as refused:
        await firm.submitted(id_number=" 11010519491231002x ")

    assert refused.value.details == {"application_id": str(first.id)}


async def test_of_drafts_for_one_person_submitted_at_once_one_wins(firm: Applicant) -> None:
    drafts = [await firm.ready() for _ in range(4)]

    outcomes = await gather(*(submit_application(firm.caller, d.id) for d in drafts), return_exceptions=True)

    states = [(await again(draft)).state for draft in drafts]
    assert sorted(type(o).__name__ for o in outcomes) == ["AlreadyInProgress"] * 3 + ["Submitted"]
    assert (states.count(State.SUBMITTED), states.count(State.DRAFT)) == (1, 3)


async def test_another_person_business_or_account_is_no_obstacle(office: Office, firm: Applicant) -> None:
    await firm.submitted()
    elsewhere = Applicant((await office.firm("测试单位202")).caller, firm.person)

    others = [
        await firm.submitted(id_number=an_id_number()),
        await firm.submitted(ONLINE),
        await elsewhere.submitted(),
    ]

    assert {application.state for application in others} == {State.SUBMITTED}


async def test_a_person_stays_taken_while_rejected(office: Office, firm: Applicant) -> None:
    first = await office.rejected(firm, {"loss_notice": "不清晰"})

    with pytest.raises(AlreadyInProgress) as refused:
        await firm.submitted()

    assert refused.value.details == {"application_id": str(first.id)}


async def test_a_person_is_free_again_after_withdrawal(firm: Applicant) -> None:
    first = await firm.submitted()
    await withdraw_application(firm.caller, first.id)

    await firm.submitted()

    with pytest.raises(AlreadyInProgress):
        await firm.submit(first)


async def test_a_custody_cpa_s_number_is_the_one_of_the_roster(office: Office) -> None:
    custody, fresh = await office.custody(), a_cpa_no()
    draft = await custody.ready(ONLINE)
    await Cpa.filter(id=custody.caller.cpa_id).update(cpa_no=fresh)

    with pytest.raises(OnlyYourself) as refused:
        await submit_application(custody.caller, draft.id)
    await custody.save(draft, cpa_no=fresh)

    assert refused.value.field == "cpa_no"
    assert (await custody.submit(draft)).state is State.SUBMITTED
    assert open_form(await custody.draft("info_change", {}))["cpa_no"] == fresh


async def test_a_message_that_cannot_be_written_undoes_the_submission(firm: Applicant) -> None:
    draft = await firm.ready()
    await take_the_delivery(firm, f"{draft.id}:{draft.version + 1}")

    with pytest.raises(IntegrityError):
        await submit_application(firm.caller, draft.id)

    now = await again(draft)
    assert (now.state, now.round, now.live_person) == (State.DRAFT, 0, None)
    assert (await steps_of(draft), await told(draft)) == (0, [])
    assert await Submission.filter(application_id=draft.id).count() == 0


async def test_only_drafts_and_returned_ones_are_submitted(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)

    with pytest.raises(TransitionNotAllowed) as refused:
        await submit_application(firm.caller, approved.id)

    assert (refused.value.status, refused.value.details) == (409, {"state": "approved_to_book"})
    assert await Application.filter(id=approved.id, state=State.APPROVED_TO_BOOK).exists()
