"""申报期: when a business that needs a window may be filed (decisions D17)."""

from dataclasses import dataclass
from datetime import date

from tortoise.exceptions import IntegrityError

from models.businesses import FilingWindow
from server import clock
from server.accounts.caller import Caller
from server.applications.refusals import NoWindow, WindowBackwards, WindowClosed
from server.audit.trail import record
from server.businesses import Business, catalogue, find_business
from server.transactions import in_transaction, is_duplicate


@dataclass(frozen=True)
class WindowOrder:
    business: str
    year: int
    opens_on: date
    closes_on: date


async def open_year(business: Business) -> int | None:
    """The year of the window that is open today, None for a business without one. Raises WindowClosed."""
    if business.window is None or not business.window.required:
        return None
    today = clock.today()
    open_now = FilingWindow.filter(business=business.key, opens_on__lte=today, closes_on__gte=today)
    window = await open_now.order_by("-year").first()
    if window is None:
        raise WindowClosed(business.window.closed_text)
    return window.year


def business_with_window() -> str:
    """The one that is meant when staff name none."""
    return next(key for key, business in catalogue().businesses.items() if business.window)


async def list_windows() -> list[FilingWindow]:
    return await FilingWindow.all().order_by("-year", "business")


async def set_window(caller: Caller, order: WindowOrder) -> FilingWindow:
    """Open a year's window, or move the one that is there. Raises UnknownBusiness, NoWindow or WindowBackwards."""
    if find_business(order.business).window is None:
        raise NoWindow(field="business")
    if order.closes_on < order.opens_on:
        raise WindowBackwards(field="closes_on")
    await _ensure(order)
    year = FilingWindow.filter(business=order.business, year=order.year)
    async with in_transaction():
        await year.update(opens_on=order.opens_on, closes_on=order.closes_on)
        await record(
            caller.actor,
            "window.set",
            "window",
            f"{order.business}:{order.year}",
            opens_on=str(order.opens_on),
            closes_on=str(order.closes_on),
        )
    return await year.get()


async def _ensure(order: WindowOrder) -> None:
    """The row of that year is there, whoever wrote it."""
    try:
        await FilingWindow.create(
            business=order.business,
            year=order.year,
            opens_on=order.opens_on,
            closes_on=order.closes_on,
            created_at=clock.now(),
        )
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
