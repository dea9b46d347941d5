"""A draft is saved with what it has; a submission lacks nothing and has no fault."""

from typing import Any

import pytest

from server.businesses import Business, FormCheck, FormRefused, MaskedValue, catalogue, check_form, refuse_faults

ZHANG_SAN = {"name": "张三", "id_number": "11010519491231002X", "mobile": "13500000000", "retired": "no"}
WANG_WU = {
    "name": "王五",
    "cpa_no": "110000012345",
    "mobile": "13500000000",
    "transfer_type": "bj_to_firm",
    "person_type": "not_retired",
    "from_firm": "甲会计师事务所",
    "to_firm": "测试单位201",
}


def check(key: str, form: Any, *, complete: bool = True, applicant: str = "firm", **more: Any) -> FormCheck:
    return check_form(catalogue().businesses[key], form, applicant, complete=complete, **more)


def codes(faults: list[Any]) -> dict[str, str]:
    return {fault["field"]: fault["code"] for fault in faults}


def test_a_good_form_has_no_fault() -> None:
    found = check("registration", ZHANG_SAN)

    assert (found.errors, found.warnings) == ([], [])
    assert found.form == ZHANG_SAN


def test_an_empty_form_is_a_draft_but_not_a_submission() -> None:
    assert check("registration", {}, complete=False).errors == []
    assert check("registration", {}).errors == [
        {"field": "name", "message": "请填写姓名", "code": "required"},
        {"field": "id_number", "message": "请填写身份证号", "code": "required"},
        {"field": "mobile", "message": "请填写注册师本人手机号（用于接收预约短信使用）", "code": "required"},
        {"field": "retired", "message": "请选择是否退休", "code": "required"},
    ]


def test_a_fault_of_format_is_a_warning_on_saving_and_an_error_on_submitting() -> None:
    form = ZHANG_SAN | {"mobile": "123"}
    fault = {"field": "mobile", "message": "请填写正确的11位手机号", "code": "format"}

    draft = check("registration", form, complete=False)

    assert (draft.errors, draft.warnings) == ([], [fault])
    assert check("registration", form).errors == [fault]


def test_answers_are_trimmed_and_numbers_written_in_capitals() -> None:
    found = check("registration", ZHANG_SAN | {"name": "  张三 ", "id_number": " 11010519491231002x"})
    assert found.form == ZHANG_SAN


@pytest.mark.parametrize(
    ("key", "form", "field", "code"),
    [
        ("registration", {"colour": "red"}, "colour", "unknown_field"),
        ("registration", {"name": 3}, "name", "wrong_type"),
        ("registration", {"name": ["张三"]}, "name", "wrong_type"),
        ("registration", {"name": {"a": 1}}, "name", "wrong_type"),
        ("registration", {"name": "张" * 51}, "name", "too_long"),
        ("registration", {"name": "张\x00三"}, "name", "control_character"),
        ("registration", {"name": "张\u202e三"}, "name", "control_character"),
        ("registration", {"name": "张\u200b三"}, "name", "control_character"),
        ("registration", {"name": "张\ud800三"}, "name", "control_character"),
        ("registration", {"name": "张\n三"}, "name", "control_character"),
        ("registration", {"id_number": "110105********002X"}, "id_number", "masked_value"),
        ("registration", {"retired": "maybe"}, "retired", "unknown_option"),
        ("registration", {"retired": "y*"}, "retired", "masked_value"),
        ("registration", {"retired": True}, "retired", "wrong_type"),
        ("info_change", {"change_items": "name"}, "change_items", "wrong_type"),
        ("info_change", {"change_items": ["name", 3]}, "change_items", "wrong_type"),
        ("info_change", {"change_items": ["height"]}, "change_items", "unknown_option"),
        ("qualification_check", {"penalised": "yes", "penalty_note": "字" * 501}, "penalty_note", "too_long"),
        ("registration", "name=张三", "form", "wrong_type"),
        ("registration", [["name", "张三"]], "form", "wrong_type"),
    ],
)
def test_what_cannot_be_kept_is_refused_even_in_a_draft(key: str, form: Any, field: str, code: str) -> None:
    found = check(key, form, complete=False)

    assert codes(found.errors) == {field: code}
    assert field not in found.form


@pytest.mark.parametrize(
    ("key", "named"),
    [("colour", "colour"), ("c" * 65, "c" * 64), ("\ud800", "?")],
    ids=["as it is", "not at any length", "even when it is no text"],
)
def test_an_unknown_field_is_named(key: str, named: str) -> None:
    assert check("registration", {key: "red"}, complete=False).errors == [
        {"field": named, "message": "没有这一项，请刷新页面后重试", "code": "unknown_field"}
    ]


@pytest.mark.parametrize("field", ["retired", "name"])
def test_a_masked_answer_is_to_be_filled_in_whole(field: str) -> None:
    (fault,) = check("registration", {field: "张*"}, complete=False).errors

    assert fault["message"] == {"retired": "是否退休", "name": "姓名"}[field] + "含有“*”，请填写完整内容"


def test_a_note_may_have_several_lines() -> None:
    form = {"penalised": "yes", "penalty_note": "一\r\n二"}
    assert check("qualification_check", form, complete=False).form["penalty_note"] == "一\n二"


def test_choices_are_kept_once_and_in_order() -> None:
    found = check("info_change", {"change_items": ["pass_method", "name", "name"]}, complete=False)
    assert found.form["change_items"] == ["name", "pass_method"]


def test_nothing_chosen_is_a_missing_answer() -> None:
    found = check(
        "info_change", {"name": "张三", "cpa_no": "110000012345", "mobile": "13500000000", "change_items": []}
    )
    assert found.errors == [{"field": "change_items", "message": "请选择变更内容", "code": "required"}]


