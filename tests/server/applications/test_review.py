"""审核: a verdict per material, the remark derived from it, and exactly one verdict a round."""

from asyncio import gather
from datetime import timedelta

import pytest
from tortoise.exceptions import IntegrityError

from models.applications import State, Verdict
from models.audit import AuditEntry
from models.messages import Message
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import StateConflict
from server.applications.claims import claim
from server.applications.refusals import (
    ApplicationNotFound,
    ClaimedByOther,
    NoSuchItem,
    ReasonMissing,
    RemarkTooLong,
    VerdictContradicts,
)
from server.applications.review import Decision, FieldOpinion, MaterialOpinion, Opinion, ReviewOrder, decide
from server.applications.withdraw import withdraw_application
from server.errors import Refusal
from tests.server.applications.office import (
    APPROVAL,
    ONLINE,
    Applicant,
    Office,
    again,
    rejection,
    steps_of,
    take_the_delivery,
    told,
    tracked,
)


@pytest.fixture
async def reviewer(office: Office) -> Caller:
    return await office.reviewer()


async def test_a_return_reads_as_in_the_manual(firm: Applicant, reviewer: Caller) -> None:
    submitted = await firm.submitted("registration")
    reasons = {
        "archive_certificate": "没有单位的盖章",
        "id_card": "正反面放在一起上传",
        "registration_form": "没有事务所的盖章",
        "full_pass_certificate": " 信息不完整 ",
    }

    returned = await decide(reviewer, submitted.id, rejection(reasons))

    remark = (
        "【注册会计师注册申请表】没有事务所的盖章；【全科合格证（或考核通过文件）扫描件】信息不完整；"
        "【有效身份证正反面扫描件】正反面放在一起上传；【存档证明】没有单位的盖章"
    )
    assert await tracked(returned) == [
        ("审核不通过", remark, "admin (系统管理员)"),
        ("已提交待北注协审核", "", "测试单位201"),
    ]
    message = await Message.get(application_id=returned.id, event="rejected")
    assert (
        message.text
        == f"【进度提醒】您提交的注册会计师[张三][注册申请]业务申请材料审核未通过，原因：{remark}。请修改后重新提交。"
    )


async def test_fields_follow_the_materials_and_the_free_remark_ends_it(firm: Applicant, reviewer: Caller) -> None:
    submitted = await firm.submitted()
    order = rejection({"loss_notice": "不清晰"}, {"mobile": "号码有误", "name": "与证件不符"}, "请尽快补正")

    returned = await decide(reviewer, submitted.id, order)

    remark = (await tracked(returned))[0][1]
    assert remark == "【登报挂失声明】不清晰；【姓名】与证件不符；【注册会计师本人手机号】号码有误；请尽快补正"
    verdict = await Verdict.get(application_id=submitted.id)
    assert [f["key"] for f in verdict.form_fields] == ["mobile", "name"]


@pytest.mark.parametrize(
    ("order", "refusal"),
    [
        (ReviewOrder(Decision.RETURN), ReasonMissing),
        (ReviewOrder(Decision.RETURN, remark="请补正"), ReasonMissing),
        (rejection({"loss_notice": " "}), ReasonMissing),
        (rejection({"loss_notice": "不清晰"}, {"name": ""}), ReasonMissing),
        (ReviewOrder(Decision.APPROVE, rejection({"loss_notice": "不清晰"}).materials), VerdictContradicts),
        (ReviewOrder(Decision.APPROVE, (), (FieldOpinion("name", "与证件不符"),)), VerdictContradicts),
        (rejection({"labor_contract": "不清晰"}), NoSuchItem),
        (rejection({}, {"retired": "有误"}), NoSuchItem),
        (ReviewOrder(Decision.RETURN, rejection({"loss_notice": "不清晰"}).materials * 2), NoSuchItem),
        (rejection({"loss_notice": "长" * 1800}), RemarkTooLong),
    ],
)
async def test_a_verdict_that_says_too_little_or_too_much(
    firm: Applicant, reviewer: Caller, order: ReviewOrder, refusal: type[Refusal]
) -> None:
    submitted = await firm.submitted()

    with pytest.raises(refusal) as refused:
        await decide(reviewer, submitted.id, order)

    now = await again(submitted)
    assert refused.value.status == 422
    assert (now.state, now.version, now.claimed_by) == (State.SUBMITTED, submitted.version, None)
    assert (await steps_of(now), await told(now)) == (1, ["submitted"])


async def test_an_approval_starts_thirty_days(firm: Applicant, reviewer: Caller) -> None:
    submitted = await firm.submitted()
    order = ReviewOrder(Decision.APPROVE, (MaterialOpinion("loss_notice", Opinion.ACCEPTED),), remark="请带原件")

    approved = await decide(reviewer, submitted.id, order)

    assert approved.state is State.APPROVED_TO_BOOK
    assert approved.expires_on == clock.today() + timedelta(days=30)
    assert (await tracked(approved))[0] == ("审核通过待预约", "请带原件", "admin (系统管理员)")
    assert await told(approved) == ["submitted", "approved"]
    assert await AuditEntry.filter(object_id=str(approved.id), action="review.approve").count() == 1


