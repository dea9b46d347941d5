"""Printable forms: the manual's layout filled in, blank where a hand writes, whatever the answers are (manual §3.2)."""

from collections.abc import Mapping
from typing import Any

import pytest

from models.accounts import AccountKind
from models.base import new_id
from server.accounts.caller import Caller
from server.businesses import Business, catalogue, find_business
from server.gateways.studio.process import ChildStudio
from server.materials.documents import document_values, render_document
from server.materials.refusals import NoSuchMaterial
from tests.server.materials.papers import pdf_of
from tests.server.materials.printed import printed, sheet_size

DEREGISTRATION = "deregistration"
FORM_KEY = "deregistration_form"
ANSWERS = {
    "name": "张和",
    "sex": "male",
    "id_number": "100001002",
    "cpa_no": "110002",
    "mobile": "13800001234",
    "firm_name": "测试单位201",
    "is_partner": "no",
    "reason": "not_full_time",
}
REASONS = (
    "不在会计师事务所专职执业的；",
    "死亡或者丧失行为能力的；",
    "受刑事处罚的；",
    "自行停止执行注册会计师业务满1年的；",
    "以欺骗、贿赂等不正当手段取得注册会计师证书的；",
    "因在财务、会计、审计、企业管理或者其他经济管理工作中犯有严重错误受行政处罚、撤职以上处分的；",
    "依法被吊销注册会计师证书的。",
)
TEMPLATES = [(b.key, m.key) for b in catalogue().businesses.values() for m in b.materials if m.template]


def caller(kind: AccountKind = AccountKind.FIRM, name: str = "测试单位201") -> Caller:
    ids = {"account_id": new_id(), "session_id": new_id(), "firm_id": None, "cpa_id": None}
    return Caller(kind=kind, name=name, number="201", role=None, must_complete_profile=False, epoch=0, **ids)


async def rendered(
    studio: ChildStudio,
    form: Mapping[str, Any],
    who: Caller | None = None,
    of: tuple[str, str] = (DEREGISTRATION, FORM_KEY),
) -> bytes:
    business, key = of
    _, pdf = await render_document(studio, find_business(business), key, form, who or caller())
    return pdf


async def text_of(studio: ChildStudio, form: Mapping[str, Any], who: Caller | None = None) -> str:
    """Of the deregistration form, which must fit on one page."""
    [text] = printed(await rendered(studio, form, who))
    return text


async def test_the_deregistration_form_reads_as_in_the_manual(studio: ChildStudio) -> None:
    text = await text_of(studio, ANSWERS)

    assert text == "".join(
        (
            "注册会计师注销（撤销）注册申请表",
            "注师姓名张和性别男手机号13800001234",
            "注师证书编号110002注师身份证号100001002",
            "所在事务所测试单位201",
            "是否仍为所在事务所股东/合伙人☐是☑否",
            "受托人姓名受托人手机号",
            "注销(撤销)注册的情形(原因)☑" + "☐".join(REASONS),
            "申请人委托本人现委托作为我的代理人，全权代表我办理注册会计师注销(撤销)注册相关事项，对受托人在办理上述事项过程中",
            "所签署的有关文件，我均予以认可，并承担相应的法律责任。委托期限：自签字之日起至上述事项办完为止。",
            "申请人承诺本人对申请材料内容的真实性负责，如有虚假，愿承担由此产生的一切法律后果。申请人（签字）：年月日",
            "事务所意见同意注销(撤销)注册该同志注册会计师注册。负责人（签字）：（公章）年月日",
            "备注1.若注师为所在事务所股东(合伙人)，请到总所所在地区财政部门办理股东名单变更登记，",
            "将要注销注师从财政部系统中备案的股东名单中去除。",
            "2.需要本人或委托他人到协会现场提交本申请表及注师证书原件。",
            "地址：北京市海淀区西四环中路16号院7号楼603联系人：周老师，010-88221092",
            "第1页，共1页",
        )
    )


async def test_it_is_one_sheet_of_a4_under_the_name_of_the_manual(studio: ChildStudio) -> None:
    name, pdf = await render_document(studio, find_business(DEREGISTRATION), FORM_KEY, ANSWERS, caller())

    assert (name, sheet_size(pdf), len(printed(pdf))) == ("注册会计师注销（撤销）注册申请表.pdf", (210, 297), 1)


@pytest.mark.parametrize("number", range(7))
async def test_only_the_chosen_reason_has_its_mark(number: int, studio: ChildStudio) -> None:
    options = find_business(DEREGISTRATION).field("reason").options

    text = await text_of(studio, ANSWERS | {"reason": options[number].value})

    assert "☑" + REASONS[number] in text
    assert [reason for reason in REASONS if "☐" + reason in text] == [r for r in REASONS if r != REASONS[number]]


async def test_an_empty_form_is_to_be_filled_in_by_hand(studio: ChildStudio) -> None:
    text = await text_of(studio, {})

    assert "注师姓名性别手机号注师证书编号注师身份证号所在事务所测试单位201" in text
    assert text.count("☐") == 2 + len(REASONS)
    assert "☑" not in text


