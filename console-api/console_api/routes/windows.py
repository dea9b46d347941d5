"""任职资格检查的申报期 (decisions D17)."""

from sanic import Blueprint

from console_api.schemas.audit import WindowRequest, WindowView
from server.applications.windows import WindowOrder, business_with_window, list_windows, set_window
from server.http.call import Call
from server.http.endpoint import endpoint, staff
from server.http.schemas import Listing

blueprint = Blueprint("console_windows", url_prefix="/console/v1")


@endpoint(blueprint, "GET /windows", access=staff("windows"))
async def windows(call: Call) -> Listing[WindowView]:
    """各年度的申报期"""
    return Listing[WindowView](items=[WindowView.model_validate(row) for row in await list_windows()])


@endpoint(blueprint, "POST /windows", access=staff("windows"), status=201)
async def open_window(call: Call, body: WindowRequest) -> WindowView:
    """开放或调整一个年度的申报期"""
    order = WindowOrder(body.business or business_with_window(), body.year, body.opens_on, body.closes_on)
    return WindowView.model_validate(await set_window(call.caller, order))
