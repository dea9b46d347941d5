"""Every move there is, from where it must not be made; what comes next, and the line it leaves in 流程跟踪."""

from collections.abc import Awaitable, Callable
from datetime import date

import pytest

from models.applications import Application, HistoryEntry, State
from server import clock
from server.accounts.caller import Caller
from server.applications.advance import SYSTEM, Operator, StateConflict, TransitionNotAllowed, advance
from server.applications.claims import claim
from server.applications.complete import certificate_collected, certificate_ready, complete_online
from server.applications.detail import detail_of
from server.applications.drafts import save_answers
from server.applications.labels import label_of
from server.applications.lifecycle import PATHS, Action
from server.applications.progress import NextAction, next_action
from server.applications.queries import timeline
from server.applications.review import decide
from server.applications.rounds import changeable_application
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.errors import Refusal
from server.transactions import in_transaction
from tests.server.applications.office import APPROVAL, Applicant, Office, again, rejection, steps_of, told
from tests.world import Party, World

Move = Callable[[Applicant, Caller, Application], Awaitable[object]]
RETURN = rejection({"loss_notice": "不清晰"})

MOVES: dict[str, tuple[Move, set[State]]] = {
    "submit": (lambda f, _, a: submit_application(f.caller, a.id), {State.DRAFT, State.REJECTED}),
    "save": (lambda f, _, a: save_answers(f.caller, a.id, {}, a.version), {State.DRAFT, State.REJECTED}),
    "change pages": (
        lambda f, _, a: changeable_application(f.caller, a.id, "loss_notice"),
        {State.DRAFT, State.REJECTED},
    ),
    "withdraw": (lambda f, _, a: withdraw_application(f.caller, a.id), {State.SUBMITTED}),
    "claim": (lambda _, r, a: claim(r, a.id), {State.SUBMITTED}),
    "approve": (lambda _, r, a: decide(r, a.id, APPROVAL), {State.SUBMITTED}),
    "return": (lambda _, r, a: decide(r, a.id, RETURN), {State.SUBMITTED}),
    "complete": (lambda _, r, a: complete_online(r, a.id, {}), {State.APPROVED_TO_PROCESS}),
    "certificate ready": (lambda _, r, a: certificate_ready(r, a.id, {}), {State.HANDLED_TO_PRINT}),
    "certificate collected": (lambda _, r, a: certificate_collected(r, a.id), {State.PRINTED_TO_COLLECT}),
}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("move", MOVES)
async def test_a_move_from_the_wrong_state_is_a_conflict_that_names_it(
    office: Office, firm: Applicant, move: str, path: str
) -> None:
    make, legal = MOVES[move]
    reviewer = await office.reviewer()

    for state in set(State) - legal:
        application = await firm.in_state(state, path)
        with pytest.raises(Refusal) as refused:
            await make(firm, reviewer, application)
        now = await again(application)
        assert (refused.value.status, refused.value.details["state"]) == (409, state.value)
        assert f"“{label_of(state)}”" in refused.value.message
        assert (now.state, now.version, now.claimed_by, await steps_of(now)) == (state, 7, None, 0)


async def test_nobody_makes_another_s_move(office: Office, firm: Applicant) -> None:
    submitted, staff = await firm.submitted(), Operator.of(await office.reviewer())

    for action, operator in [
        (Action.APPROVE, Operator.of(firm.caller)),
        (Action.RETURN, SYSTEM),
        (Action.WITHDRAW, staff),
    ]:
        with pytest.raises(TransitionNotAllowed):
            await advance(submitted, action, operator)

    assert (await again(submitted)).state is State.SUBMITTED
    assert await steps_of(submitted) == 1


async def test_a_move_made_on_old_knowledge_says_who_was_first(office: Office, firm: Applicant) -> None:
    known = await firm.submitted()
    await office.approve(known, await office.reviewer("刘一 (审核)"))

    with pytest.raises(StateConflict) as refused:
        await advance(known, Action.WITHDRAW, Operator.of(firm.caller))

    assert refused.value.message == "该申请已由 刘一 (审核) 处理，当前状态为“审核通过待预约”，请刷新后再试"
    assert refused.value.details == {
        "state": "approved_to_book",
        "version": known.version + 1,
        "operator": "刘一 (审核)",
    }


