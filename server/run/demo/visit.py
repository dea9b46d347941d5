"""Booking two people together for 10:00, the SMS and WeChat texts, the desk, the certificates (manual §5-7)."""

from typing import Any

from server.run.demo import manual
from server.run.demo.cast import Cast
from server.run.demo.http import Refused
from server.run.demo.phones import told_by_sms, told_on_both
from server.run.demo.writing import reissue

_START = "10:00"


async def book_together(cast: Cast, applications: list[str]) -> dict[str, Any]:
    """The first open day whose 10:00 slot has its first two places free."""
    telling = cast.telling
    telling.chapter("预约：张三、李四一起（手册 5、6）")
    groups = (await cast.firm.get("/appointments/bookable"))["groups"]
    telling.expect_true("待预约按事项分组", {"registration", "transfer"} <= {group["business"] for group in groups})
    grid = await cast.firm.get("/appointments/grid", business="registration", people=2)
    telling.expect("标题", grid["title"], "业务类型：注册申请，办理人数：2人")
    telling.expect("天数", len(grid["days"]), 7)
    for day in grid["days"]:
        slots = "  ".join(f"{s['period']} {s['start']}-{s['end']} {s['label']}" for s in day["slots"])
        telling.step(f"{day['label']} {slots}")
    booked = await _first_together(cast, grid["days"], applications)
    telling.expect("到场时间", (booked["window"]["from"], booked["window"]["to"]), ("10:00", "10:10"))
    telling.expect("预约记录", booked["record_time"], f"{_label(booked)} 10:00-10:10")
    telling.expect("状态", booked["status_label"], manual.BOOKED)
    telling.expect("人数", booked["people"], 2)
    await _texts(cast, booked)
    return booked


async def _first_together(cast: Cast, days: list[dict[str, Any]], applications: list[str]) -> dict[str, Any]:
    """Book day after day; a booking that does not start the slot is given back (decisions D23)."""
    for day in days:
        if not any(slot["start"] == _START and slot["bookable"] for slot in day["slots"]):
            continue
        order = {"application_ids": applications, "date": day["date"], "start": _START}
        try:
            booked: dict[str, Any] = await cast.firm.post("/appointments", order, key=True)
        except Refused as refused:
            cast.telling.step(f"{day['date']} {refused.code}")
            continue
        if booked["window"]["from"] == _START and booked["window"]["to"] == "10:10":
            return booked
        await cast.firm.post(f"/appointments/{booked['id']}/cancel")
    raise LookupError("七天内没有 10:00 的前两个席位")


def _label(booked: dict[str, Any]) -> str:
    """2025-06-13 (星期五), as the record begins."""
    return str(booked["record_time"].rsplit(" ", 1)[0])


async def _texts(cast: Cast, booked: dict[str, Any]) -> None:
    telling, day = cast.telling, _label(booked).replace("(", "").replace(")", "")
    occurrence = f"{booked['id']}:{booked['version']}:booked"
    rows = await cast.deliveries(occurrence, "sms", 2)
    for name in ("张三", "李四"):
        text = next(row["text"] for row in rows if row["text"].startswith(name))
        telling.expect(f"{name}短信", text, manual.sms(name, day))
    messages = (await cast.firm.get("/messages", kind="system", limit=5))["items"]
    wording = manual.booked("张三等2人", "注册申请", booked["date"])
    telling.expect("系统消息", messages[0]["text"][: len(wording)], wording)
    await told_on_both(cast, occurrence)


async def tell_the_neighbour(cast: Cast) -> None:
    """测试单位202, which follows no more, books the replacement of a lost certificate in the last free slot."""
    application = await reissue(cast.neighbour, cast.telling)
    await cast.staff.post(f"/applications/{application}/verdict", {"decision": "approve"})
    grid = await cast.neighbour.get("/appointments/grid", business="certificate_reissue", people=1)
    slots = ((day["date"], slot) for day in reversed(grid["days"]) for slot in reversed(day["slots"]))
    date, slot = next((date, slot) for date, slot in slots if slot["bookable"])
    order = {"application_ids": [application], "date": date, "start": slot["start"]}
    booked = await cast.neighbour.post("/appointments", order, key=True)
    await told_by_sms(cast, f"{booked['id']}:{booked['version']}:booked")
    await cast.staff.post(f"/appointments/{booked['id']}/complete")


async def serve(cast: Cast, booked: dict[str, Any], people: list[tuple[str, str]]) -> None:
    """签到, 现场办理完成, 制证, 取证."""
    telling = cast.telling
    telling.chapter("现场办理、制证、取证（手册 5、7）")
    await cast.staff.post(f"/appointments/{booked['id']}/check-in")
    finished = await cast.staff.post(f"/appointments/{booked['id']}/complete")
    telling.expect("预约记录状态", finished["status_label"], manual.DONE)
    for number, (name, application) in enumerate(people):
        await _expect_status(cast, name, application, manual.TO_PRINT)
        result = {"cpa_no": await _free_cpa_no(cast, number)}
        await cast.staff.post(f"/applications/{application}/certificate-ready", {"result": result})
        await _expect_status(cast, name, application, manual.TO_COLLECT)
        text = await cast.message_about(application)
        telling.expect(f"{name}领取消息", text[: len(manual.COLLECT)], manual.COLLECT)
        await cast.staff.post(f"/applications/{application}/certificate-collected")
        await _expect_status(cast, name, application, manual.DONE)
        telling.expect(f"{name}完成消息", await cast.message_about(application), manual.done(name, "注册申请"))


async def _expect_status(cast: Cast, name: str, application: str, label: str) -> None:
    detail = await cast.firm.get(f"/applications/{application}")
    cast.telling.expect(f"{name}状态", detail["status_label"], label)


async def _free_cpa_no(cast: Cast, number: int) -> str:
    """A certificate number nobody of the firm has yet, so that the story can be told again."""
    taken = {row["cpa_no"] for row in (await cast.firm.get("/roster", q="1100020", limit=100))["items"]}
    return next(n for n in (f"1100020{i:05d}" for i in range(number, 10**5)) if n not in taken)
