"""Which fields and materials apply to the answers given (系统根据输入信息匹配需要上传的材料)."""

from typing import Any

import pytest

from server.businesses import Business, Path, Requirements, catalogue, choose_path, identity_of, requirements


def of(key: str, form: dict[str, Any], applicant: str = "firm") -> Requirements:
    return requirements(catalogue().businesses[key], form, applicant)


def materials(key: str, form: dict[str, Any], applicant: str = "firm") -> list[str]:
    return [material.key for material in of(key, form, applicant).materials]


def fields(key: str, form: dict[str, Any], applicant: str = "firm") -> list[str]:
    return [field.key for field in of(key, form, applicant).fields]


def test_no_material_before_the_question_of_retirement_is_answered() -> None:
    found = of("registration", {"name": "张三"})

    assert found.materials == ()
    assert found.waiting_for == ("retired",)


@pytest.mark.parametrize("answer", ["", None, "maybe", True, ["no"]])
def test_an_answer_that_is_no_option_is_no_answer(answer: object) -> None:
    assert of("registration", {"retired": answer}).waiting_for == ("retired",)


def test_someone_not_retired_brings_the_seven_materials_of_the_manual() -> None:
    assert materials("registration", {"retired": "no"}) == [
        "registration_form",
        "full_pass_certificate",
        "labor_contract",
        "id_card",
        "social_insurance_two_years",
        "social_insurance_last_month",
        "archive_certificate",
    ]


def test_someone_retired_brings_his_retirement_certificate_instead() -> None:
    assert materials("registration", {"retired": "yes"}) == [
        "registration_form",
        "full_pass_certificate",
        "reemployment_agreement",
        "id_card",
        "retirement_certificate",
        "audit_experience_proof",
    ]


def test_the_kind_of_person_is_asked_only_when_a_firm_of_ours_takes_him() -> None:
    assert "person_type" not in fields("transfer", {})
    assert "person_type" in fields("transfer", {"transfer_type": "bj_to_firm"})
    assert "person_type" in fields("transfer", {"transfer_type": "in_to_firm"})
    assert "person_type" not in fields("transfer", {"transfer_type": "out_to_other"})


def test_a_transfer_waits_for_the_question_that_has_just_appeared() -> None:
    assert of("transfer", {"transfer_type": "bj_to_firm"}).waiting_for == ("person_type",)
    assert of("transfer", {"transfer_type": "bj_to_custody"}).waiting_for == ()


def test_an_answer_to_a_question_no_longer_asked_does_not_count() -> None:
    left_over = {"transfer_type": "in_to_custody", "person_type": "retired"}

    assert materials("transfer", left_over) == [
        "transfer_form",
        "cpa_certificate",
        "annual_check_qr",
        "id_card",
        "other",
    ]


def test_a_question_that_hangs_on_another_goes_with_it() -> None:
    plain = catalogue().businesses["transfer"].plain()
    further = plain["fields"][0] | {
        "key": "since",
        "label": "退休日期",
        "when": {"field": "person_type", "eq": "retired"},
    }
    business = Business.read(plain | {"fields": [*plain["fields"], further]})

    def shown(transfer_type: str) -> bool:
        found = requirements(business, {"transfer_type": transfer_type, "person_type": "retired"}, "firm")
        return "since" in {field.key for field in found.fields}

    assert shown("bj_to_firm")
    assert not shown("bj_to_custody")


def test_several_changes_bring_the_union_of_their_materials() -> None:
    assert materials("info_change", {"change_items": ["pass_method", "name"]}) == [
        "id_card",
        "household_proof",
        "full_pass_certificate",
        "cpa_certificate",
    ]


def test_a_business_without_conditions_lists_its_materials_at_once() -> None:
    assert materials("certificate_reissue", {}) == ["reissue_application", "loss_notice"]


def test_optional_materials_are_told_from_required_ones() -> None:
    found = of("deregistration", {})
    assert [material.key for material in found.materials if material.key not in found.required_materials] == ["other"]


def test_a_number_is_not_required_of_one_who_has_none_yet() -> None:
    assert "cpa_no" in of("other_change", {"change_items": ["platform_mobile"]}).required
    assert "cpa_no" not in of("other_change", {"change_items": ["return_registration"]}).required


def test_firms_and_custody_cpas_are_asked_different_things() -> None:
    assert "full_time" in fields("qualification_check", {}, "firm")
    assert "full_time" not in fields("qualification_check", {}, "custody")
    assert "social_insurance_last_year" not in materials(
        "qualification_check", {"person_type": "not_retired"}, "custody"
    )


def test_the_path_follows_from_the_answers() -> None:
    info_change = catalogue().businesses["info_change"]

    assert choose_path(info_change, {"change_items": ["name"]}, "firm") is Path.ON_SITE_CERTIFICATE
    assert choose_path(info_change, {"change_items": ["pass_method"]}, "firm") is Path.ONLINE_ONLY
    assert of("info_change", {}).path is None
    assert of("deregistration", {}).path is Path.ON_SITE_ONLY
    assert [path.on_site for path in Path] == [True, True, False]


def test_the_name_of_the_next_firm_is_preset_by_the_chosen_type() -> None:
    chosen = {"transfer_type": "in_to_custody", "to_firm": "甲所"}
    assert of("transfer", chosen).presets == {"to_firm": "协会代管"}


@pytest.mark.parametrize(
    ("key", "form", "person"),
    [
        ("registration", {"id_number": "11010519491231002X", "name": "张三"}, ("id_number", "11010519491231002X")),
        ("transfer", {"cpa_no": "123456"}, ("cpa_no", "123456")),
        ("certificate_reissue", {"id_number": "12345678"}, ("id_number", "12345678")),
        ("other_change", {"cpa_no": "", "name": "李四"}, ("name", "李四")),
        ("other_change", {"cpa_no": "110002", "name": "李四"}, ("cpa_no", "110002")),
        ("registration", {}, None),
    ],
)
def test_whom_an_application_is_about(key: str, form: dict[str, str], person: tuple[str, str] | None) -> None:
    assert identity_of(catalogue().businesses[key], form) == person
