"""The texts to the letter of the manual, their variants, and a file that may not be wrong."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

import config
from server.messages.events import EventName
from server.messages.sms_texts import SmsText, sms_templates
from server.messages.texts import MessageTexts, load_texts, message_texts
from server.messages.variants import names_in
from server.messages.wording import Wording

MANUAL = {
    "account_name": "测试单位201",
    "account_short": "测试单位201",
    "first": "张三",
    "all_names": "张三",
    "people": "1",
    "business": "注册申请",
    "sms_phrase": "执业注册会计师注册",
    "in_person": "self",
    "bring": "1份注册会计师注册申请表",
    "bring_agent": "",
    "location_name": "北京注协会员服务部",
    "location_address": "北京市海淀区西四环中路16号院7号楼602室",
    "location_short": "北京注协会员服务部602",
    "date": "2025-06-13",
    "w": "五",
    "start": "10:00",
    "end": "10:10",
    "time": "2025年6月13日 10:00",
    "remark": "【存档证明】没有单位的盖章",
    "code": "123456",
    "minutes": "5",
    "title": "关于开展任职资格检查的通知",
}


def wording(event: str, applicant: str = "firm", **changed: str) -> Wording:
    return Wording(EventName(event), MANUAL | changed, applicant)


def test_sms_of_a_booking_is_the_manuals_sentence() -> None:
    expected = (
        "张三您好，您办理的(测试单位201)执业注册会计师注册业务已预约成功，预约时间为(2025-06-13 星期五 10:00)，"
        "请您本人携带(1份注册会计师注册申请表)按时前往北京注协会员服务部602办理。"
        "如未按照预约时间到场可能导致办理时间延长，或当天无法成功办理(需联系事务所重新预约)"
    )

    assert wording("booked").person_sms("张三").text == expected


def test_sms_of_a_custody_cpa_names_no_firm() -> None:
    text = wording("booked", "custody").person_sms("张三").text

    assert "您办理的(协会代管)执业注册会计师注册业务" in text
    assert text.endswith("或当天无法成功办理(需重新预约)")


def test_sms_says_who_may_come_instead_and_what_he_brings() -> None:
    text = wording("booked", in_person="self_or_agent", bring="转所表原件、注册会计师证书原件").person_sms("张三").text
    agent = wording("booked", in_person="self_or_agent", bring_agent="受托人身份证原件").person_sms("张三").text

    assert "请您本人或受托人携带(转所表原件、注册会计师证书原件)按时前往" in text
    assert "携带(1份注册会计师注册申请表，委托办理的另带受托人身份证原件)按时前往" in agent


@pytest.mark.parametrize(
    ("event", "changed", "expected"),
    [
        ("done", {"first": "李四"}, "【进度提醒】您提交的注册会计师[李四][注册申请]业务已办理完成。"),
        (
            "collect",
            {},
            "【进度提醒】请事务所或注师本人到北京注协会员服务部（北京市海淀区西四环中路16号院7号楼602室）"
            "领取注册会计师[张三]的注册会计师证书。",
        ),
        (
            "booked",
            {"people": "2"},
            "【进度提醒】您提交的注册会计师[张三等2人][注册申请]业务申请已预约成功，"
            "预约时间为[2025-06-13 星期五 10:00]，请按时到场办理。",
        ),
        (
            "approved",
            {"first": "王五", "business": "关系转移"},
            "【进度提醒】您提交的注册会计师[王五][关系转移]业务申请材料已审核通过，"
            "请在30天内通过本系统电脑端或微信小程序预约现场办理时间。",
        ),
        (
            "approved_online",
            {},
            "【进度提醒】您提交的注册会计师[张三][注册申请]业务申请材料已审核通过，协会将为您办理。",
        ),
        (
            "rejected",
            {},
            "【进度提醒】您提交的注册会计师[张三][注册申请]业务申请材料审核未通过，"
            "原因：【存档证明】没有单位的盖章。请修改后重新提交。",
        ),
        (
            "expiring",
            {"date": "2025-07-11"},
            "【进度提醒】您提交的注册会计师[张三][注册申请]业务将于2025-07-11过期，请尽快预约并到现场办理。",
        ),
        (
            "expired",
            {},
            "【进度提醒】您提交的注册会计师[张三][注册申请]业务未在30天内办理完成，已过期，请重新提交办理材料。",
        ),
        ("cancelled", {}, "【进度提醒】您提交的注册会计师[张三][注册申请]业务预约已取消，请重新预约。"),
        ("no_show", {}, "【进度提醒】注册会计师[张三][注册申请]业务未按预约时间到场办理，请重新预约。"),
    ],
)
def test_messages_read_as_in_the_manual_and_the_catalogue(event: str, changed: dict[str, str], expected: str) -> None:
    assert wording(event, **changed).message == expected


def test_sms_of_a_change_and_a_cancellation() -> None:
    assert wording("rescheduled").person_sms("张三").text == (
        "张三您好，您办理的(测试单位201)执业注册会计师注册业务预约时间已改为(2025-06-13 星期五 10:00)，"
        "请您携带(1份注册会计师注册申请表)按时前往北京注协会员服务部602办理。"
    )
    assert wording("cancelled").person_sms("张三").text == (
        "张三您好，您办理的(测试单位201)执业注册会计师注册业务预约(2025-06-13 星期五 10:00)已取消，"
        "如需办理请联系事务所重新预约。"
    )


def contact_sms(event: str, **changed: str) -> SmsText:
    sms = wording(event, **changed).contact_sms
    assert sms is not None
    return sms


def test_an_sms_names_its_wording_and_its_blanks_in_order() -> None:
    sms = wording("rescheduled", in_person="self_or_agent").person_sms("张三")

    assert sms.template == "rescheduled.person.1"
    assert sms.params == (
        "张三",
        "测试单位201",
        "执业注册会计师注册",
        "2025-06-13",
        "五",
        "10:00",
        "1份注册会计师注册申请表",
        "北京注协会员服务部602",
    )


def test_an_sms_that_repeats_the_message_has_the_blanks_of_the_message() -> None:
    sms = contact_sms("done", people="3")

    assert (sms.template, sms.params) == ("done.contact.1", ("张三等3人", "注册申请"))
    assert sms.text == wording("done", people="3").message


def test_what_is_registered_with_an_sms_provider_filled_is_what_is_sent() -> None:
    registered = {template.key: template.text for template in sms_templates()}
    sent = [sms for event in EventName if (sms := wording(event).contact_sms)]
    sent += [wording(name).person_sms("张三") for name, texts in message_texts().events.items() if texts.person_sms]

    assert [fill(registered[sms.template], sms.params) for sms in sent] == [sms.text for sms in sent]


def fill(numbered: str, params: tuple[str, ...]) -> str:
    return re.sub(r"\{(\d+)\}", lambda blank: params[int(blank[1]) - 1], numbered)


def test_a_message_never_outgrows_its_column() -> None:
    assert len(wording("rejected", remark="因" * 3000).message) == 2000
    assert "因因" not in contact_sms("rejected", remark="因" * 3000).text


def test_a_code_leaves_nothing_in_the_message_centre() -> None:
    assert wording("reset_code").message == ""
    assert "验证码123456，5分钟内有效" in contact_sms("reset_code").text


SOURCE = (Path(config.__file__).parent / "messages.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("业务预约已取消，请重新预约。", "{nothing}已取消", "不认识的取值 nothing"),
        ("因：{remark}", "因：{code}", "不认识的取值 code"),
        ("phrase3: 预约成功", "phrase3: 已经预约成功", "phrase3 不合微信规则"),
        ("thing5: 协会将为您办理}", "thing6: 协会将为您办理}", "字段应为"),
        ("thing5: 业务已办理完成}", f"thing5: {'长' * 21}}}", "thing5 不合微信规则"),
        ("  day_closed:", "  day_shut:", "day_shut"),
        ("version: 1", "version: 1\nmood: good", "mood"),
        ("basis: M}\n    wechat", "basis: 手册}\n    wechat", "basis"),
        ("{names}', '{people}人']", "{names}']", "thing2 的最后一个写法不能含姓名"),
        ("time4: '{time}'", "time4: '{remark}'", "time4 不合微信规则"),
        ("time4: '{time}'", "time4: '{date}'", "time4 不合微信规则"),
        ("template: visit", "template: trip", "没有模板 trip"),
        ("from: '21:00'", "from: '九点'", "quiet.from"),
        ("submit: [approved,", "submit: [submitted,", "submitted 没有小程序订阅消息"),
        (
            "业务申请已提交，请等待北注协审核。', basis: P}",
            "业务申请已提交。', basis: P}\n      - {text: 已提交, basis: P}",
            "message 只能有一个写法",
        ),
        ("    - {text: 您本人, basis: M}", "    - {when: {applicant: firm}, text: 您本人, basis: M}", "who"),
    ],
)
def test_a_wrong_file_stops_the_start_and_names_the_fault(old: str, new: str, fault: str) -> None:
    assert old in SOURCE

    with pytest.raises(ValidationError, match=fault):
        load_texts(SOURCE.replace(old, new, 1))


def test_every_event_and_phrase_is_used() -> None:
    texts: MessageTexts = message_texts()
    variants = [names_in(part) for event in texts.events.values() for part in event.lists]
    assert set(texts.events) == set(EventName)
    assert set(texts.phrases) <= set().union(*variants)
