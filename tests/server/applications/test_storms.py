"""Whatever applicant and reviewers do at the same moment, the application only ever walks along its table."""

from asyncio import gather
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models.applications import Application, HistoryEntry, State, Submission, Verdict
from server.accounts.caller import Caller
from server.applications.claims import claim
from server.applications.complete import complete_online
from server.applications.lifecycle import FINAL, Action, step_of
from server.applications.review import decide
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.errors import Refusal
from tests.server.applications.office import APPROVAL, ONLINE, Applicant, Office, again, rejection, told


@dataclass(frozen=True)
class Story:
    """Two applications for one person, and two reviewers."""

    firm: Applicant
    reviewers: tuple[Caller, Caller]
    applications: tuple[Application, Application]


Deed = Callable[[Story, Application], Awaitable[object]]
RETURN = rejection({"id_card": "不清晰"})

DEEDS: dict[str, Deed] = {
    "submit": lambda story, a: submit_application(story.firm.caller, a.id),
    "withdraw": lambda story, a: withdraw_application(story.firm.caller, a.id),
    "save": lambda story, a: story.firm.save(a, mobile="13900000000"),
    "upload": lambda story, a: story.firm.upload(a, "id_card"),
    "claim": lambda story, a: claim(story.reviewers[0], a.id),
    "approve": lambda story, a: decide(story.reviewers[0], a.id, APPROVAL),
    "return": lambda story, a: decide(story.reviewers[1], a.id, RETURN),
    "complete": lambda story, a: complete_online(story.reviewers[1], a.id, {}),
}
NEWS = {
    "submit": "submitted",
    "withdraw": "withdrawn",
    "return": "rejected",
    "approve": "approved_online",
    "complete": "done",
}
DEED = st.tuples(st.sampled_from(sorted(DEEDS)), st.sampled_from([0, 1]))
STORMS = st.lists(st.lists(DEED, min_size=2, max_size=4), min_size=2, max_size=6)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(storms=STORMS)
async def test_no_storm_blows_an_application_off_its_table(office: Office, storms: list[list[tuple[str, int]]]) -> None:
    firm = await office.firm()
    reviewers = (await office.reviewer("审核员1"), await office.reviewer("审核员2"))
    story = Story(firm, reviewers, (await firm.ready(ONLINE), await firm.ready(ONLINE)))

    for storm in storms:
        deeds = (DEEDS[name](story, story.applications[which]) for name, which in storm)
        outcomes = await gather(*deeds, return_exceptions=True)

        assert [o for o in outcomes if isinstance(o, BaseException) and not isinstance(o, Refusal)] == []
        assert {o.status for o in outcomes if isinstance(o, Refusal)} <= {404, 409, 412, 422}
        for application in story.applications:
            await check_walk(application)
        assert await live_ones(firm) <= 1


async def check_walk(application: Application) -> None:
    """Its history is a walk along the table, and every line of it stands for one deed that was told once."""
    now, state = await again(application), State.DRAFT
    lines = await HistoryEntry.filter(application_id=now.id).order_by("version")
    for line in lines:
        step = step_of("online_only", state, Action(line.action))
        assert step is not None
        assert step.to is line.state
        state = step.to
    done = Counter(line.action for line in lines)
    assert now.state is state
    assert await told(now) == [NEWS[line.action] for line in lines]
    assert await Submission.filter(application_id=now.id).count() == done["submit"] == now.round
    assert await Verdict.filter(application_id=now.id).count() == done["approve"] + done["return"]


async def live_ones(firm: Applicant) -> int:
    rows = Application.filter(account_id=firm.id).exclude(state__in=[State.DRAFT, *FINAL])
    return await rows.count()