async def test_what_needs_no_visit_has_no_deadline(firm: Applicant, reviewer: Caller) -> None:
    submitted = await firm.submitted(ONLINE)

    approved = await decide(reviewer, submitted.id, APPROVAL)

    assert (approved.state, approved.expires_on) == (State.APPROVED_TO_PROCESS, None)
    assert await told(approved) == ["submitted", "approved_online"]


async def test_a_verdict_takes_the_claim_and_ends_it(office: Office, firm: Applicant, reviewer: Caller) -> None:
    free, claimed = await firm.submitted(), await firm.submitted(ONLINE)
    await claim(reviewer, claimed.id)

    for application in (free, claimed):
        decided = await decide(reviewer, application.id, APPROVAL)
        assert ((await again(decided)).claimed_by, decided.claimed_until) == (None, None)


async def test_whoever_does_not_hold_the_claim_decides_nothing(
    office: Office, firm: Applicant, reviewer: Caller
) -> None:
    submitted = await firm.submitted()
    await claim(await office.reviewer("刘一 (审核)"), submitted.id)

    with pytest.raises(ClaimedByOther) as refused:
        await decide(reviewer, submitted.id, APPROVAL)

    assert refused.value.details == {"reviewer": "刘一 (审核)"}
    assert (await again(submitted)).state is State.SUBMITTED


async def test_of_verdicts_at_once_one_stands(office: Office, firm: Applicant) -> None:
    submitted, reviewers = await firm.submitted(), [await office.reviewer(f"审核员{n}") for n in range(4)]
    orders = [APPROVAL, rejection({"loss_notice": "不清晰"})] * 2

    outcomes = await gather(
        *(decide(r, submitted.id, order) for r, order in zip(reviewers, orders, strict=True)), return_exceptions=True
    )

    now, lost = await again(submitted), [o for o in outcomes if isinstance(o, Refusal)]
    (_, _, winner), _ = await tracked(now)
    assert [type(o) for o in lost] == [StateConflict] * 3
    assert {(o.details["state"], o.details["operator"]) for o in lost} == {(now.state.value, winner)}
    assert await Verdict.filter(application_id=now.id).count() == 1
    assert len(await told(now)) == 2


async def test_one_reviewer_s_double_click_is_one_verdict(firm: Applicant, reviewer: Caller) -> None:
    submitted = await firm.submitted()

    outcomes = await gather(*(decide(reviewer, submitted.id, APPROVAL) for _ in range(3)), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["Application", "StateConflict", "StateConflict"]
    assert await told(submitted) == ["submitted", "approved"]


async def test_a_verdict_against_another_s_claim_has_one_winner(
    office: Office, firm: Applicant, reviewer: Caller
) -> None:
    submitted, other = await firm.submitted(), await office.reviewer()

    outcomes = await gather(
        claim(other, submitted.id), decide(reviewer, submitted.id, APPROVAL), return_exceptions=True
    )

    now = await again(submitted)
    decided = now.state is State.APPROVED_TO_BOOK
    lost = outcomes[0] if decided else outcomes[1]
    assert sum(isinstance(o, Refusal) for o in outcomes) == 1
    assert isinstance(lost, StateConflict if decided else ClaimedByOther)
    assert now.claimed_by == (None if decided else other.account_id)


async def test_a_verdict_never_falls_on_another_round_than_the_one_looked_at(firm: Applicant, reviewer: Caller) -> None:
    seen = await claim(reviewer, (await firm.submitted()).id)
    await withdraw_application(firm.caller, seen.id)
    await firm.upload(seen, "loss_notice", files=[b"something else"])
    await firm.submit(seen)

    with pytest.raises(StateConflict) as refused:
        await decide(reviewer, seen.id, ReviewOrder(Decision.APPROVE, round=seen.round))

    now = await again(seen)
    assert refused.value.message == "该申请已由 测试单位201 处理，当前状态为“已提交待北注协审核”，请刷新后再试"
    assert (now.state, now.round, now.claimed_by) == (State.SUBMITTED, 2, None)
    assert (await decide(reviewer, seen.id, ReviewOrder(Decision.APPROVE, round=2))).state is State.APPROVED_TO_BOOK


async def test_a_draft_is_nobody_s_business(firm: Applicant, reviewer: Caller) -> None:
    draft = await firm.ready()

    with pytest.raises(ApplicationNotFound):
        await decide(reviewer, draft.id, APPROVAL)


async def test_a_message_that_cannot_be_written_undoes_the_verdict(firm: Applicant, reviewer: Caller) -> None:
    submitted = await firm.submitted()
    await take_the_delivery(firm, f"{submitted.id}:{submitted.version + 1}")

    with pytest.raises(IntegrityError):
        await decide(reviewer, submitted.id, APPROVAL)

    now = await again(submitted)
    assert (now.state, now.expires_on, now.claimed_by) == (State.SUBMITTED, None, None)
    assert (await steps_of(now), await told(now)) == (1, ["submitted"])
    assert await Verdict.filter(application_id=now.id).count() == 0
    assert await AuditEntry.filter(object_id=str(now.id), action="review.approve").count() == 0
