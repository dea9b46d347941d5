"""Finding one application for whoever asks; what is not theirs does not exist for them."""

from uuid import UUID

from models.applications import Application, State
from server.accounts.caller import Caller
from server.applications.refusals import ApplicationNotFound


async def own_application(caller: Caller, application_id: UUID) -> Application:
    """Raises ApplicationNotFound for what is not the caller's."""
    found = await Application.get_or_none(id=application_id, account_id=caller.account_id)
    if found is None:
        raise ApplicationNotFound
    return found


async def any_application(application_id: UUID) -> Application:
    """Any account's application that staff may see: drafts never submitted are nobody's business."""
    found = await Application.get_or_none(id=application_id)
    if found is None or (found.state is State.DRAFT and found.round == 0):
        raise ApplicationNotFound
    return found
