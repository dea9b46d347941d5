"""Editions: a draft moves on to the newest when it is opened; what was submitted stays what it was."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from models.applications import Application, State
from server.applications.answers import open_form
from server.applications.complete import complete_online
from server.applications.copies import copy_application
from server.applications.detail import Detail, detail_of
from server.applications.refusals import Incomplete
from server.applications.review import decide
from server.applications.submit import submit_application
from server.applications.withdraw import withdraw_application
from server.businesses import Business, catalogue, current_edition, edition_of, find_business, use_catalogue
from server.businesses.editions import store_editions
from tests.server.applications.office import ONLINE, Applicant, Office, again, rejection, tracked

LETTER = "补录说明"


@pytest.fixture(autouse=True)
async def editions_stored(office: Office) -> None:
    """As `migrate` does before the service starts."""
    await store_editions(catalogue())


@contextmanager
def tomorrow() -> Iterator[None]:
    """The files as they are after an editor's day: the mobile is no longer asked for, a letter is."""
    plain = find_business(ONLINE).plain()
    letter = plain["materials"][0] | {"key": "letter", "label": LETTER}
    changed = plain | {
        "fields": [field for field in plain["fields"] if field["key"] != "mobile"],
        "materials": [*plain["materials"], letter],
    }
    businesses = catalogue().businesses | {ONLINE: Business.read(changed)}
    editions = {key: edition_of(business) for key, business in businesses.items()}
    with use_catalogue(catalogue().model_copy(update={"businesses": businesses, "editions": editions})):
        yield


async def shown(firm: Applicant, application: Application) -> Detail:
    return await detail_of(await again(application), "firm", firm.caller.name)


async def test_a_draft_moves_on_and_says_what_is_different(firm: Applicant) -> None:
    draft = await firm.ready(ONLINE)

    with tomorrow():
        await store_editions(catalogue())
        opened = await shown(firm, draft)
        saved = await firm.save(draft, name="李四")
        after = await shown(firm, draft)

        assert set(opened.form) == {"name", "cpa_no"}
        assert set(opened.edition_changes) == {"注师本人手机号", LETTER}
        assert saved.edition == current_edition(ONLINE).digest != draft.edition
        assert after.edition_changes == ()


async def test_a_draft_is_held_to_the_newest_rules(firm: Applicant) -> None:
    draft = await firm.ready(ONLINE)

    with tomorrow():
        await store_editions(catalogue())
        with pytest.raises(Incomplete) as refused:
            await submit_application(firm.caller, draft.id)
        await firm.upload(draft, "letter")
        submitted = await firm.submit(draft)

        assert [fault["message"] for fault in refused.value.details["errors"]] == [f"请上传{LETTER}"]
        assert submitted.edition == current_edition(ONLINE).digest
        assert set(open_form(submitted)) == {"name", "cpa_no"}


async def test_what_was_submitted_is_reviewed_and_finished_as_it_was(office: Office, firm: Applicant) -> None:
    submitted, reviewer = await firm.submitted(ONLINE), await office.reviewer()

    with tomorrow():
        await store_editions(catalogue())
        seen = await shown(firm, submitted)
        returned = await decide(reviewer, submitted.id, rejection({}, {"mobile": "号码有误"}))
        await firm.save(returned, mobile="13900000000")
        approved = await office.approve(await firm.submit(returned))
        done = await complete_online(reviewer, approved.id, {})

        assert "mobile" in seen.form
        assert LETTER not in {material.material.label for material in seen.materials}
        assert seen.edition_changes == ()
        assert (done.state, done.edition) == (State.DONE, submitted.edition)
        assert (await tracked(returned))[-2][1] == "【注师本人手机号】号码有误"


async def test_a_withdrawn_one_is_a_draft_like_any_other(firm: Applicant) -> None:
    submitted = await firm.submitted(ONLINE)

    with tomorrow():
        await store_editions(catalogue())
        await withdraw_application(firm.caller, submitted.id)
        with pytest.raises(Incomplete):
            await submit_application(firm.caller, submitted.id)

        assert "mobile" not in (await shown(firm, submitted)).form


async def test_a_copy_keeps_what_still_fits(office: Office, firm: Applicant) -> None:
    approved = await office.approved(firm, ONLINE)
    done = await complete_online(await office.reviewer(), approved.id, {})

    with tomorrow():
        await store_editions(catalogue())
        copy = await copy_application(firm.caller, done.id, store=firm.store)

        assert open_form(copy) == {"name": firm.person["name"], "cpa_no": firm.person["cpa_no"]}
        assert copy.edition == current_edition(ONLINE).digest
