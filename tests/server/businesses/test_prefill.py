"""Where answers come from before anybody types them."""

import pytest

from server.businesses import Known, catalogue, prefilled
from server.businesses.prefill import sex_of

ZHANG_HE = {"name": "张和", "cpa_no": "110002", "id_number": "100001002", "mobile": None}


def test_a_chosen_person_fills_the_form_as_the_roster_has_it() -> None:
    business = catalogue().businesses["deregistration"]
    found = prefilled(business, {}, Known("firm", "测试单位201", ZHANG_HE))

    assert found == {"name": "张和", "id_number": "100001002", "cpa_no": "110002", "firm_name": "测试单位201"}


def test_what_was_typed_stays_except_in_read_only_fields() -> None:
    business = catalogue().businesses["deregistration"]
    form = {"name": "张禾", "firm_name": "别的所"}

    found = prefilled(business, form, Known("firm", "测试单位201", ZHANG_HE))

    assert "name" not in found
    assert found["firm_name"] == "测试单位201"


@pytest.mark.parametrize(
    ("id_number", "sex"),
    [("11010519491231002X", "female"), ("110108197505151254", "male"), ("100001002", None), ("", None)],
)
def test_the_seventeenth_digit_tells_the_sex(id_number: str, sex: str | None) -> None:
    assert sex_of(id_number) == sex


def test_sex_follows_from_the_number_that_the_roster_gave() -> None:
    business = catalogue().businesses["deregistration"]
    person = ZHANG_HE | {"id_number": "110108197505151254"}

    # 性别 stands before 身份证号 in the form
    assert prefilled(business, person, Known("firm", "测试单位201", person))["sex"] == "male"
    assert prefilled(business, {}, Known("firm", "测试单位201", person))["sex"] == "male"


def test_a_custody_cpa_belongs_to_the_association() -> None:
    deregistration = prefilled(catalogue().businesses["deregistration"], {}, Known("custody", "赵六"))
    transfer = prefilled(catalogue().businesses["transfer"], {}, Known("custody", "赵六"))

    assert deregistration == {"firm_name": "协会代管", "is_partner": "no"}
    assert transfer == {"from_firm": "协会代管"}


def test_the_year_comes_from_the_open_window() -> None:
    business = catalogue().businesses["qualification_check"]

    assert prefilled(business, {}, Known("firm", window_year=2026)) == {"check_year": "2026"}
    assert prefilled(business, {}, Known("firm")) == {}


def test_the_firm_to_go_to_follows_from_the_chosen_type() -> None:
    business = catalogue().businesses["transfer"]

    assert prefilled(business, {"transfer_type": "bj_to_custody"}, Known("firm")) == {"to_firm": "协会代管"}
    assert prefilled(business, {"transfer_type": "bj_to_firm"}, Known("firm")) == {}
