"""撤回: possible until the verdict commits (manual §4, decisions D12)."""

from uuid import UUID

from models.applications import Application
from server.accounts.caller import Caller
from server.applications.advance import Operator, advance
from server.applications.lifecycle import Action
from server.applications.lookup import own_application
from server.businesses import catalogue
from server.messages.announce import announce
from server.messages.events import ApplicationEvent
from server.transactions import in_transaction, retried


async def withdraw_application(caller: Caller, application_id: UUID) -> Application:
    """Back to a draft, with the manual's remark 用户主动撤回. Raises TransitionNotAllowed or StateConflict."""
    remark = catalogue().states.actions[Action.WITHDRAW].remark or ""

    async def work() -> Application:
        application = await own_application(caller, application_id)
        async with in_transaction():
            await advance(application, Action.WITHDRAW, Operator.of(caller), remark=remark)
            await announce(ApplicationEvent("withdrawn", application, f"{application.id}:{application.version}"))
        return application

    return await retried(work)
