"""A business as clients see it."""

import re
from typing import Any

import pytest

from server.businesses import catalogue, requirements
from server.businesses.catalogue import find_business
from server.businesses.describe import client_pattern, describe, describe_requirements, summarise
from server.businesses.guide import GuideSection
from server.businesses.views import BusinessView, FieldView


def view(key: str, applicant: str = "firm") -> BusinessView:
    return describe(find_business(key), applicant)


def field(key: str, name: str, applicant: str = "firm") -> FieldView:
    return next(item for item in view(key, applicant).fields if item.key == name)


def guide(key: str, applicant: str = "firm") -> dict[str, list[str]]:
    found = view(key, applicant).guide_text
    sections: list[GuideSection] = found.sections if found else []
    return {section.title: section.lines for section in sections}


@pytest.mark.parametrize("applicant", ["firm", "custody"])
def test_every_business_can_be_shown(applicant: str) -> None:
    for business in catalogue().businesses.values():
        shown = describe(business, applicant)
        assert shown.model_dump_json()
        assert shown.edition == catalogue().editions[business.key].digest


def test_a_tile() -> None:
    tile = summarise(find_business("other_change"))
    assert (tile.label, tile.alt_labels, tile.may_be_on_site) == ("其他变更", ["其他信息变更"], False)


def test_the_commitment_has_a_version_of_its_text() -> None:
    commitment = view("registration").commitment

    assert commitment.guide_link == "注册申请业务办理指南"
    assert re.fullmatch("[0-9a-f]{16}", commitment.version)
    assert commitment.version == view("transfer").commitment.version


def test_every_rule_tells_where_it_comes_from() -> None:
    sources = {item.key: (item.basis.mark, item.basis.source) for item in view("registration").materials}

    assert sources["registration_form"] == ("M", "用户手册（2025年6月）")
    assert sources["retirement_certificate"] == ("R", "公开规则")
    assert sources["reemployment_agreement"] == ("P", "建议（手册与公开规则均未明确）")
    assert view("registration").basis["in_person"].note == "短信“请您本人携带”"


def test_a_condition_is_shown_as_the_files_have_it() -> None:
    materials = {item.key: item for item in view("registration").materials}
    assert materials["labor_contract"].when == {"field": "retired", "eq": "no"}
    assert materials["id_card"].when is None


def test_a_requirement_that_depends_on_answers() -> None:
    shown = field("other_change", "cpa_no")

    assert shown.required is False
    assert shown.required_when == {"not": {"field": "change_items", "contains_any": ["return_registration"]}}


def test_a_template_has_a_button_and_a_note() -> None:
    form = view("deregistration").materials[0]

    assert (form.template_button, form.document_name) == ("下载模板", "注册会计师注销（撤销）注册申请表")
    assert form.sign == "注师本人签字、事务所负责人签字盖章"
    assert view("deregistration").materials[1].template_note is None


def test_patterns_are_shown_as_browsers_write_them() -> None:
    rules = field("registration", "name").rules

    assert client_pattern(r"[\u3400-\u4dbf\U00020000-\U000323AF]") == r"[\u3400-\u4dbf\u{20000}-\u{323AF}]"
    assert rules is not None
    assert r"\U" not in rules["regex"]


def test_kinds_of_documents_come_with_their_rules() -> None:
    rules: dict[str, Any] = field("registration", "id_number").rules or {}

    assert [kind["name"] for kind in rules["any_of"]][:2] == ["resident_id", "military_officer"]
    assert rules["routes"][0]["use"] == "resident_id"


def test_a_custody_cpa_sees_his_own_defaults() -> None:
    assert field("transfer", "from_firm", "custody").default == "协会代管"
    assert field("transfer", "from_firm", "firm").default is None


def test_what_never_applies_to_an_applicant_is_not_shown() -> None:
    firm, custody = (view("qualification_check", kind) for kind in ("firm", "custody"))

    assert {f.key for f in firm.fields} - {f.key for f in custody.fields} == {"full_time"}
    assert {m.key for m in firm.materials} - {m.key for m in custody.materials} == {"social_insurance_last_year"}


def test_where_to_come_with_what() -> None:
    visit = view("deregistration").visit

    assert visit is not None
    assert visit.place.contact == "周老师"
    assert visit.bring == ["注册会计师注销（撤销）注册申请表原件", "注册会计师证书原件"]
    assert visit.bring_if_agent == ["受托人身份证原件"]
    assert view("info_backfill").visit is None


def test_the_window_of_the_check() -> None:
    window = view("qualification_check").window
    assert window is not None
    assert window.closed_text == "当前不在任职资格检查申报期间，请关注协会通知。"


def test_two_paths_with_their_condition() -> None:
    certificate, online = view("info_change").paths

    assert (certificate.on_site, online.on_site) == (True, False)
    assert certificate.when == {"field": "change_items", "contains_any": ["id_number", "name", "military_to_id"]}
    assert online.states == ["未提交", "已提交待北注协审核", "审核通过待办理", "办理完成"]


def test_only_some_businesses_have_a_guide() -> None:
    assert [key for key in catalogue().businesses if guide(key)] == [
        "registration",
        "deregistration",
        "transfer",
        "qualification_check",
    ]


def test_a_guide_says_who_what_how_where_and_until_when() -> None:
    assert guide("deregistration") == {
        "办理对象": ["由会计师事务所、协会代管注册会计师提交申请。"],
        "所需材料": [
            "1. 注册会计师注销注册申请表（下载模板填写）",
            "2. 注册会计师证书扫描件",
            "3. 委托人及受托人身份证扫描件",
            "4. 其他补充材料（选传）",
        ],
        "办理流程": ["未提交 → 已提交待北注协审核 → 审核通过待预约 → 已预约待办理 → 办理完成"],
        "现场办理": [
            "地点：北京注协（北京市海淀区西四环中路16号院7号楼603）",
            "联系人：周老师，010-88221092",
            "由注师本人或受托人到场办理。",
            "请携带：注册会计师注销（撤销）注册申请表原件、注册会计师证书原件",
            "委托办理的另带：受托人身份证原件",
        ],
        "办理时限": [
            "材料审核通过后需要在 30 天内办理完成，否则过期后需要重新提交办理材料。",
            "审核通过后使用“预约”功能，可以选择 7 天内的时间段；在预约日期之前可以改约或取消。",
        ],
    }


def test_a_guide_says_when_a_material_is_needed() -> None:
    assert "8. 存档证明（是否退休为“否”时提交）" in guide("registration")["所需材料"]
    assert guide("qualification_check")["所需材料"][1] == (
        "2. 上一年度社保参保记录（申请人为会计师事务所且人员类型为“非退休”时提交）"
    )
    assert guide("qualification_check", "custody")["所需材料"][1].startswith("2. 退休证扫描件")


def test_what_applies_now_is_shown_with_its_requirement_settled() -> None:
    business = find_business("other_change")
    found = requirements(business, {"change_items": ["return_registration"]}, "firm")

    shown = describe_requirements(business, found, "firm")

    assert {item.key: item.required for item in shown.fields}["cpa_no"] is False
    assert [item.key for item in shown.materials] == ["matter_form", "id_card"]
    assert (shown.waiting_for, shown.on_site) == ([], False)
