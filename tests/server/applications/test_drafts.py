"""Drafts: saved incomplete, prefilled from the roster, told apart by version, and deleted without a trace."""

from asyncio import gather

import pytest

from models.applications import Application, HistoryEntry, State
from models.base import new_id
from models.materials import Page
from models.messages import Message
from server.applications.advance import TransitionNotAllowed
from server.applications.answers import open_form
from server.applications.copies import copy_application
from server.applications.drafts import create_draft, delete_draft, save_answers
from server.applications.refusals import (
    ApplicationNotFound,
    CommitmentChanged,
    NotDeletable,
    NotForApplicant,
    OnlyYourself,
    StaleVersion,
)
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.businesses import FormRefused, MaskedValue, UnknownBusiness, find_business
from server.errors import NotFound, Refusal
from tests.server.applications.office import Applicant, Office, again, steps_of, told
from tests.server.http.cast import an_id_number


async def test_an_empty_form_is_a_draft(firm: Applicant) -> None:
    draft = await firm.draft(form={})

    assert (draft.state, draft.version, draft.round, open_form(draft)) == (State.DRAFT, 0, 0, {})


async def test_saving_merges_and_null_clears(firm: Applicant) -> None:
    draft = await firm.draft(form={"name": "张三", "mobile": "13800000000"})

    saved, _ = await save_answers(firm.caller, draft.id, {"mobile": None, "id_number": "110108197505151255"}, 0)

    assert open_form(saved) == {"name": "张三", "id_number": "110108197505151255"}
    assert saved.version == 1


async def test_a_fault_of_format_is_saved_with_a_warning(firm: Applicant) -> None:
    draft = await firm.draft(form={})

    saved, checked = await save_answers(firm.caller, draft.id, {"mobile": "1380"}, 0)

    assert open_form(saved) == {"mobile": "1380"}
    assert [(fault["field"], fault["message"]) for fault in checked.warnings] == [("mobile", "请填写正确的11位手机号")]


async def test_what_cannot_be_kept_is_refused_all_at_once(firm: Applicant) -> None:
    draft = await firm.draft("registration", {"name": "张三"})

    with pytest.raises(FormRefused) as refused:
        await save_answers(firm.caller, draft.id, {"retired": "maybe", "shoe_size": "43", "name": "李四"}, 0)

    assert {fault["field"] for fault in refused.value.details["errors"]} == {"retired", "shoe_size"}
    assert open_form(await again(draft)) == {"name": "张三"}


async def test_a_stale_version_is_refused_and_loses_nothing(firm: Applicant) -> None:
    draft = await firm.draft(form={"name": "张三"})
    await save_answers(firm.caller, draft.id, {"name": "李四"}, 0)

    with pytest.raises(StaleVersion) as refused:
        await save_answers(firm.caller, draft.id, {"name": "王五"}, 0)

    assert (refused.value.status, refused.value.details) == (412, {"version": 1})
    assert open_form(await again(draft)) == {"name": "李四"}


async def test_of_two_saves_of_one_version_one_is_kept(firm: Applicant) -> None:
    draft = await firm.draft(form={})

    outcomes = await gather(
        save_answers(firm.caller, draft.id, {"name": "李四"}, 0),
        save_answers(firm.caller, draft.id, {"name": "王五"}, 0),
        return_exceptions=True,
    )

    assert sorted(type(o).__name__ for o in outcomes) == ["StaleVersion", "tuple"]
    assert (await again(draft)).version == 1


async def test_a_masked_value_is_refused(firm: Applicant) -> None:
    draft = await firm.draft()

    with pytest.raises(MaskedValue) as refused:
        await save_answers(firm.caller, draft.id, {"id_number": "110***********1254"}, 0)

    assert (refused.value.status, refused.value.field) == (422, "id_number")
    assert open_form(await again(draft))["id_number"] == firm.person["id_number"]


async def test_a_masked_number_of_the_roster_is_refused_before_it_is_prefilled(office: Office, firm: Applicant) -> None:
    cpa = await office.cpa_of(firm)

    with pytest.raises(MaskedValue):
        await firm.draft(form={"id_number": "100**1002"}, subject=cpa)

    assert await Application.filter(account_id=firm.id).count() == 0


async def test_answers_are_sealed_where_they_are_kept(firm: Applicant) -> None:
    draft = await firm.draft()

    row = (await Application.filter(id=draft.id).values())[0]

    kept = " ".join(map(str, row.values()))
    assert firm.person["id_number"] not in kept
    assert firm.person["mobile"] not in kept
    assert row["id_number_masked"] == f"{firm.person['id_number'][:3]}***********{firm.person['id_number'][-4:]}"


async def test_a_person_of_the_roster_brings_his_values_along(office: Office, firm: Applicant) -> None:
    cpa = await office.cpa_of(firm)

    draft = await firm.draft("info_backfill", {}, cpa)

    assert draft.subject_id == cpa.id
    assert set(open_form(draft)) == {"name", "cpa_no", "mobile"}
    assert open_form(draft)["cpa_no"] == cpa.cpa_no


async def test_an_unchanged_value_of_the_roster_is_accepted_as_it_is(office: Office, firm: Applicant) -> None:
    cpa = await office.cpa_of(firm, id_number="1100020")
    draft = await firm.draft(form={}, subject=cpa)
    await firm.upload(draft, "reissue_application", "loss_notice")

    done = await submit_application(firm.caller, draft.id)

    assert done.application.state is State.SUBMITTED
    assert [(w["field"], w["code"]) for w in done.warnings] == [("id_number", "unchanged_roster_value")]


