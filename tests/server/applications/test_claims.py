"""领取: one reviewer at a time, for thirty minutes."""

from asyncio import gather

import pytest

from models.applications import State
from models.audit import AuditEntry
from server import clock
from server.applications import claims
from server.applications.advance import StateConflict
from server.applications.claims import LEASE, claim, holds_claim, release_claim
from server.applications.reading import form_for
from server.applications.refusals import ApplicationNotFound, ClaimedByOther, NotClaimed
from server.applications.review import decide
from server.businesses import find_business
from tests.server.applications.office import APPROVAL, Applicant, Office, again

pytestmark = pytest.mark.usefixtures("clock_put_back")


async def test_a_claim_lasts_thirty_minutes(office: Office, firm: Applicant) -> None:
    submitted, reviewer = await firm.submitted(), await office.reviewer()

    claimed = await claim(reviewer, submitted.id)

    assert LEASE.total_seconds() == 30 * 60
    assert claimed.claimed_by == reviewer.account_id
    assert holds_claim(claimed, reviewer.account_id)
    clock.set_offset(LEASE.total_seconds() + 1)
    assert not holds_claim(claimed, reviewer.account_id)


async def test_another_reviewer_is_told_who_has_it(office: Office, firm: Applicant) -> None:
    submitted, first, second = await firm.submitted(), await office.reviewer("刘一 (审核)"), await office.reviewer()
    await claim(first, submitted.id)

    with pytest.raises(ClaimedByOther) as refused:
        await claim(second, submitted.id)

    assert refused.value.message == "该申请已由 刘一 (审核) 领取"
    assert (refused.value.status, refused.value.details) == (409, {"reviewer": "刘一 (审核)"})
    assert (await again(submitted)).claimed_by == first.account_id


async def test_of_reviewers_at_once_one_wins(office: Office, firm: Applicant) -> None:
    submitted, reviewers = await firm.submitted(), [await office.reviewer() for _ in range(4)]

    outcomes = await gather(*(claim(r, submitted.id) for r in reviewers), return_exceptions=True)

    assert sorted(type(o).__name__ for o in outcomes) == ["Application"] + ["ClaimedByOther"] * 3
    winner = next(r for r, o in zip(reviewers, outcomes, strict=True) if not isinstance(o, BaseException))
    assert (await again(submitted)).claimed_by == winner.account_id


async def test_a_claim_is_renewed_by_claiming_again(office: Office, firm: Applicant) -> None:
    submitted, reviewer = await firm.submitted(), await office.reviewer()
    first = await claim(reviewer, submitted.id)
    clock.set_offset(60)

    second = await claim(reviewer, submitted.id)

    assert first.claimed_until is not None
    assert second.claimed_until is not None
    assert second.claimed_until > first.claimed_until


async def test_a_claim_that_ran_out_is_taken_over(office: Office, firm: Applicant) -> None:
    submitted, slow, quick = await firm.submitted(), await office.reviewer(), await office.reviewer()
    await claim(slow, submitted.id)
    clock.set_offset(LEASE.total_seconds() + 1)

    await claim(quick, submitted.id)

    with pytest.raises(ClaimedByOther):
        await decide(slow, submitted.id, APPROVAL)


async def test_a_released_claim_is_free(office: Office, firm: Applicant) -> None:
    submitted, first, second = await firm.submitted(), await office.reviewer(), await office.reviewer()
    await claim(first, submitted.id)

    with pytest.raises(NotClaimed):
        await release_claim(second, submitted.id)
    released = await release_claim(first, submitted.id)

    assert (released.claimed_by, released.claimed_until) == (None, None)
    assert (await claim(second, submitted.id)).claimed_by == second.account_id


async def test_only_what_waits_for_review_is_claimed(office: Office, firm: Applicant) -> None:
    reviewer, approved, draft = await office.reviewer(), await office.approved(firm), await firm.draft()

    with pytest.raises(StateConflict) as refused:
        await claim(reviewer, approved.id)
    with pytest.raises(ApplicationNotFound):
        await claim(reviewer, draft.id)

    assert refused.value.details["state"] == "approved_to_book"
    assert (await again(approved)).claimed_by is None


async def test_claiming_moves_nothing(office: Office, firm: Applicant) -> None:
    submitted = await firm.submitted()

    claimed = await claim(await office.reviewer(), submitted.id)

    assert (claimed.state, claimed.version) == (State.SUBMITTED, submitted.version)


async def test_only_the_holder_reads_numbers_in_full_and_it_is_noted(office: Office, firm: Applicant) -> None:
    submitted, holder, other = await firm.submitted(), await office.reviewer(), await office.reviewer()
    claimed, fields = await claim(holder, submitted.id), find_business(submitted.business).fields

    in_full = await form_for(holder, claimed, fields, firm.person)
    masked = await form_for(other, claimed, fields, firm.person)

    assert (in_full["id_number"], "*" in str(masked["id_number"])) == (firm.person["id_number"], True)
    notes = await AuditEntry.filter(object_id=str(submitted.id), action="personal_data.read")
    assert [note.actor_id for note in notes] == [holder.account_id]


async def test_every_claim_and_release_is_noted_and_no_attempt(office: Office, firm: Applicant) -> None:
    submitted, first, second = await firm.submitted(), await office.reviewer(), await office.reviewer()

    await claim(first, submitted.id)
    with pytest.raises(ClaimedByOther):
        await claim(second, submitted.id)
    with pytest.raises(NotClaimed):
        await release_claim(second, submitted.id)
    await release_claim(first, submitted.id)
    await decide(second, submitted.id, APPROVAL)

    notes = await AuditEntry.filter(object_id=str(submitted.id), action__startswith="review.").order_by("id")
    assert [(note.action, note.actor_id) for note in notes] == [
        ("review.claim", first.account_id),
        ("review.release", first.account_id),
        ("review.approve", second.account_id),
    ]


async def test_a_claim_without_its_note_does_not_stand(
    office: Office, firm: Applicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    submitted, reviewer = await firm.submitted(), await office.reviewer()

    async def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(claims, "record", fail)

    with pytest.raises(OSError):  # noqa: PT011 - the one above
        await claim(reviewer, submitted.id)

    assert (await again(submitted)).claimed_by is None
