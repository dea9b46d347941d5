"""Applying: the commitment, the form, real files, submission, withdrawal and correction (manual §3-4)."""

from typing import Any
from uuid import uuid4

from server.run.demo import manual
from server.run.demo.cast import Cast
from server.run.demo.http import Refused, Session
from server.run.demo.papers import photo, scan
from server.run.demo.telling import Telling

_MOBILE = "13800000000"


async def register(cast: Cast, name: str, id_number: str) -> str:
    """注册申请 of one person up to 已提交待北注协审核; the id of the application."""
    telling = cast.telling
    telling.chapter(f"注册申请：{name}（手册 3.1、4）")
    business = await cast.firm.get("/businesses/registration")
    telling.expect("承诺书", business["commitment"]["text"], manual.COMMITMENT)
    telling.expect("表单字段", [field["label"] for field in business["fields"]], manual.REGISTRATION_FIELDS)
    before = await cast.firm.post("/businesses/registration/requirements", {"form": {}})
    telling.expect("选“是否退休”之前的材料", before["materials"], [])
    form = {"name": name, "id_number": id_number, "mobile": _MOBILE, "retired": "no"}
    draft = await _draft(cast, business, {"name": name})
    telling.expect("保存后的状态", draft["status_label"], manual.DRAFT)
    await _refused_incomplete(cast, draft["id"])
    draft = await cast.firm.patch(f"/applications/{draft['id']}", {"form": form}, draft["version"])
    labels = [material["label"] for material in draft["materials"]]
    telling.expect("需要的材料", labels, manual.REGISTRATION_MATERIALS)
    await fill_in(cast, draft)
    await _submit(cast, draft["id"])
    withdrawn = await cast.firm.post(f"/applications/{draft['id']}/withdraw")
    newest = withdrawn["timeline"][0]
    telling.expect("撤回状态", newest["status_label"], manual.DRAFT)
    telling.expect("撤回备注", (newest["remark"], newest["operator"]), (manual.WITHDRAWN, manual.FIRM))
    await _submit(cast, draft["id"])
    return str(draft["id"])


async def reissue(firm: Session, telling: Telling) -> str:
    """证书补办 of somebody new, submitted; the id of the application."""
    business = await firm.get("/businesses/certificate_reissue")
    digits = f"{uuid4().int % 10**4:04}"
    form = {"name": "赵六", "id_number": f"1101011970010{int(digits[0]) % 9 + 1}{digits}", "mobile": _MOBILE}
    order = {"business": business["key"], "commitment_version": business["commitment"]["version"], "form": form}
    draft = await firm.post("/applications", order)
    for number, material in enumerate(m for m in draft["materials"] if m["required"]):
        data = photo(material["label"], number)
        await firm.upload(f"/applications/{draft['id']}/materials/{material['key']}", data, "扫描件")
    await firm.post(f"/applications/{draft['id']}/submit")
    telling.step(f"{business['label']}：{form['name']}，已提交")
    return str(draft["id"])


async def transfer(cast: Cast, name: str, cpa_no: str) -> str:
    """关系转移 into the firm."""
    cast.telling.chapter(f"关系转移：{name}（手册 3.3）")
    business = await cast.firm.get("/businesses/transfer")
    form = {
        "name": name,
        "cpa_no": cpa_no,
        "mobile": _MOBILE,
        "transfer_type": "bj_to_firm",
        "person_type": "not_retired",
        "from_firm": "测试单位202",
        "to_firm": manual.FIRM,
    }
    draft = await _draft(cast, business, form)
    required = [material["label"] for material in draft["materials"] if material["required"]]
    cast.telling.expect("需要的材料", required, manual.TRANSFER_MATERIALS)
    await fill_in(cast, draft)
    await _submit(cast, draft["id"])
    return str(draft["id"])


async def correct(cast: Cast, application: str, materials: list[str]) -> None:
    """Replace what was returned and submit again."""
    detail = await cast.firm.get(f"/applications/{application}")
    changeable = [material["key"] for material in detail["materials"] if material["changeable"]]
    cast.telling.expect("可以修改的材料", changeable, materials)
    for number, key in enumerate(materials):
        path = f"/applications/{application}/materials/{key}"
        await cast.firm.upload(path, photo(f"{key}（已改正）", number), "改正.jpg")
    await _submit(cast, application)


async def fill_in(cast: Cast, draft: dict[str, Any]) -> None:
    """Upload a realistic file for every required material: contracts as PDF, the rest as photos."""
    for number, material in enumerate(m for m in draft["materials"] if m["required"]):
        data = scan(material["label"], 3, number) if "合同" in material["label"] else photo(material["label"], number)
        cast.telling.step(f"上传【{material['label']}】{len(data) // 1024} KB")
        await cast.firm.upload(f"/applications/{draft['id']}/materials/{material['key']}", data, "扫描件")


async def _draft(cast: Cast, business: dict[str, Any], form: dict[str, str]) -> dict[str, Any]:
    order = {"business": business["key"], "commitment_version": business["commitment"]["version"], "form": form}
    draft: dict[str, Any] = await cast.firm.post("/applications", order)
    return draft


async def _refused_incomplete(cast: Cast, draft: str) -> None:
    try:
        await cast.firm.post(f"/applications/{draft}/submit")
    except Refused as refused:
        cast.telling.expect("不完整时提交", refused.code, "incomplete")
        for fault in refused.body["errors"]:
            cast.telling.step(f"缺少：{fault['label']}")


async def _submit(cast: Cast, application: str) -> None:
    submitted = await cast.firm.post(f"/applications/{application}/submit")
    cast.telling.expect("提交后的状态", submitted["status_label"], manual.SUBMITTED)
