"""From a return to the next round: what opens again, and what the reviewer is shown of it."""

import pytest

from models.applications import Application, State
from server.applications.advance import TransitionNotAllowed
from server.applications.answers import open_form
from server.applications.detail import detail_of
from server.applications.review import decide
from server.applications.rounds import changeable_application, changes_since, pages_by_material
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.materials.pages import remove_material
from server.materials.refusals import MaterialLocked, NoSuchMaterial
from tests.server.applications.office import ONLINE, Applicant, Office, again, rejection, tracked
from tests.server.http.cast import an_id_number


async def open_for_change(firm: Applicant, application: Application) -> set[str]:
    """The materials that may be changed now, as the owner sees them."""
    shown = await detail_of(await again(application), firm.caller.kind.value, firm.caller.name)
    return {material.material.key for material in shown.materials if material.changeable}


async def test_only_the_returned_material_and_the_form_open(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})

    with pytest.raises(MaterialLocked):
        await changeable_application(firm.caller, returned.id, "reissue_application")
    assert (await changeable_application(firm.caller, returned.id, "loss_notice")).id == returned.id
    assert await open_for_change(firm, returned) == {"loss_notice"}
    saved = await firm.save(returned, mobile="13900000000")
    assert (saved.state, open_form(saved)["mobile"]) == (State.REJECTED, "13900000000")


async def test_a_material_that_newly_applies_opens(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"registration_form": "没有事务所的盖章"}, "registration")

    await firm.save(returned, retired="yes")

    assert await open_for_change(firm, returned) == {
        "registration_form",
        "reemployment_agreement",
        "retirement_certificate",
        "audit_experience_proof",
    }
    with pytest.raises(NoSuchMaterial):
        await changeable_application(firm.caller, returned.id, "labor_contract")


@pytest.mark.parametrize(("field", "value"), [("name", "李四"), ("id_number", an_id_number())], ids=["name", "number"])
async def test_another_name_or_number_opens_what_proves_it(
    office: Office, firm: Applicant, field: str, value: str
) -> None:
    returned = await office.rejected(firm, {"archive_certificate": "没有单位的盖章"}, "registration")
    before = await open_for_change(firm, returned)

    await firm.save(returned, **{field: value})

    assert before == {"archive_certificate"}
    assert await open_for_change(firm, returned) == {"archive_certificate", "id_card"}


async def test_an_optional_material_left_out_may_be_handed_in_later(office: Office, firm: Applicant) -> None:
    draft = await firm.ready(ONLINE)
    await remove_material(draft, "cpa_certificate", store=firm.store)
    submitted = await firm.submit(draft)

    returned = await decide(await office.reviewer(), submitted.id, rejection({"id_card": "不清晰"}))

    assert await open_for_change(firm, returned) == {"id_card", "cpa_certificate"}


async def test_a_return_for_a_field_alone_opens_no_material(office: Office, firm: Applicant) -> None:
    submitted = await firm.submitted()

    returned = await decide(await office.reviewer(), submitted.id, rejection({}, {"mobile": "号码有误"}))
    shown = await detail_of(returned, firm.caller.kind.value, firm.caller.name)

    assert await open_for_change(firm, returned) == set()
    assert shown.returned_fields == ({"key": "mobile", "reason": "号码有误"},)


async def test_the_owner_sees_what_was_said_of_each_material(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})

    shown = await detail_of(returned, firm.caller.kind.value, firm.caller.name)

    assert [(m.material.key, m.verdict, m.reason) for m in shown.materials] == [
        ("reissue_application", None, None),
        ("loss_notice", "returned", "不清晰"),
    ]
    assert (shown.next_action.who, shown.next_action.why) == ("applicant", "【登报挂失声明】不清晰")


async def test_the_reviewer_sees_what_changed(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})
    await firm.save(returned, mobile="13900000000")
    await firm.upload(returned, "loss_notice", files=[b"better", b"second page"])

    second = await firm.submit(returned)

    changed = {"fields": ["mobile"], "materials": ["loss_notice"]}
    assert (second.state, second.round) == (State.SUBMITTED, 2)
    assert await changes_since(second) == changed
    assert await changes_since(await office.approve(second)) == changed


async def test_at_first_nothing_has_changed(firm: Applicant) -> None:
    submitted = await firm.submitted()

    assert await changes_since(submitted) == {"fields": [], "materials": []}


async def test_rounds_withdrawn_in_between_are_not_what_it_is_compared_with(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})
    await firm.upload(returned, "loss_notice", files=[b"better"])
    await firm.submit(returned)
    await withdraw_application(firm.caller, returned.id)
    await firm.save(returned, name="李四")

    third = await firm.submit(returned)

    assert third.round == 3
    assert await changes_since(third) == {"fields": ["name"], "materials": ["loss_notice"]}


async def test_after_a_withdrawal_only_what_was_returned_is_open(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})
    await firm.submit(returned)
    await withdraw_application(firm.caller, returned.id)

    assert await open_for_change(firm, returned) == {"loss_notice"}


async def test_the_second_return_opens_what_it_names(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})
    await firm.submit(returned)
    reviewer = await office.reviewer()

    again_returned = await decide(reviewer, returned.id, rejection({"reissue_application": "没有签字"}))

    assert await open_for_change(firm, again_returned) == {"reissue_application"}
    assert [line[:2] for line in await tracked(again_returned)] == [
        ("审核不通过", "【补办申请】没有签字"),
        ("已提交待北注协审核", ""),
        ("审核不通过", "【登报挂失声明】不清晰"),
        ("已提交待北注协审核", ""),
    ]


async def test_a_returned_one_may_become_another_person_s(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})
    first_person = returned.live_person
    await firm.save(returned, id_number=an_id_number())

    second = await firm.submit(returned)

    assert second.live_person not in (first_person, None)
    assert (await firm.submitted()).state is State.SUBMITTED


async def test_nothing_opens_while_it_is_reviewed(firm: Applicant) -> None:
    submitted = await firm.submitted()

    with pytest.raises(TransitionNotAllowed):
        await changeable_application(firm.caller, submitted.id, "loss_notice")

    assert await open_for_change(firm, submitted) == set()


async def test_a_returned_one_keeps_its_edition(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})

    done = await submit_application(firm.caller, returned.id)

    assert done.application.edition == returned.edition


async def test_each_material_has_its_own_pages_in_their_order(office: Office, firm: Applicant) -> None:
    returned = await office.rejected(firm, {"loss_notice": "不清晰"})
    await firm.upload(returned, "loss_notice", files=[b"first", b"second", b"third"])
    await firm.submitted("registration")

    pages = await pages_by_material(returned)

    assert sorted(pages) == ["loss_notice", "reissue_application"]
    assert {page.application_id for found in pages.values() for page in found} == {returned.id}
    assert [page.material for page in pages["loss_notice"]] == ["loss_notice"] * len(pages["loss_notice"])
    positions = [page.position for page in pages["loss_notice"]]
    assert len(positions) == 3
    assert positions == sorted(positions)
