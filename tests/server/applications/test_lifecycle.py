"""The three lifecycle tables: where every step leads, and that none leads astray."""

from itertools import pairwise, product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from models.applications import State
from server.applications.lifecycle import FINAL, PATHS, Action, Who, allowed_actions, is_on_site, step_of

MAIN_ROAD = {
    "on_site_certificate": [
        State.DRAFT,
        State.SUBMITTED,
        State.APPROVED_TO_BOOK,
        State.BOOKED,
        State.HANDLED_TO_PRINT,
        State.PRINTED_TO_COLLECT,
        State.DONE,
    ],
    "on_site_only": [State.DRAFT, State.SUBMITTED, State.APPROVED_TO_BOOK, State.BOOKED, State.DONE],
    "online_only": [State.DRAFT, State.SUBMITTED, State.APPROVED_TO_PROCESS, State.DONE],
}


def reachable(path: str, start: State) -> set[State]:
    found, pending = {start}, [start]
    while pending:
        state = pending.pop()
        fresh = {step.to for step in allowed_actions(path, state).values()} - found
        found |= fresh
        pending += fresh
    return found


@pytest.mark.parametrize("path", PATHS)
def test_the_main_road_of_the_catalogue_can_be_walked(path: str) -> None:
    road = MAIN_ROAD[path]

    for here, there in pairwise(road):
        assert there in {step.to for step in allowed_actions(path, here).values()}


@pytest.mark.parametrize("path", PATHS)
def test_every_state_reaches_a_final_one(path: str) -> None:
    for state in reachable(path, State.DRAFT):
        assert reachable(path, state) & FINAL


@pytest.mark.parametrize("path", PATHS)
def test_nothing_leaves_a_final_state(path: str) -> None:
    assert all(not allowed_actions(path, state) for state in FINAL)


@pytest.mark.parametrize("path", PATHS)
def test_every_row_can_be_reached_from_a_draft(path: str) -> None:
    assert {state for state, _ in PATHS[path]} <= reachable(path, State.DRAFT)


@pytest.mark.parametrize("path", PATHS)
def test_a_booked_person_never_expires(path: str) -> None:
    assert step_of(path, State.BOOKED, Action.EXPIRE) is None


def test_an_online_path_has_nothing_to_do_on_site() -> None:
    on_site = {Action.BOOK, Action.RESCHEDULE, Action.CANCEL, Action.CHECK_IN, Action.NO_SHOW, Action.EXPIRE}

    assert not on_site & {action for _, action in PATHS["online_only"]}
    assert [path for path in PATHS if is_on_site(path)] == ["on_site_certificate", "on_site_only"]


def test_a_draft_that_has_no_path_yet_can_only_be_submitted() -> None:
    assert list(allowed_actions("", State.DRAFT)) == [Action.SUBMIT]
    assert step_of("", State.DRAFT, Action.SUBMIT) is None


def test_applicants_never_judge_and_staff_never_submit() -> None:
    rows = [(action, step) for table in PATHS.values() for (_, action), step in table.items()]

    for action, step in rows:
        if action in {Action.APPROVE, Action.RETURN, Action.COMPLETE, Action.CERTIFICATE_READY}:
            assert step.who == (Who.STAFF,)
        if action in {Action.SUBMIT, Action.WITHDRAW, Action.BOOK}:
            assert step.who == (Who.APPLICANT,)


def test_paths_differ_only_after_the_approval() -> None:
    shared = {State.DRAFT, State.REJECTED, State.SUBMITTED}
    before = [
        {key: step for key, step in table.items() if key[0] in shared and key[1] is not Action.APPROVE}
        for table in PATHS.values()
    ]

    assert before[0] == before[1] == before[2]


class Walk(RuleBasedStateMachine):
    """Any sequence of actions, allowed or not, whoever takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.path = "online_only"
        self.state = State.DRAFT
        self.approvals = 0

    @precondition(lambda self: self.state in {State.DRAFT, State.REJECTED})
    @rule(path=st.sampled_from(sorted(PATHS)))
    def answers_change_the_path(self, path: str) -> None:
        self.path = path

    @rule(action=st.sampled_from(Action))
    def act(self, action: Action) -> None:
        step = step_of(self.path, self.state, action)
        if step is None:
            return
        self.approvals += action is Action.APPROVE
        self.state = step.to

    @invariant()
    def stays_on_the_table(self) -> None:
        assert self.state in {State.DRAFT, State.EXPIRED} | {step.to for step in PATHS[self.path].values()}

    @invariant()
    def approved_at_most_once(self) -> None:
        assert self.approvals <= 1
        assert self.approvals == 1 or self.state in {State.DRAFT, State.SUBMITTED, State.REJECTED}


Walk.TestCase.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
TestWalk = Walk.TestCase


def test_step_of_and_allowed_actions_agree() -> None:
    for path, state, action in product(PATHS, State, Action):
        assert step_of(path, state, action) == allowed_actions(path, state).get(action)
