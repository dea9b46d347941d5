"""Editions: what was decided is kept with the decision, byte for byte."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tortoise import Tortoise

from models.businesses import BusinessEdition
from models.orm import orm_config
from server.businesses import Business, Catalogue, catalogue, current_edition, edition_of, load_edition, use_catalogue
from server.businesses.edition import differences
from server.businesses.editions import find_edition, store_editions
from server.businesses.refusals import UnknownBusiness, UnknownEdition


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[None]:
    await Tortoise.init(config=orm_config("", tmp_path, 5), _enable_global_fallback=True)
    await Tortoise.generate_schemas()
    yield
    await Tortoise.close_connections()


def changed(business: Business, **values: object) -> Business:
    return Business.read(business.plain() | values)


def with_changed(key: str, **values: object) -> Catalogue:
    new = changed(catalogue().businesses[key], **values)
    businesses = catalogue().businesses | {key: new}
    return catalogue().model_copy(
        update={"businesses": businesses, "editions": {k: edition_of(b) for k, b in businesses.items()}}
    )


def test_a_loaded_edition_is_the_business_that_was_written() -> None:
    for key, business in catalogue().businesses.items():
        edition = current_edition(key)
        assert load_edition(edition.body) == business
        assert edition_of(load_edition(edition.body)) == edition
        assert edition.digest == hashlib.sha256(edition.body.encode()).hexdigest()


def test_an_edition_needs_no_other_file() -> None:
    business = load_edition(current_edition("deregistration").body)

    assert business.location is not None
    assert business.location.phone == "010-88221092"
    assert business.field("reason").options[0].label == "不在会计师事务所专职执业的"
    assert business.commitment.text.startswith("我承诺")
    validator = business.field("mobile").validator
    assert validator is not None
    assert validator.message == "请填写正确的11位手机号"


def test_any_change_is_a_new_edition() -> None:
    business = catalogue().businesses["registration"]
    assert edition_of(changed(business, sms_phrase="注册")).digest != edition_of(business).digest


def test_the_order_of_keys_in_a_file_is_no_change() -> None:
    business = catalogue().businesses["registration"]
    turned = Business.read(dict(reversed(business.plain().items())) | {"basis": dict(reversed(business.basis.items()))})
    assert edition_of(turned) == edition_of(business)


def test_no_edition_of_an_unknown_business() -> None:
    with pytest.raises(UnknownBusiness):
        current_edition("divorce")


def test_a_draft_that_moves_on_is_told_what_changed() -> None:
    old = catalogue().businesses["registration"]
    rows = old.plain()
    rows["materials"][1]["required"] = False
    fields = [*rows["fields"], rows["fields"][0] | {"key": "alias", "label": "曾用名"}]
    new = changed(old, materials=rows["materials"][:-1], fields=fields)

    assert differences(old, new) == [
        "曾用名",
        "全科合格证（或考核通过文件）扫描件",
        "在会计师事务所从事审计业务累计两年的证明材料",
    ]
    assert differences(old, old) == []


async def test_migrating_writes_each_edition_once(database: None) -> None:
    assert await store_editions(catalogue()) == list(catalogue().businesses)
    assert await store_editions(catalogue()) == []
    assert await BusinessEdition.all().count() == 8


async def test_only_what_changed_gets_a_new_row(database: None) -> None:
    await store_editions(catalogue())

    assert await store_editions(with_changed("transfer", sms_phrase="转所")) == ["transfer"]
    assert await BusinessEdition.filter(key="transfer").count() == 2


async def test_an_old_edition_is_read_as_it_was(database: None) -> None:
    await store_editions(catalogue())
    old = current_edition("transfer").digest

    with use_catalogue(with_changed("transfer", sms_phrase="转所")):
        assert current_edition("transfer").digest != old
        assert (await find_edition(old)).sms_phrase == "注册会计师关系转移"

    assert await find_edition(old) is catalogue().businesses["transfer"]


async def test_an_edition_never_written_is_not_found(database: None) -> None:
    with pytest.raises(UnknownEdition):
        await find_edition("0" * 64)