async def test_for_a_cpa_in_custody_the_association_gives_the_opinion(studio: ChildStudio) -> None:
    """domain.md B5"""
    text = await text_of(studio, ANSWERS, caller(AccountKind.CUSTODY, "张和"))

    assert "所在事务所协会代管是否仍为" in text
    assert "协会意见同意注销(撤销)注册该同志注册会计师注册。" in text
    assert "事务所意见" not in text


# One of each block that GB 18030-2022 has: Extension A, and beyond the first plane B to F, and 〇's neighbour.
RARE = ["李䶮", "王㛃", "𠮷田", "陈𬎆", "龘靐齉", "〇〇", "丁𠀋", "于𪜶", "𫝎风", "余𬼘", "白𬺼", "方𮯠"]


@pytest.mark.parametrize("name", [*RARE, "阿卜杜拉·买买提", "O’Neil-Smith"])
async def test_rare_characters_are_drawn_and_not_boxes(name: str, studio: ChildStudio) -> None:
    text = await text_of(studio, ANSWERS | {"name": name})

    assert f"注师姓名{name}性别" in text


async def test_names_at_their_longest_are_wrapped_and_the_form_stays_on_its_page(studio: ChildStudio) -> None:
    firm = "北京某某会计师事务所（特殊普通合伙）" * 5
    long = {"name": "𠮷" * 50, "id_number": "A" * 40, "cpa_no": "1" * 32}

    text = await text_of(studio, ANSWERS | long, caller(name=firm))

    assert [value for value in [*long.values(), firm] if value not in text] == []


@pytest.mark.parametrize("typed", ['#read("page.typ")', "*b* _i_ $x$", "= 标题", "<label> @ref", "\\u{1F600}", '"}]'])
async def test_what_was_typed_is_never_markup(typed: str, studio: ChildStudio) -> None:
    text = await text_of(studio, ANSWERS | {"name": typed})

    assert f"注师姓名{typed.replace(' ', '')}性别" in text


@pytest.mark.parametrize(("business", "key"), TEMPLATES)
async def test_every_template_can_be_printed_before_anything_is_answered(
    business: str, key: str, studio: ChildStudio
) -> None:
    [text] = printed(await rendered(studio, {}, of=(business, key)))

    found = find_business(business)
    material = next(material for material in found.materials if material.key == key)
    assert text.startswith(material.document_name)
    assert "测试单位201" in text
    assert "☑" not in text


@pytest.mark.parametrize(("business", "key"), [pair for pair in TEMPLATES if pair[1] != FORM_KEY])
async def test_the_general_form_names_every_field_and_who_signs(business: str, key: str, studio: ChildStudio) -> None:
    [text] = printed(await rendered(studio, {}, of=(business, key)))

    found = find_business(business)
    assert [field.label for field in found.fields if field.label.replace(" ", "") not in text] == []
    assert found.commitment.text in text
    assert text.endswith("申请人（签字）：年月日事务所意见负责人（签字）：（公章）年月日第1页，共1页")


async def test_choices_of_the_general_form_stand_in_their_groups_with_the_chosen_one_marked(
    studio: ChildStudio,
) -> None:
    answers = {"name": "王五", "transfer_type": "in_to_firm", "person_type": "retired"}

    [text] = printed(await rendered(studio, answers, of=("transfer", "transfer_form")))

    assert "人员类型☑退休☐非退休" in text
    assert "京内转所：☐转入事务所☐转入协会代管跨省转所：☑外省转入本市事务所☐外省转入本市协会代管" in text


async def test_a_field_that_does_not_apply_to_the_answers_is_not_printed(studio: ChildStudio) -> None:
    [text] = printed(await rendered(studio, {"transfer_type": "bj_to_custody"}, of=("transfer", "transfer_form")))

    assert "人员类型" not in text


async def test_an_answer_too_long_for_one_page_goes_on_overleaf(studio: ChildStudio) -> None:
    note = "2025年受到行政处罚，" * 100

    first, second = printed(
        await rendered(studio, {"penalised": "yes", "penalty_note": note}, of=("qualification_check", "check_form"))
    )

    assert note in first
    assert second.startswith("注册会计师任职资格检查基本情况表（续）")
    assert second.endswith("第2页，共2页")


@pytest.mark.parametrize("key", ["cpa_certificate", "nothing", "../page"])
async def test_a_material_without_a_template_has_nothing_to_download(key: str, studio: ChildStudio) -> None:
    with pytest.raises(NoSuchMaterial):
        await rendered(studio, {}, of=(DEREGISTRATION, key))


async def test_a_printed_form_may_be_uploaded_again(studio: ChildStudio) -> None:
    """Filled in on a screen and never printed, it is a PDF like any other."""
    form = await rendered(studio, ANSWERS)

    checked = await studio.check(form)

    assert printed(checked.data) == printed(form)


async def test_a_form_is_drawn_between_two_uploads(studio: ChildStudio) -> None:
    kinds = [(await studio.check(pdf_of())).content_type, (await rendered(studio, ANSWERS))[:5]]

    assert [*kinds, (await studio.check(pdf_of())).content_type] == ["application/pdf", b"%PDF-", "application/pdf"]


def test_an_answer_that_is_none_of_the_options_marks_none() -> None:
    found: Business = find_business(DEREGISTRATION)

    values = document_values(found, found.materials[0], {"reason": "something else"}, caller())

    assert [option["chosen"] for option in values["options"]["reason"]] == [False] * len(REASONS)
