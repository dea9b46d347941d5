"""What staff enter at the end, and what becomes of the roster."""

from typing import Any

import pytest

from server.businesses import Business, check_result, result_fields, roster_change
from server.businesses.catalogue import find_business
from server.businesses.vocabulary import Effect, RosterColumn

ZHANG_SAN = {"name": "张三", "id_number": "11010519491231002X", "mobile": "13500000000", "retired": "no"}


def fields(key: str, form: dict[str, Any], path: str, step: str) -> list[str]:
    return [field.key for field in result_fields(find_business(key), form, "firm", path=path, step=step)]


def test_a_new_cpa_gets_his_number_when_the_certificate_is_made() -> None:
    assert fields("registration", ZHANG_SAN, "on_site_certificate", "certificate_ready") == ["cpa_no"]
    assert fields("registration", ZHANG_SAN, "on_site_certificate", "complete") == []


def test_he_joins_the_roster_with_it() -> None:
    change = roster_change(
        find_business("registration"),
        ZHANG_SAN,
        "firm",
        {"cpa_no": "110000019999"},
        path="on_site_certificate",
        step="certificate_ready",
    )

    assert change is not None
    assert change.effect is Effect.ADD
    assert change.values == {
        RosterColumn.NAME: "张三",
        RosterColumn.CPA_NO: "110000019999",
        RosterColumn.ID_NUMBER: "11010519491231002X",
        RosterColumn.MOBILE: "13500000000",
    }


def test_the_number_cannot_be_left_out_nor_be_nonsense() -> None:
    def faults(result: object) -> list[tuple[str, str]]:
        business, at = find_business("registration"), {"path": "on_site_certificate", "step": "certificate_ready"}
        return [(f["field"], f["code"]) for f in check_result(business, ZHANG_SAN, "firm", result, **at).errors]

    assert faults(None) == [("cpa_no", "required")]
    assert faults({"cpa_no": "??"}) == [("cpa_no", "format")]
    assert faults({"cpa_no": "110000019999", "colour": "red"}) == [("colour", "unknown_field")]
    assert faults({"cpa_no": "110000019999"}) == []


def test_a_change_asks_for_the_new_value_of_each_chosen_item() -> None:
    form = {"change_items": ["name", "registration_date"]}

    assert fields("info_change", form, "on_site_certificate", "certificate_ready") == [
        "new_name",
        "new_registration_date",
    ]
    assert fields("info_change", form, "on_site_certificate", "complete") == []


def test_a_change_without_a_visit_asks_when_it_is_done() -> None:
    assert fields("info_change", {"change_items": ["full_pass_no"]}, "online_only", "complete") == ["new_full_pass_no"]


def test_every_item_of_a_change_has_its_new_value() -> None:
    for item in find_business("info_change").field("change_items").values:
        assert len(fields("info_change", {"change_items": [item]}, "online_only", "complete")) == 1


def test_the_roster_keeps_what_it_has_columns_for() -> None:
    business, at = find_business("info_change"), {"path": "online_only", "step": "complete"}

    new = {"new_resident_id": "11010519491231002X", "new_pass_method": "考试"}
    change = roster_change(business, {}, "firm", new, **at)

    assert change is not None
    assert (change.effect, change.values) == (Effect.UPDATE, {RosterColumn.ID_NUMBER: "11010519491231002X"})
    assert roster_change(business, {}, "firm", {"new_pass_method": "考试"}, **at) is None


