"""Who of the staff reads what of a form: masked by default, in full with the claim, or with a reason; all of it
leaves a trace (decisions D9)."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from models.applications import Application
from server import crypto
from server.accounts.caller import Caller
from server.applications.answers import open_form
from server.applications.claims import holds_claim
from server.applications.lookup import any_application
from server.applications.refusals import NoSuchItem
from server.audit.trail import record
from server.businesses import FormField
from server.transactions import in_transaction

# The validators of numbers that tell who somebody is or how to reach them.
_PERSONAL = frozenset({"resident_id", "id_any", "mobile_cn"})


def is_personal(field: FormField) -> bool:
    return field.validator is not None and field.validator.name in _PERSONAL


def masked_answers(fields: Iterable[FormField], answers: Mapping[str, object]) -> dict[str, object]:
    personal = {field.key for field in fields if is_personal(field)}
    return {key: crypto.mask(str(value)) if key in personal else value for key, value in answers.items()}


async def form_for(
    caller: Caller, application: Application, fields: Iterable[FormField], form: Mapping[str, object]
) -> dict[str, object]:
    """The form in full for the reviewer who holds the claim (audited as 审核), masked for everyone else."""
    if not holds_claim(application, caller.account_id):
        return masked_answers(fields, form)
    async with in_transaction():
        await record(caller.actor, "personal_data.read", "application", str(application.id), reason="审核")
    return dict(form)


async def reveal(caller: Caller, application_id: UUID, field: str, reason: str) -> str:
    """One field in full, for a reason that is kept. Raises NoSuchItem."""
    application = await any_application(application_id)
    value = open_form(application).get(field)
    if value is None:
        raise NoSuchItem("没有这个字段", field="field")
    async with in_transaction():
        await record(
            caller.actor, "personal_data.reveal", "application", str(application.id), reason=reason, field=field
        )
    return str(value)


async def note_page_read(caller: Caller, application_id: UUID, page_id: UUID) -> None:
    async with in_transaction():
        await record(caller.actor, "page.read", "application", str(application_id), page=str(page_id))
