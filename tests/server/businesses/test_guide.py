"""Conditions in words, also those that no business uses yet."""

from typing import Any

import pytest

from server.businesses import Condition, catalogue
from server.businesses.catalogue import find_business
from server.businesses.guide import can_hold, condition_text


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ({"field": "person_type", "eq": "retired"}, "人员类型为“退休”"),
        (
            {"field": "transfer_type", "in": ["bj_to_firm", "bj_to_custody"]},
            "关系转移类型为“转入事务所”或“转入协会代管”",
        ),
        ({"applicant": "custody"}, "申请人为协会代管注册会计师"),
        ({"not": {"field": "person_type", "eq": "retired"}}, "不属于“人员类型为“退休””的情形"),
        (
            {"any": [{"applicant": "firm"}, {"field": "person_type", "eq": "retired"}]},
            "申请人为会计师事务所或人员类型为“退休”",
        ),
    ],
)
def test_a_condition_in_words(when: dict[str, Any], text: str) -> None:
    assert condition_text(find_business("transfer"), Condition.read(when), catalogue()) == text


def test_a_choice_of_several_in_words() -> None:
    when = Condition.read({"field": "change_items", "contains_any": ["name", "cpa_no"]})
    text = condition_text(find_business("info_change"), when, catalogue())
    assert text == "变更内容包含“姓名 (证书信息)”或“注册会计师编号”"


def test_the_kind_of_applicant_may_rule_a_condition_out() -> None:
    firm_only = Condition.read({"all": [{"applicant": "firm"}, {"field": "a", "eq": "x"}]})

    assert can_hold(firm_only, "firm")
    assert not can_hold(firm_only, "custody")
    assert can_hold(Condition.read({"field": "a", "eq": "x"}), "custody")
    assert can_hold(None, "custody")