@pytest.mark.parametrize(
    ("key", "kind", "effect", "column", "value"),
    [
        ("deregistration", None, Effect.REMOVE, RosterColumn.CPA_NO, "110002"),
        ("transfer", "bj_to_firm", Effect.MOVE, RosterColumn.FIRM, "协会代管"),
        ("transfer", "in_to_custody", Effect.MOVE, RosterColumn.FIRM, "协会代管"),
        ("transfer", "out_to_other", Effect.REMOVE, RosterColumn.CPA_NO, "110002"),
    ],
)
def test_leaving_and_moving_happen_at_the_desk(
    key: str, kind: str | None, effect: Effect, column: RosterColumn, value: str
) -> None:
    """Who goes to another province leaves our register, also when 协会代管, of over there, is where he goes."""
    form = {"cpa_no": "110002", "transfer_type": kind, "to_firm": "协会代管"}

    change = roster_change(find_business(key), form, "firm", {}, path="on_site_only", step="complete")

    assert change is not None
    assert change.effect is effect
    assert change.values[column] == value


READY = {"path": "on_site_certificate", "step": "certificate_ready"}


def for_custody() -> Business:
    """A registration that asks CPAs in custody since when, and of those of long standing more than of others."""
    plain = find_business("registration").plain()
    custody = {"applicant": "custody"}
    when = {"all": [custody, {"field": "since", "eq": "a"}]}
    choices = {"options": [{"value": value, "label": value} for value in "ab"], "basis": "P", "required": False}
    plain["fields"].append(choices | {"key": "since", "label": "代管时间", "type": "radio", "when": custody})
    plain["result"]["fields"] = [
        {"key": "note", "label": "备注", "type": "text", "required": {"when": custody}, "basis": "P"},
        choices | {"key": "picks", "label": "事项", "type": "checkbox", "min": 2, "when": when},
    ]
    plain["roster_effects"][0]["when"] = when
    return Business.read(plain)


def test_what_is_asked_at_the_end_may_depend_on_the_kind_of_applicant() -> None:
    def asked(applicant: str) -> list[str]:
        return [field.key for field in result_fields(for_custody(), {"since": "a"}, applicant, **READY)]

    assert asked("firm") == ["note"]
    assert asked("custody") == ["note", "picks"]


def test_what_must_be_entered_may_depend_on_the_kind_of_applicant() -> None:
    def errors(applicant: str) -> list[Any]:
        return check_result(for_custody(), {"since": "a"}, applicant, {"picks": ["a"]}, **READY).errors

    assert [(fault["field"], fault["code"]) for fault in errors("firm")] == [("picks", "unknown_field")]
    assert errors("custody") == [
        {"field": "note", "message": "请填写备注", "code": "required"},
        {"field": "picks", "message": "事项至少选择2项", "code": "too_few"},
    ]


def test_what_is_entered_is_kept_within_its_length() -> None:
    business = for_custody()
    found = check_result(business, {"since": "a"}, "custody", {"note": " 已核对 ", "picks": ["b", "a"]}, **READY)
    long = check_result(business, {}, "firm", {"note": "字" * 501}, **READY)

    assert (found.errors, found.warnings) == ([], [])
    assert found.form == {"note": "已核对", "picks": ["a", "b"]}
    assert [fault["message"] for fault in long.errors] == ["备注不能超过500个字"]


def test_the_roster_may_change_for_one_kind_of_applicant_only() -> None:
    def changes(applicant: str) -> bool:
        return roster_change(for_custody(), ZHANG_SAN | {"since": "a"}, applicant, {}, **READY) is not None

    assert (changes("firm"), changes("custody")) == (False, True)


def test_other_businesses_leave_the_roster_alone() -> None:
    for key, path in (("certificate_reissue", "on_site_certificate"), ("qualification_check", "online_only")):
        for step in ("complete", "certificate_ready", "certificate_collected"):
            assert roster_change(find_business(key), {"cpa_no": "110002"}, "firm", {}, path=path, step=step) is None


def test_a_check_ends_with_one_of_three_results() -> None:
    business, at = find_business("qualification_check"), {"path": "online_only", "step": "complete"}

    assert check_result(business, {}, "firm", {"check_result": "passed"}, **at).errors == []
    assert check_result(business, {}, "firm", {"check_result": "great"}, **at).errors[0]["code"] == "unknown_option"
