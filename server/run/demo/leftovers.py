"""Finishes what an earlier telling left under way, so that the story can be told a second time on the same data."""

from collections.abc import Awaitable, Callable
from typing import Any

from server.run.demo.cast import Cast

_PEOPLE = {"张三", "李四", "王五"}
_LONGEST = 8  # steps from 已提交 to 办理完成

Row = dict[str, Any]


async def clear_stage(cast: Cast) -> None:
    """Withdraw or finish every live application about the story's people."""
    for _ in range(_LONGEST):
        rows = (await cast.firm.get("/applications", limit=100))["items"]
        left = [row for row in rows if row["name"] in _PEOPLE and row["status"] in _STEPS]
        for row in left:
            cast.telling.step(f"上次演示留下的{row['business_label']}（{row['name']}，{row['status_label']}）")
            await _STEPS[row["status"]](cast, row)
        if not left:
            return


async def _withdraw(cast: Cast, row: Row) -> None:
    await cast.firm.post(f"/applications/{row['id']}/withdraw")


async def _book(cast: Cast, row: Row) -> None:
    ids = [row["id"]]
    grid = await cast.firm.get("/appointments/grid", business=row["business"], people=1, application_ids=row["id"])
    slots = ((day["date"], slot) for day in reversed(grid["days"]) for slot in reversed(day["slots"]))
    date, slot = next((date, slot) for date, slot in slots if slot["bookable"])
    await cast.firm.post("/appointments", {"application_ids": ids, "date": date, "start": slot["start"]}, key=True)


async def _serve(cast: Cast, row: Row) -> None:
    detail = await cast.firm.get(f"/applications/{row['id']}")
    order = {"application_ids": [row["id"]]}
    await cast.staff.post(f"/appointments/{detail['appointment_id']}/complete", order)


async def _certify(cast: Cast, row: Row) -> None:
    path = f"/applications/{row['id']}/certificate-ready"
    await cast.staff.post(path, {"result": {"cpa_no": row["id"].replace("-", "")[-12:]}})


async def _hand_over(cast: Cast, row: Row) -> None:
    await cast.staff.post(f"/applications/{row['id']}/certificate-collected")


_STEPS: dict[str, Callable[[Cast, Row], Awaitable[None]]] = {
    "submitted": _withdraw,
    "approved_to_book": _book,
    "booked": _serve,
    "handled_to_print": _certify,
    "printed_to_collect": _hand_over,
}
