"""The local SMS box: private, once a delivery, shared by processes."""

import asyncio
import json
from pathlib import Path

from models.base import new_id
from server.gateways.sms.outbox import OutboxSms
from server.messages.channels import Outgoing, Sent


def text_to(mobile: str, name: str) -> Outgoing:
    return Outgoing(new_id(), mobile, f"{name}您好", "", {}, "", name)


def lines(home: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (home / "outbox" / "sms.jsonl").read_text().splitlines()]


async def test_a_text_is_a_line_that_only_its_owner_may_read(tmp_path: Path) -> None:
    outcome = await OutboxSms(tmp_path).send(text_to("13912345678", "张三"))

    assert outcome == Sent("")
    assert [(line["to"], line["text"]) for line in lines(tmp_path)] == [("13912345678", "张三您好")]
    assert (tmp_path / "outbox" / "sms.jsonl").stat().st_mode & 0o777 == 0o600


async def test_a_repetition_is_written_once_even_by_another_process(tmp_path: Path) -> None:
    first, second = OutboxSms(tmp_path), OutboxSms(tmp_path)

    await asyncio.gather(*(box.send(text_to("139", name)) for name in "甲乙丙" for box in (first, second)))
    await first.send(text_to("139", "甲"))

    assert sorted(line["id"] for line in lines(tmp_path)) == sorted("甲乙丙")


async def test_an_emptied_box_is_filled_anew(tmp_path: Path) -> None:
    box = OutboxSms(tmp_path)
    await box.send(text_to("139", "甲"))
    (tmp_path / "outbox" / "sms.jsonl").unlink()

    await box.send(text_to("139", "乙"))

    assert [line["id"] for line in lines(tmp_path)] == ["乙"]
