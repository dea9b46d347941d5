"""Rules over several answers at once."""

from server.businesses.checks import CrossCheck, holds


def check(rule: str) -> CrossCheck:
    return CrossCheck.read({"rule": rule, "fields": ["from", "to"], "message": "不对", "basis": "P"})


def test_two_firms_must_differ() -> None:
    assert holds(check("fields_differ"), {"from": "甲所", "to": "乙所"}, "甲所")
    assert not holds(check("fields_differ"), {"from": "甲所", "to": "甲所"}, "甲所")


def test_the_account_s_firm_should_be_one_of_them() -> None:
    assert holds(check("account_is_one_of"), {"from": "甲所", "to": "乙所"}, "乙所")
    assert not holds(check("account_is_one_of"), {"from": "甲所", "to": "乙所"}, "丙所")


def test_an_account_of_unknown_name_is_not_judged() -> None:
    assert holds(check("account_is_one_of"), {"from": "甲所", "to": "乙所"}, "")


def test_nothing_is_judged_before_all_is_answered() -> None:
    assert holds(check("fields_differ"), {"from": "甲所"}, "")
    assert holds(check("account_is_one_of"), {"from": "甲所", "to": ""}, "丙所")
