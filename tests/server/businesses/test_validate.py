"""Formats of single answers, with the manual's own numbers and those of the public rules."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from server import clock
from server.businesses import catalogue
from server.businesses.validate import Finding, Level, examine, has_valid_checksum, normalised


def levels(name: str, value: str) -> list[Level]:
    return [finding.level for finding in examine(catalogue().validators[name], value)]


def messages(name: str, value: str) -> list[str | None]:
    return [finding.message for finding in examine(catalogue().validators[name], value)]


def accepts(name: str, value: str) -> bool:
    return Level.ERROR not in levels(name, value)


@pytest.fixture
def fixed_clock() -> Iterator[None]:
    """Some day in 2026, whatever the real one."""
    clock.set_offset((clock.at(clock.today().replace(year=2026, day=1), "10:00") - clock.now()).total_seconds())
    yield
    clock.set_offset(0)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_standard_s_own_numbers_have_a_valid_check_digit(number: str) -> None:
    assert has_valid_checksum(number)


def test_one_wrong_digit_is_noticed() -> None:
    assert not has_valid_checksum("110105194912310020")
    assert not has_valid_checksum("11010519491231003X")
    assert not has_valid_checksum("")
    assert not has_valid_checksum("１１０１０５１９４９１２３１００２X")  # full-width digits


@pytest.mark.parametrize("number", ["110108197505151254", "110106194709200611"])
def test_the_manual_s_numbers_are_taken_with_a_warning(number: str) -> None:
    assert levels("id_any", number) == [Level.WARN]
    assert messages("id_any", number) == ["身份证号校验位不符，请核对"]


@pytest.mark.parametrize("number", ["110101197502301234", "110101202102291234", "110101197513011234"])
def test_a_birth_date_that_does_not_exist_is_refused(number: str) -> None:
    assert not accepts("id_any", number)


def test_a_birth_date_in_the_future_is_refused(fixed_clock: None) -> None:
    tomorrow = (clock.today() + timedelta(days=1)).strftime("%Y%m%d")
    today = clock.today().strftime("%Y%m%d")

    assert messages("resident_id", f"110101{tomorrow}1234") == ["身份证号中的出生日期不正确"]
    assert accepts("resident_id", f"110101{today}1234")


@pytest.mark.parametrize(
    ("number", "accepted"),
    [
        ("11010519491231002X", True),
        ("11010519491231002x", True),
        ("012345678901234567", False),  # 18 digits are a resident's number and nothing else
        ("810000199001011234", True),  # residence permit of Hong Kong people: the same format
        ("1234567", False),
        ("12345678", True),  # 台胞证
        ("123456789", True),  # 护照
        ("1234567890", True),  # 台胞证
        ("12345678901", False),
        ("11010519491231", False),
        ("110105194912310", False),  # the fifteen digits of old
        ("100001002", True),
        ("10000000000000000001", False),  # the manual's roster: only unchanged
        ("H12345678", True),
        ("M1234567801", True),
        ("E12345678", True),
        ("军字第1234567号", True),
        ("军1234567", True),
        ("CHN123456789012", True),
        ("ab", False),
        ("11010519491231002 X", False),
        ("１１０１０５１９４９１２３１００２", False),  # full-width digits
    ],
)
def test_digits_are_routed_by_length_and_letters_by_kind(number: str, accepted: bool) -> None:
    assert accepts("id_any", number) is accepted


def test_the_refusal_names_the_kind_that_was_meant() -> None:
    assert messages("id_any", "012345678901234567") == ["请填写正确的18位身份证号"]
    assert messages("id_any", "12345") == ["请填写正确的证件号码"]


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("张三", True),
        ("䶮㛃", True),
        ("𠮷田", True),
        ("\U000323af一", True),
        ("阿卜杜拉·买买提", True),
        ("John Smith", True),
        ("张", False),
        ("张3", False),
        ("张三\n", False),
        ("<b>张三</b>", False),
        ("张" * 51, False),
    ],
)
def test_names_are_accepted_in_all_han_ranges(name: str, accepted: bool) -> None:
    assert accepts("person_name", name) is accepted


@pytest.mark.parametrize(
    ("number", "accepted"),
    [
        ("13500000000", True),
        ("135００００００００", False),
        ("19912345678", True),
        ("12345678901", False),
        ("1350000000", False),
        ("+8613500000000", False),
    ],
)
def test_mobiles(number: str, accepted: bool) -> None:
    assert accepts("mobile_cn", number) is accepted


def test_a_cpa_number_of_twelve_digits_is_typical_and_others_get_a_hint() -> None:
    assert levels("cpa_no", "110000012345") == []
    assert levels("cpa_no", "110002") == [Level.HINT]
    assert levels("cpa_no", "AB123456789") == [Level.HINT]
    assert levels("cpa_no", "12") == [Level.ERROR]


def test_a_hint_says_what_is_usual() -> None:
    assert examine(catalogue().validators["cpa_no"], "110002") == [
        Finding(Level.HINT, "untypical", "注册会计师证号一般为12位数字，请核对")
    ]


def test_a_hint_without_words_of_its_own_says_what_is_expected() -> None:
    validator = catalogue().validators["cpa_no"].model_copy(update={"typical_message": None})
    assert examine(validator, "110002") == [Finding(Level.HINT, "untypical", "请填写正确的注册会计师证号")]


def test_a_firm_number_is_lenient_too() -> None:
    assert levels("firm_no", "11000001") == []
    assert levels("firm_no", "201") == [Level.HINT]


def test_a_residence_permit_s_check_digit_is_hard() -> None:
    assert accepts("hmt_residence", "810000199408230021")
    assert not accepts("hmt_residence", "810000199408230022")


def test_a_date_is_a_day_of_the_calendar_not_after_today() -> None:
    assert accepts("past_date", "2001-02-28")
    assert not accepts("past_date", "2001-02-29")
    assert not accepts("past_date", "20010228")
    assert not accepts("past_date", "9999-01-01")


def test_where_no_date_is_found_there_is_none() -> None:
    validator = catalogue().validators["past_date"].model_copy(update={"regex": None})
    assert [finding.level for finding in examine(validator, "昨天")] == [Level.ERROR]


def test_only_numbers_are_written_in_capitals() -> None:
    assert normalised(catalogue().validators["person_name"], "John Smith") == "John Smith"
    assert normalised(catalogue().validators["id_any"], "11010519491231002x") == "11010519491231002X"
    assert normalised(None, "abc") == "abc"


def test_over_long_values_are_refused() -> None:
    assert accepts("firm_name", "所" * 100)
    assert not accepts("firm_name", "所" * 101)
