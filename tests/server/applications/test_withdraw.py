"""撤回: until the verdict commits, and never half."""

from asyncio import gather

import pytest

from models.applications import State, Verdict
from server.applications.advance import StateConflict, TransitionNotAllowed
from server.applications.claims import claim, release_claim
from server.applications.refusals import NotClaimed
from server.applications.review import ReviewOrder, decide
from server.applications.withdraw import withdraw_application
from server.errors import Refusal
from tests.server.applications.office import APPROVAL, Applicant, Office, again, rejection, told, tracked


async def test_a_withdrawn_one_is_a_draft_with_the_manual_s_remark(firm: Applicant) -> None:
    submitted = await firm.submitted()

    withdrawn = await withdraw_application(firm.caller, submitted.id)

    assert (withdrawn.state, withdrawn.live_person, withdrawn.round) == (State.DRAFT, None, 1)
    assert await tracked(withdrawn) == [
        ("未提交", "用户主动撤回", "测试单位201"),
        ("已提交待北注协审核", "", "测试单位201"),
    ]
    assert await told(withdrawn) == ["submitted", "withdrawn"]


async def test_a_withdrawn_one_is_changed_and_submitted_again(firm: Applicant) -> None:
    submitted = await firm.submitted()
    await withdraw_application(firm.caller, submitted.id)
    await firm.save(submitted, name="李四")
    await firm.upload(submitted, "loss_notice", files=[b"better"])

    second = await firm.submit(submitted)

    assert (second.state, second.round, second.name) == (State.SUBMITTED, 2, "李四")


async def test_withdrawing_ends_the_reviewer_s_claim(office: Office, firm: Applicant) -> None:
    submitted, reviewer = await firm.submitted(), await office.reviewer()
    await claim(reviewer, submitted.id)

    await withdraw_application(firm.caller, submitted.id)

    with pytest.raises(NotClaimed):
        await release_claim(reviewer, submitted.id)


async def test_a_verdict_on_a_withdrawn_one_says_who_was_first(office: Office, firm: Applicant) -> None:
    submitted, reviewer = await firm.submitted(), await office.reviewer()
    await claim(reviewer, submitted.id)
    await withdraw_application(firm.caller, submitted.id)

    with pytest.raises(StateConflict) as refused:
        await decide(reviewer, submitted.id, APPROVAL)

    assert refused.value.message == "该申请已由 测试单位201 处理，当前状态为“未提交”，请刷新后再试"
    assert (refused.value.details["state"], refused.value.details["operator"]) == ("draft", "测试单位201")


@pytest.mark.parametrize("order", [APPROVAL, rejection({"loss_notice": "不清晰"})], ids=["approve", "return"])
@pytest.mark.parametrize("first", ["applicant", "reviewer"])
async def test_withdrawal_against_verdict_has_one_winner(
    office: Office, firm: Applicant, order: ReviewOrder, first: str
) -> None:
    submitted, reviewer = await firm.submitted(), await office.reviewer()
    deeds = [withdraw_application(firm.caller, submitted.id), decide(reviewer, submitted.id, order)]

    outcomes = await gather(*(deeds if first == "applicant" else deeds[::-1]), return_exceptions=True)

    now, lost = await again(submitted), [o for o in outcomes if isinstance(o, Refusal)]
    assert [type(o) for o in lost] in ([StateConflict], [TransitionNotAllowed])
    assert (lost[0].status, lost[0].details["state"]) == (409, now.state.value)
    assert len(await tracked(now)) == 2
    assert len(await told(now)) == 2
    assert await Verdict.filter(application_id=now.id).count() == (now.state is not State.DRAFT)


async def test_after_the_verdict_it_is_too_late(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm)

    with pytest.raises(TransitionNotAllowed) as refused:
        await withdraw_application(firm.caller, approved.id)

    assert refused.value.message == "当前状态为“审核通过待预约”，不能进行此操作"
    assert refused.value.details == {"state": "approved_to_book"}


async def test_two_withdrawals_at_once_are_one(firm: Applicant) -> None:
    submitted = await firm.submitted()

    outcomes = await gather(
        *(withdraw_application(firm.caller, submitted.id) for _ in range(3)), return_exceptions=True
    )

    assert sum(isinstance(o, StateConflict | TransitionNotAllowed) for o in outcomes) == 2
    assert await told(submitted) == ["submitted", "withdrawn"]
