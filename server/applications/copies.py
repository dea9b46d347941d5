"""复制为新申请 (A6): a new draft with the answers and the pages of one that is not under way."""

from uuid import UUID

from models.applications import Application, State
from server.accounts.caller import Caller
from server.applications.answers import open_form, year_keys
from server.applications.drafts import delete_draft, new_draft
from server.applications.lookup import own_application
from server.applications.refusals import NotCopyable
from server.applications.windows import open_year
from server.businesses import check_form, find_business
from server.materials.pages import copy_pages
from server.materials.store import Store, StoreDown

_COPYABLE = frozenset({State.EXPIRED, State.DONE, State.REJECTED, State.DRAFT})


async def copy_application(caller: Caller, application_id: UUID, *, store: Store) -> Application:
    """Raises NotCopyable, WindowClosed, or StoreDown: then nothing was copied."""
    source = await own_application(caller, application_id)
    if source.state not in _COPYABLE:
        raise NotCopyable
    business = find_business(source.business)
    form, year = open_form(source), await open_year(business)
    form |= dict.fromkeys(year_keys(business), str(year)) if year else {}
    fitting = check_form(business, form, caller.kind.value, complete=False, account_name=caller.name).form
    draft = await new_draft(
        caller,
        business,
        fitting,
        subject_id=source.subject_id,
        commitment_version=source.commitment_version,
        copied_from=source.id,
    )
    try:
        await copy_pages(source, draft, {material.key for material in business.materials}, store=store)
    except StoreDown:
        await delete_draft(caller, draft.id, store=store)
        raise
    return draft