def test_a_value_unchanged_from_the_roster_is_taken_as_it_is() -> None:
    form = {
        "name": "王明",
        "sex": "male",
        "id_number": "10000000000000000001",
        "cpa_no": "110001",
        "mobile": "13500000000",
        "firm_name": "测试单位201",
        "is_partner": "no",
        "reason": "not_full_time",
    }

    assert codes(check("deregistration", form).errors) == {"id_number": "format"}
    found = check("deregistration", form, unchanged={"id_number", "cpa_no"})

    assert found.errors == []
    assert found.warnings[0] == {
        "field": "id_number",
        "message": "名册带入的身份证号与规定格式不符，请核对",
        "code": "unchanged_roster_value",
    }


def test_a_roster_without_a_mobile_does_not_excuse_it() -> None:
    found = check("info_backfill", {"name": "张和", "cpa_no": "110002"}, unchanged={"name", "cpa_no", "mobile"})
    assert codes(found.errors) == {"mobile": "required"}


def test_a_wrong_check_digit_is_told_but_not_refused() -> None:
    found = check("registration", ZHANG_SAN | {"id_number": "110108197505151254"})

    assert found.errors == []
    assert codes(found.warnings) == {"id_number": "checksum"}


def test_a_partner_is_told_what_to_do_first() -> None:
    (warning,) = check("deregistration", {"is_partner": "yes"}, complete=False).warnings

    assert (warning["field"], warning["code"]) == ("is_partner", "value_warning")
    assert warning["message"].startswith("若注师为所在事务所股东(合伙人)，请到总所所在地区财政部门办理股东名单变更登记")


def test_a_transfer_needs_two_firms() -> None:
    found = check("transfer", WANG_WU | {"from_firm": "测试单位201"}, account_name="测试单位201")
    assert codes(found.errors) == {"to_firm": "fields_differ"}


def test_a_transfer_between_others_is_told_but_not_refused() -> None:
    found = check("transfer", WANG_WU, account_name="测试单位202")

    assert found.errors == []
    assert codes(found.warnings) == {"to_firm": "account_is_one_of"}
    assert check("transfer", WANG_WU, account_name="测试单位201").warnings == []
    assert check("transfer", WANG_WU).warnings == []  # whose account it is, nobody said


def test_a_custody_cpa_s_own_unit_is_the_association() -> None:
    form = WANG_WU | {"from_firm": "协会代管"}
    assert check("transfer", form, applicant="custody", account_name="王五").warnings == []


def test_an_answer_that_only_firms_are_asked_for_is_kept_of_firms_alone() -> None:
    form = {"full_time": "yes"}

    assert "full_time" in check("qualification_check", form, applicant="firm").form
    assert "full_time" not in check("qualification_check", form, applicant="custody").form


def test_a_format_without_words_of_its_own_is_named_by_its_field() -> None:
    registration = catalogue().businesses["registration"]
    name = registration.field("name")
    silent = name.model_copy(update={"validator": name.validator.model_copy(update={"message": None})})
    business = registration.model_copy(update={"fields": (silent, *registration.fields[1:])})

    found = check_form(business, {"name": "张3"}, "firm", complete=False)

    assert found.warnings == [{"field": "name", "message": "请填写正确的姓名", "code": "format"}]


def test_what_is_required_may_depend_on_another_answer() -> None:
    def missing(item: str) -> bool:
        return "cpa_no" in codes(check("other_change", {"change_items": [item]}).errors)

    assert missing("platform_mobile")
    assert not missing("return_registration")


def test_answers_that_do_not_apply_stay_in_a_draft_and_leave_a_submission() -> None:
    form = WANG_WU | {"transfer_type": "out_to_other"}

    assert check("transfer", form, complete=False).form["person_type"] == "not_retired"
    assert "person_type" not in check("transfer", form).form


def test_a_question_that_appears_must_be_answered() -> None:
    form = {key: value for key, value in WANG_WU.items() if key != "person_type"}
    assert codes(check("transfer", form).errors) == {"person_type": "required"}


def test_faults_come_in_the_order_of_the_form() -> None:
    found = check("registration", {"colour": "red", "mobile": "1", "name": "张", "retired": 1})
    assert [fault["field"] for fault in found.errors] == ["name", "id_number", "mobile", "retired", "colour"]


def test_a_refusal_carries_every_fault() -> None:
    with pytest.raises(FormRefused) as refused:
        refuse_faults(check("registration", {}))

    assert refused.value.field == "name"
    assert len(refused.value.details["errors"]) == 4
    refuse_faults(check("registration", ZHANG_SAN))


def test_a_masked_value_is_a_refusal_of_its_own() -> None:
    with pytest.raises(MaskedValue) as refused:
        refuse_faults(check("registration", {"colour": 1, "mobile": "135****0000"}, complete=False))

    assert (refused.value.code, refused.value.field) == ("masked_value", "mobile")


def test_the_longest_name_is_kept() -> None:
    assert check("registration", {"name": "张" * 50}, complete=False).errors == []
    assert check("transfer", {"from_firm": "所" * 101}, complete=False).errors == [
        {"field": "from_firm", "message": "转出事务所名称不能超过100个字", "code": "too_long"}
    ]


def test_a_field_may_be_shorter_than_its_kind() -> None:
    short = catalogue().businesses["registration"].plain()
    short["fields"][0]["max"] = 4
    found = check_form(Business.read(short), {"name": "欧阳修文甫"}, "firm", complete=False)
    assert codes(found.errors) == {"name": "too_long"}
