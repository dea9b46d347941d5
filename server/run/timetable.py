"""Which jobs the worker runs and how often: a new job is one line here."""

from typing import Protocol

from server.accounts.housekeeping import forget_expired
from server.accounts.revoke import replay_epoch_raises
from server.accounts.sessions import SessionViews
from server.applications.expiry import expire_due, warn_due
from server.appointments.grid import warm_grid
from server.appointments.no_shows import mark_no_shows
from server.appointments.request_keys import sweep_keys
from server.appointments.slots import SlotCounter
from server.appointments.warnings import warn_of_calendar
from server.audit.chain import link_entries
from server.materials.pages import sweep_objects
from server.materials.store import Store
from server.messages.callbacks import forget_handled
from server.messages.digests import write_digest
from server.messages.held import give_up_held
from server.messages.receipts import ReceiptSource, collect_receipts
from server.notices.campaign import carry_on
from server.run.jobs import Job

_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0


class JobServices(Protocol):
    """What the jobs use of a process's services."""

    @property
    def slots(self) -> SlotCounter: ...
    @property
    def store(self) -> Store: ...
    @property
    def session_views(self) -> SessionViews: ...


def jobs_of(services: JobServices, receipts: ReceiptSource) -> tuple[Job, ...]:
    """The timetable; no-shows are recorded before anything expires (decisions D20)."""
    slots = services.slots

    async def end_of_time() -> None:
        await mark_no_shows(gate=slots)
        await expire_due()

    async def link_all() -> None:
        while await link_entries():
            pass

    return (
        Job("no_shows_then_expiry", _MINUTE, end_of_time),
        Job("warn_before_expiry", _MINUTE * 10, warn_due),
        Job("warm_grid", _MINUTE, lambda: warm_grid(gate=slots)),
        Job("link_audit", 2.0, link_all),
        Job("notices", 1.0, carry_on, at_most=20.0),
        Job("replay_epochs", 2.0, lambda: replay_epoch_raises(services.session_views)),
        Job("collect_receipts", 5.0, lambda: collect_receipts(receipts)),
        Job("give_up_held", _MINUTE, give_up_held),
        Job("delivery_digest", _MINUTE * 10, write_digest),
        Job("warn_of_calendar", _DAY, warn_of_calendar),
        Job("sweep_request_keys", _HOUR, sweep_keys),
        Job("forget_expired_logins", _HOUR, forget_expired),
        Job("sweep_objects", _HOUR, lambda: sweep_objects(store=services.store)),
        Job("forget_callbacks", _HOUR, forget_handled),
    )
