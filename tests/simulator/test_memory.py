"""Phones outlive a restart; a spoilt file does not stop one."""

import json
from pathlib import Path

import pytest

from config.settings import WechatSettings
from tests.simulator.memory import load, save
from tests.simulator.phones import KEPT_MESSAGES, Message
from tests.simulator.platform import Platform


@pytest.fixture
def platform() -> Platform:
    return new_platform()


def new_platform() -> Platform:
    return Platform(WechatSettings(), "http://127.0.0.1")


def test_a_restart_finds_phones_as_they_were(platform: Platform, tmp_path: Path) -> None:
    phone = platform.add_phone("手机丙", follows=True)
    phone.muted.add("T")
    phone.credits["S"] = 2
    phone.act(7.0)
    phone.messages.append(Message("template", 1.0, fields={"thing1": "值"}, cut=["thing1"], msgid=7))

    save(platform, tmp_path / "kept" / "phones.json")
    restarted = new_platform()
    load(restarted, tmp_path / "kept" / "phones.json")

    assert restarted.phones == platform.phones


@pytest.mark.parametrize("text", [None, "", "{", "[]x", "[1]", '[{"name": 1}]', '{"a": 1}'])
def test_without_a_readable_file_there_are_the_two_phones(platform: Platform, tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "phones.json").write_text(text)

    load(platform, tmp_path / "phones.json")

    assert [phone.name for phone in platform.phones.values()] == ["手机甲", "手机乙"]


def test_a_long_life_is_not_kept_whole(platform: Platform, tmp_path: Path) -> None:
    phone = platform.add_phone("手机丙")
    phone.messages.extend(Message("notice", float(n)) for n in range(KEPT_MESSAGES + 50))

    save(platform, tmp_path / "phones.json")
    load(platform, tmp_path / "phones.json")

    kept = platform.phones[phone.openid].messages
    assert (len(kept), kept[-1].at) == (KEPT_MESSAGES, KEPT_MESSAGES + 49.0)


def test_a_crowd_is_not_kept(platform: Platform, tmp_path: Path) -> None:
    platform.add_crowd(100, follows=True, credits={})

    save(platform, tmp_path / "phones.json")
    restarted = new_platform()
    load(restarted, tmp_path / "phones.json")

    assert [phone.name for phone in restarted.phones.values()] == ["手机甲", "手机乙"]


def test_a_phone_kept_by_an_earlier_version_is_taken_up(platform: Platform, tmp_path: Path) -> None:
    save(platform, tmp_path / "phones.json")
    known = ("name", "openid", "mini_openid", "unionid", "follows", "blocked", "muted", "messages")
    kept = [{name: phone[name] for name in known} for phone in json.loads((tmp_path / "phones.json").read_text())]
    (tmp_path / "phones.json").write_text(json.dumps(kept))

    load(platform, tmp_path / "phones.json")

    assert [(phone.name, phone.credits) for phone in platform.people] == [("手机甲", {}), ("手机乙", {})]