async def test_a_step_that_is_rolled_back_leaves_nothing(office: Office, firm: Applicant) -> None:
    submitted = await firm.submitted()

    with pytest.raises(ZeroDivisionError):
        await begin_and_fail(firm, await again(submitted))

    now = await again(submitted)
    assert (now.state, now.version) == (State.SUBMITTED, submitted.version)
    assert (await steps_of(now), await told(now)) == (1, ["submitted"])


async def begin_and_fail(firm: Applicant, application: Application) -> None:
    async with in_transaction():
        await advance(application, Action.WITHDRAW, Operator.of(firm.caller))
        raise ZeroDivisionError


async def test_the_timeline_is_newest_first_with_names_as_in_the_manual(office: Office, firm: Applicant) -> None:
    submitted = await firm.submitted()
    await withdraw_application(firm.caller, submitted.id)
    await firm.submit(submitted)
    approved = await office.approve(submitted)
    await Application.filter(id=approved.id).update(expires_on=clock.today())

    async with in_transaction():
        await advance(await again(approved), Action.EXPIRE, SYSTEM)

    entries = await timeline(submitted.id)
    assert [(entry.action, entry.operator_name) for entry in entries] == [
        ("expire", "系统"),
        ("approve", "admin (系统管理员)"),
        ("submit", "测试单位201"),
        ("withdraw", "测试单位201"),
        ("submit", "测试单位201"),
    ]
    assert sorted(entries, key=lambda entry: (entry.created_at, entry.version), reverse=True) == entries
    assert await HistoryEntry.filter(application_id=submitted.id, operator_id=None).count() == 1


NEXT = {
    State.DRAFT: ("applicant", "补充材料后提交审核"),
    State.SUBMITTED: ("staff", "等待协会审核"),
    State.REJECTED: ("applicant", "根据审核意见修改后重新提交"),
    State.APPROVED_TO_BOOK: ("applicant", "预约现场办理时间"),
    State.BOOKED: ("applicant", "按预约时间到场办理"),
    State.APPROVED_TO_PROCESS: ("staff", "等待协会办理"),
    State.HANDLED_TO_PRINT: ("staff", "等待协会制证"),
    State.PRINTED_TO_COLLECT: ("applicant", "在工作时间到协会现场取证"),
    State.DONE: ("nobody", "无需操作"),
    State.EXPIRED: ("applicant", "复制为新申请后重新提交办理材料"),
}
LAST_DAY, VISIT = date(2025, 7, 11), date(2025, 6, 13)


@pytest.mark.parametrize("state", State)
def test_every_state_says_who_does_what_by_when(state: State) -> None:
    application = Application(state=state, expires_on=LAST_DAY)

    following = next_action(application, remark="【存档证明】没有单位的盖章", visit_on=VISIT)

    by_when = {State.APPROVED_TO_BOOK: LAST_DAY, State.BOOKED: VISIT}.get(state)
    assert (following.who, following.what, following.by_when) == (*NEXT[state], by_when)
    assert (following.why == "【存档证明】没有单位的盖章") == (state is State.REJECTED)


def test_without_a_remark_or_a_visit_there_is_still_a_reason_and_a_day() -> None:
    returned = next_action(Application(state=State.REJECTED))
    booked = next_action(Application(state=State.BOOKED, expires_on=LAST_DAY))

    assert returned == NextAction("applicant", "根据审核意见修改后重新提交", None, "审核未通过")
    assert booked.by_when == LAST_DAY


async def test_a_booked_one_shows_its_visit(office: Office, firm: Applicant, visits: World) -> None:
    approved = await office.approved(firm)
    booked = await Party(visits, firm.caller).book(ids=[approved.id])

    shown = await detail_of(await again(approved), "firm", firm.caller.name)

    assert (shown.appointment_id, shown.next_action.by_when) == (booked.id, booked.on_date)
