"""A business that is nothing but a file goes the whole way, from draft to certificate, by the services as they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.applications import State
from models.messages import Delivery, Message
from server.applications.advance import Operator
from server.applications.complete import certificate_collected, certificate_ready, complete_online, open_result
from server.applications.detail import detail_of, result_lines
from server.applications.refusals import AlreadyInProgress, Incomplete
from server.applications.review import decide
from server.applications.submit import submit_application
from server.appointments.desk import check_in, complete
from server.businesses import catalogue, find_business, requirements, use_catalogue
from server.businesses.editions import store_editions
from server.gateways.redis.client import RedisDoor
from server.gateways.redis.slots import RedisSlots
from server.messages.outbox import text_of
from tests.engines.engine import Engine
from tests.server.applications.office import Applicant, Office, again, rejection, told, tracked
from tests.server.businesses.ninth import FORM, KEY, write_ninth
from tests.world import Party, World


@pytest.fixture
async def desk(engine: Engine, redis_prefix: str, tmp_path: Path) -> AsyncIterator[World]:
    """The ninth business in force, and the desk its file names."""
    with use_catalogue(catalogue(write_ninth(tmp_path))) as nine:
        await store_editions(nine)
        async with RedisDoor(engine.redis.url, prefix=redis_prefix) as door:
            yield World(find_business(KEY).desk, RedisSlots(door))


async def test_from_draft_to_certificate(office: Office, firm: Applicant, desk: World) -> None:
    admin = await office.reviewer()
    cpa = await office.cpa_of(firm)

    draft = await firm.draft(KEY, {}, cpa)
    assert requirements(find_business(KEY), {}, "firm").waiting_for == ("title",)
    await firm.save(draft, title="yes")
    with pytest.raises(Incomplete) as refused:
        await submit_application(firm.caller, draft.id)
    assert [fault["message"] for fault in refused.value.details["errors"]] == ["请上传事迹材料", "请上传资深证明"]

    await firm.upload(draft, "deeds", "proof")
    await firm.submit(draft)
    with pytest.raises(AlreadyInProgress):
        await firm.submitted(KEY, title="no", cpa_no=cpa.cpa_no)
    await decide(admin, draft.id, rejection({"proof": "没有单位的盖章"}))
    await firm.upload(draft, "proof", files=[b"stamped"])
    approved = await office.approve(await firm.submit(draft))
    assert (approved.state, approved.path) == (State.APPROVED_TO_BOOK, "on_site_certificate")

    booked = await Party(desk, firm.caller).book(ids=[draft.id])
    assert booked.desk == "honours"
    clerk = Operator.of(admin)
    await check_in(booked.id, None, clerk)
    await complete(booked.id, None, clerk, gate=desk.gate)
    await certificate_ready(admin, draft.id, {"title_no": "荣2025-001"})
    done = await certificate_collected(admin, draft.id)

    assert (done.state, open_result(done)) == (State.DONE, {"title_no": "荣2025-001"})
    assert await tracked(done) == [
        ("办理完成", "", "admin (系统管理员)"),
        ("已制证待取证", "", "admin (系统管理员)"),
        ("已办理待制证", "", "admin (系统管理员)"),
        ("已预约待办理", "", "测试单位201"),
        ("审核通过待预约", "", "admin (系统管理员)"),
        ("已提交待北注协审核", "", "测试单位201"),
        ("审核不通过", "【资深证明】没有单位的盖章", "admin (系统管理员)"),
        ("已提交待北注协审核", "", "测试单位201"),
    ]
    assert await told(done) == ["submitted", "rejected", "submitted", "approved", "collect", "done"]
    message = await Message.get(application_id=done.id, event="done")
    assert message.text == "【进度提醒】您提交的注册会计师[张和][荣誉称号申报]业务已办理完成。"


async def test_its_visit_is_announced_in_its_own_words(office: Office, firm: Applicant, desk: World) -> None:
    approved = await office.approved(firm, KEY, title="yes")

    booked = await Party(desk, firm.caller).book(ids=[approved.id])

    sms = await Delivery.get(occurrence=f"{booked.id}:0:booked", recipient=f"person:{approved.id}")
    assert text_of(sms).startswith("张三您好，您办理的(测试单位201)荣誉称号申报业务已预约成功，预约时间为(")
    assert "请您本人携带(本人有效身份证原件)按时前往" in text_of(sms)


async def test_its_other_path_needs_no_visit(office: Office, firm: Applicant, desk: World) -> None:
    approved = await office.approved(firm, KEY, title="no")

    done = await complete_online(await office.reviewer(), approved.id, {})

    assert (approved.state, done.state) == (State.APPROVED_TO_PROCESS, State.DONE)
    assert await told(done) == ["submitted", "approved_online", "done"]


async def test_it_stays_readable_when_its_file_is_gone(office: Office, firm: Applicant, desk: World) -> None:
    approved = await office.approved(firm, KEY, **FORM)
    admin = await office.reviewer()
    booked = await Party(desk, firm.caller).book(ids=[approved.id])
    await complete(booked.id, None, Operator.of(admin), gate=desk.gate)
    ready = await certificate_ready(admin, approved.id, {"title_no": "荣2025-002"})

    with use_catalogue(catalogue(Path("/nowhere"))):
        assert KEY not in catalogue().businesses
        shown = await detail_of(await again(ready), "firm", firm.caller.name)

    assert shown.business.label == "荣誉称号申报"
    assert [material.material.label for material in shown.materials] == ["事迹材料", "资深证明"]
    assert result_lines(shown.business, shown.result) == [
        {"key": "title_no", "label": "荣誉证书编号", "value": "荣2025-002"}
    ]
