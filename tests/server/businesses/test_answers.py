"""An answer as it is read by people, and whether it is one."""

import pytest

from server.businesses import catalogue, check_form
from server.businesses.answers import answer_text, answered
from server.businesses.schema import FormField


def field(business: str, key: str) -> FormField:
    return catalogue().businesses[business].field(key)


@pytest.mark.parametrize(
    ("business", "key", "answer", "text"),
    [
        ("registration", "name", "张三", "张三"),
        ("registration", "retired", "no", "否"),
        ("registration", "retired", "an option of old", "an option of old"),
        ("info_change", "change_items", ["pass_method", "registration_date"], "通过方式、注册日期"),
        ("info_change", "change_items", [], ""),
        ("registration", "name", None, ""),
        ("registration", "name", "", ""),
    ],
)
def test_options_are_read_by_their_labels(business: str, key: str, answer: object, text: str) -> None:
    assert answer_text(field(business, key), answer) == text


@pytest.mark.parametrize(
    ("business", "key", "answer", "is_one"),
    [
        ("registration", "name", "张三", True),
        ("registration", "name", "", False),
        ("registration", "retired", "no", True),
        ("registration", "retired", "maybe", False),
        ("info_change", "change_items", ["name"], True),
        ("info_change", "change_items", ["name", "height"], False),
        ("info_change", "change_items", [], False),
        ("info_change", "change_items", "name", False),
    ],
)
def test_an_answer_is_one_of_the_options_where_there_are_some(
    business: str, key: str, answer: object, is_one: bool
) -> None:
    assert answered({key: answer}, field(business, key)) is is_one


def test_what_is_no_form_at_all_is_refused_as_such() -> None:
    found = check_form(catalogue().businesses["registration"], "name=张三", "firm", complete=False)  # type: ignore[arg-type]

    assert found.errors == [{"field": "form", "message": "form的格式不正确", "code": "wrong_type"}]
