"""办结, 制证, 取证: staff's steps after approval, with the results and roster effects a business declares (D14)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson

from models.accounts import Account
from models.applications import Application, State
from server import crypto
from server.accounts.caller import Caller
from server.applications.advance import Operator, advance, not_allowed
from server.applications.answers import business_of, open_form
from server.applications.lifecycle import Action, is_on_site, step_of
from server.applications.lookup import any_application
from server.audit.trail import Actor, record
from server.businesses import check_result, refuse_faults, roster_change
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.roster.effects import apply_effect
from server.transactions import in_transaction, retried

# What the account hears of the state an application comes to (manual §7).
_NEWS = MappingProxyType({State.PRINTED_TO_COLLECT: "collect", State.DONE: "done"})

Result = Mapping[str, Any]


async def complete_online(caller: Caller, application_id: UUID, result: Result) -> Application:
    """办结 of a business that needs no visit. Raises FormRefused for a wrong result, or a conflict."""
    application = await any_application(application_id)
    if is_on_site(application.path):
        raise not_allowed(application)
    return await _staff_step(caller, application_id, Action.COMPLETE, result)


async def certificate_ready(caller: Caller, application_id: UUID, result: Result) -> Application:
    """制证完成."""
    return await _staff_step(caller, application_id, Action.CERTIFICATE_READY, result)


async def certificate_collected(caller: Caller, application_id: UUID) -> Application:
    """取证."""
    return await _staff_step(caller, application_id, Action.CERTIFICATE_COLLECTED, {})


async def complete_on_site(application: Application, operator: Operator) -> None:
    """现场办理完成 of one person, in the caller's transaction."""
    await finish_step(application, Action.COMPLETE, operator, {})


async def _staff_step(caller: Caller, application_id: UUID, action: Action, result: Result) -> Application:
    async def work() -> Application:
        application = await any_application(application_id)
        if step_of(application.path, application.state, action) is None:
            raise not_allowed(application)
        async with in_transaction():
            await finish_step(application, action, Operator.of(caller), result)
        return application

    return await retried(work)


async def finish_step(application: Application, action: Action, operator: Operator, result: Result) -> None:
    """Check and keep the result, move on, change the roster, tell the account: all in the running transaction."""
    business, form = await business_of(application), open_form(application)
    account = await Account.get(id=application.account_id)
    checked = check_result(business, form, account.kind.value, result, path=application.path, step=action.value)
    refuse_faults(checked)
    kept = open_result(application) | checked.form
    changes = {"result": seal_result(application, kept)} if checked.form else {}
    await advance(application, action, operator, changes=changes)
    if change := roster_change(business, form, account.kind.value, kept, path=application.path, step=action.value):
        values = {column.value: value for column, value in change.values.items()}
        await apply_effect(change.effect.value, application=application, values=values)
    if news := _NEWS.get(application.state):
        await announce(ApplicationEvent(news, application, f"{application.id}:{application.version}"))
    actor = Actor(operator.id, operator.name)
    await record(actor, f"application.{action}", "application", str(application.id))


def open_result(application: Application) -> dict[str, Any]:
    if not application.result:
        return {}
    result: dict[str, Any] = orjson.loads(crypto.unseal(application.result, f"application.result:{application.id}"))
    return result


def seal_result(application: Application, result: Result) -> str:
    return crypto.seal(orjson.dumps(dict(result)).decode(), f"application.result:{application.id}")
