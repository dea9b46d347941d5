"""复制为新申请: a new draft with the answers and pages of one that is over."""

import pytest

from models.applications import Application, State
from models.materials import Page
from server.applications.answers import open_form
from server.applications.copies import copy_application
from server.applications.refusals import NotCopyable
from server.applications.submit import submit_application
from server.materials.store import StoreDown
from tests.server.applications.office import Applicant, MemoryStore, Office, again, pages_of, steps_of


async def expired(office: Office, firm: Applicant) -> Application:
    approved = await office.approved(firm)
    await Application.filter(id=approved.id).update(state=State.EXPIRED, live_person=None)
    return await again(approved)


async def test_a_copy_of_an_expired_one_is_submitted_at_once(office: Office, firm: Applicant) -> None:
    source = await expired(office, firm)

    copy = await copy_application(firm.caller, source.id, store=firm.store)

    assert (copy.state, copy.round, copy.copied_from) == (State.DRAFT, 0, source.id)
    assert open_form(copy) == open_form(source)
    assert (await firm.submit(copy)).state is State.SUBMITTED
    assert (await again(source)).state is State.EXPIRED


async def test_a_copy_has_files_of_its_own(office: Office, firm: Applicant) -> None:
    source = await expired(office, firm)

    copy = await copy_application(firm.caller, source.id, store=firm.store)

    objects = [
        {page.object_key for page in await Page.filter(application_id=application.id)} for application in (source, copy)
    ]
    assert await pages_of(copy) == {"reissue_application", "loss_notice"}
    assert not objects[0] & objects[1]
    assert set(firm.store.objects) == objects[0] | objects[1]


async def test_a_copy_has_a_history_of_its_own(office: Office, firm: Applicant) -> None:
    source = await expired(office, firm)

    copy = await copy_application(firm.caller, source.id, store=firm.store)

    assert (await steps_of(source), await steps_of(copy)) == (2, 0)


async def test_a_value_of_the_roster_stays_one_in_a_copy(office: Office, firm: Applicant) -> None:
    cpa = await office.cpa_of(firm, id_number="1100020")
    draft = await firm.draft(form={}, subject=cpa)
    await firm.upload(draft, "reissue_application", "loss_notice")

    copy = await copy_application(firm.caller, draft.id, store=firm.store)

    assert copy.subject_id == cpa.id
    assert (await submit_application(firm.caller, copy.id)).application.state is State.SUBMITTED


async def test_a_page_whose_file_is_gone_is_asked_for_again(office: Office, firm: Applicant) -> None:
    source = await expired(office, firm)
    lost = await Page.get(application_id=source.id, material="loss_notice")
    await firm.store.delete(lost.object_key)

    copy = await copy_application(firm.caller, source.id, store=firm.store)

    assert await pages_of(copy) == {"reissue_application"}


async def test_what_is_under_way_is_not_copied(firm: Applicant) -> None:
    submitted = await firm.submitted()

    with pytest.raises(NotCopyable) as refused:
        await copy_application(firm.caller, submitted.id, store=firm.store)

    assert refused.value.status == 409
    assert await Application.filter(account_id=firm.id).count() == 1


class DownStore(MemoryStore):
    """Reads, and takes nothing after the first file."""

    async def put(self, key: str, data: bytes) -> None:
        if len(self.objects) >= 3:
            raise StoreDown
        await super().put(key, data)


async def test_without_the_store_nothing_is_copied(office: Office, firm: Applicant) -> None:
    source, down = await expired(office, firm), DownStore()
    down.objects = dict(firm.store.objects)

    with pytest.raises(StoreDown):
        await copy_application(firm.caller, source.id, store=down)

    assert await Application.filter(account_id=firm.id).count() == 1
    assert down.objects == firm.store.objects