async def test_a_roster_value_once_changed_is_held_to_the_rules(office: Office, firm: Applicant) -> None:
    draft = await firm.draft(form={}, subject=await office.cpa_of(firm, id_number="1100020"))

    _, checked = await save_answers(firm.caller, draft.id, {"id_number": "1100021"}, 0)

    assert [(fault["field"], fault["code"]) for fault in checked.warnings] == [("id_number", "format")]


async def test_somebody_else_s_cpa_cannot_be_picked(office: Office, firm: Applicant) -> None:
    of_others = await office.cpa_of(await office.firm("测试单位202"))

    with pytest.raises(NotFound):
        await firm.draft(form={}, subject=of_others)


async def test_a_custody_cpa_is_always_himself(office: Office) -> None:
    custody = await office.custody()

    draft = await custody.draft(form={})

    assert draft.subject_id == custody.caller.cpa_id
    assert open_form(draft)["id_number"] == custody.person["id_number"]


async def test_a_custody_cpa_applies_for_nobody_else(office: Office) -> None:
    custody = await office.custody()
    draft = await custody.draft()

    with pytest.raises(OnlyYourself) as begun:
        await custody.draft(form={"id_number": an_id_number()})
    with pytest.raises(OnlyYourself) as saved:
        await custody.save(draft, id_number=an_id_number())

    assert [(r.value.status, r.value.field) for r in (begun, saved)] == [(403, "id_number")] * 2
    assert open_form(await again(draft))["id_number"] == custody.person["id_number"]


async def test_registration_is_for_firms_only(office: Office) -> None:
    custody = await office.custody()

    with pytest.raises(NotForApplicant):
        await custody.draft("registration", {})


async def test_an_outdated_commitment_or_an_unknown_business_begins_nothing(firm: Applicant) -> None:
    with pytest.raises(CommitmentChanged) as refused:
        await create_draft(firm.caller, "registration", "seen long ago", {}, None)
    with pytest.raises(UnknownBusiness):
        await create_draft(firm.caller, "marriage", "", {}, None)

    assert refused.value.details == {"commitment_version": find_business("registration").commitment.version}
    assert await Application.filter(account_id=firm.id).count() == 0


async def test_what_is_not_yours_does_not_exist(office: Office, firm: Applicant) -> None:
    draft, stranger = await firm.ready(), await office.firm("测试单位202")

    for deed in (
        save_answers(stranger.caller, draft.id, {}, 0),
        submit_application(stranger.caller, draft.id),
        withdraw_application(stranger.caller, draft.id),
        delete_draft(stranger.caller, draft.id, store=firm.store),
        copy_application(stranger.caller, draft.id, store=firm.store),
        save_answers(firm.caller, new_id(), {}, 0),
    ):
        with pytest.raises(ApplicationNotFound):
            await deed


async def test_drafts_leave_no_trace(firm: Applicant) -> None:
    draft = await firm.ready()
    await firm.save(draft, name="李四")

    assert (await steps_of(draft), await told(draft)) == (0, [])


async def test_a_deleted_draft_takes_its_pages_along(firm: Applicant) -> None:
    draft = await firm.ready()
    kept = len(firm.store.objects)

    await delete_draft(firm.caller, draft.id, store=firm.store)

    assert (kept, firm.store.objects) == (2, {})
    assert not await Application.exists(id=draft.id)
    assert await Page.filter(application_id=draft.id).count() == 0


async def test_what_was_ever_submitted_is_not_deleted(firm: Applicant) -> None:
    submitted = await firm.submitted()
    await withdraw_application(firm.caller, submitted.id)

    with pytest.raises(NotDeletable):
        await delete_draft(firm.caller, submitted.id, store=firm.store)

    assert len(firm.store.objects) == 2


async def test_delete_against_submit_has_one_winner(firm: Applicant) -> None:
    draft = await firm.ready()

    outcomes = await gather(
        delete_draft(firm.caller, draft.id, store=firm.store),
        submit_application(firm.caller, draft.id),
        return_exceptions=True,
    )

    left = await Application.get_or_none(id=draft.id)
    assert sum(isinstance(o, Refusal) for o in outcomes) == 1
    assert (left is None) == (outcomes[0] is None)
    assert await HistoryEntry.filter(application_id=draft.id).count() == (0 if left is None else 1)
    assert await Message.filter(application_id=draft.id).count() == (0 if left is None else 1)
    assert len(firm.store.objects) == (0 if left is None else 2)


async def test_a_draft_saved_in_the_moment_of_deleting(firm: Applicant) -> None:
    draft = await firm.ready()

    outcomes = await gather(
        save_answers(firm.caller, draft.id, {"name": "李四"}, draft.version),
        delete_draft(firm.caller, draft.id, store=firm.store),
        return_exceptions=True,
    )

    saved, deleted = (not isinstance(outcome, Refusal) for outcome in outcomes)
    left = await Application.get_or_none(id=draft.id)
    assert saved or deleted
    assert (left is None) == deleted
    assert left is None or open_form(left)["name"] == "李四"
    assert await Page.filter(application_id=draft.id).count() == (0 if deleted else 2)


async def test_saving_what_is_under_review_is_refused_with_its_state(firm: Applicant) -> None:
    submitted = await firm.submitted()

    with pytest.raises(TransitionNotAllowed) as refused:
        await firm.save(submitted, name="李四")

    assert refused.value.details == {"state": "submitted"}
    assert "已提交待北注协审核" in refused.value.message
