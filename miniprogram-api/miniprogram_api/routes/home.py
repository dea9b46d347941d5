"""业务办理首页 (manual §3)."""

from sanic import Blueprint

from miniprogram_api.schemas.applications import ApplicationRow, HomeView, TileView
from models.applications import State
from server.applications.labels import businesses_of
from server.applications.queries import Filters, count_by_state, list_applications
from server.businesses import catalogue
from server.http.call import Call
from server.http.endpoint import APPLICANT, endpoint
from server.messages.inbox import unread_counts

blueprint = Blueprint("home", url_prefix="/api/v1")

_WAITING = (State.REJECTED, State.APPROVED_TO_BOOK, State.PRINTED_TO_COLLECT)


@endpoint(blueprint, "GET /home", access=APPLICANT)
async def home(call: Call) -> HomeView:
    """八项业务与预约、未读数、等待办理的记录"""
    who, words = call.caller, catalogue().defaults.home
    unread = await unread_counts(who.account_id)
    counts = await count_by_state(who.account_id)
    waiting = [
        row for state in _WAITING for row in await list_applications(who.account_id, Filters(status=state), None, 5)
    ]
    shown = await businesses_of(waiting)
    tiles = [
        TileView(key=b.key, label=b.label, button=words.tile_button)
        for b in catalogue().businesses.values()
        if who.kind.value in {a.value for a in b.applicants}
    ]
    return HomeView(
        title=words.title,
        tiles=tiles,
        visit_title=words.visit_title,
        visit_tile=TileView(key="appointments", label=words.visit_tile, button=words.tile_button),
        badges={kind.value: count for kind, count in unread.items()}
        | {state.value: count for state, count in counts.items()},
        waiting=[ApplicationRow.of(row, shown[row.edition]) for row in waiting],
    )
