"""Fields by type, as the platform's table has them."""

import pytest

from tests.simulator.api.values import fits

GOOD = {
    "thing1": ["预", "二十个字" * 5, "A-1 张三等2人，请！"],
    "number2": ["7", "-3.25", "1" * 32],
    "letter3": ["ABC", "z" * 32],
    "symbol4": ["!@#$%"],
    "character_string5": ["BJ-2026/0001", "x" * 32],
    "time6": ["15:01", "2019年10月1日 15:01", "2019年10月1日 15:01~2019年10月1日 16:01", "9:00~10:00"],
    "date7": ["2019年10月1日", "2019-10-01", "2019/10/1 15:01", "2019.10.01", "2019年10月1日~2019年10月7日"],
    "amount8": ["¥100", "100.00元", "1234567890"],
    "phone_number9": ["+86-0766-66888866", "13800000001"],
    "car_number10": ["粤A8Z888挂"],
    "name11": ["张三", "欧阳一二三四五六七八", "John Smith", "a" * 20],
    "phrase12": ["已提交", "审核不通过"],
    "enum13": ["已完成"],
}
BAD = {
    "thing1": ["", "   ", "二十个字" * 5 + "一", "两\n行", "\x07"],
    "number2": ["", "七", "1.", "1" * 33],
    "letter3": ["a1", "字", "z" * 33],
    "symbol4": ["a", "!!!!!!"],
    "character_string5": ["编号1", "x" * 33],
    "time6": ["25:00", "3点", "2019-10-01 15:01", "15:01~"],
    "date7": ["2019年13月1日", "10月1日", "2019-10/01", "明天"],
    "amount8": ["一百", "12345678901", "100USD"],
    "phone_number9": ["1" * 18, "电话"],
    "car_number10": ["粤A12345678"],
    "name11": ["欧阳一二三四五六七八九", "a" * 21, "张三3"],
    "phrase12": ["审核未通过了", "OK", "已提交!"],
    "surprise1": ["值"],
    "thing": ["值"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in GOOD.items() for value in values])
def test_what_fits(key: str, value: str) -> None:
    assert fits(key, value)


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in BAD.items() for value in values])
def test_what_does_not_fit(key: str, value: str) -> None:
    assert not fits(key, value)


@pytest.mark.parametrize("value", [None, 7, ["值"], {"value": "值"}])
def test_only_texts_fit(value: object) -> None:
    assert not fits("thing1", value)
