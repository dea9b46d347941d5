"""A new business is a new file and no Python."""

from pathlib import Path

import pytest

from server.businesses import (
    Business,
    CatalogueFault,
    catalogue,
    check_form,
    edition_of,
    load_edition,
    requirements,
    use_catalogue,
)
from server.businesses.describe import describe
from server.businesses.vocabulary import Path as Road
from tests.server.businesses.ninth import FORM, KEY, NINTH, write_ninth

WRONG_PATH = "on_site_certificate, when: {field: title, eq: senior}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_ninth(tmp_path)


@pytest.fixture
def ninth(folder: Path) -> Business:
    return catalogue(folder).businesses[KEY]


def test_it_stands_after_the_eight(folder: Path) -> None:
    assert list(catalogue(folder).businesses)[8:] == [KEY]
    assert len(catalogue().businesses) == 8


def test_its_conditions_are_evaluated(ninth: Business) -> None:
    found = requirements(ninth, FORM, "firm")

    assert [material.key for material in found.materials] == ["deeds", "proof"]
    assert found.path is Road.ON_SITE_CERTIFICATE
    assert requirements(ninth, FORM | {"title": "no"}, "firm").path is Road.ONLINE_ONLY
    assert requirements(ninth, {}, "firm").waiting_for == ("title",)


def test_its_form_is_checked(ninth: Business) -> None:
    assert check_form(ninth, FORM, "firm", complete=True).errors == []
    assert len(check_form(ninth, {}, "firm", complete=True).errors) == 4


def test_its_edition_round_trips(ninth: Business) -> None:
    assert load_edition(edition_of(ninth).body) == ninth
    assert ninth.desk == "honours"


def test_it_is_shown_once_it_is_in_force(folder: Path) -> None:
    with use_catalogue(catalogue(folder)) as other:
        assert catalogue() is other
        shown = describe(catalogue().businesses[KEY], "custody")
    assert shown.commitment.guide_link == "荣誉称号申报业务办理指南"
    assert KEY not in catalogue().businesses


def test_it_may_not_take_another_s_place(folder: Path) -> None:
    write_ninth(folder, NINTH.replace("label: 荣誉称号申报\n", "label: 注册申请\n", 1))

    with pytest.raises(CatalogueFault, match=r"honorary_title\.yaml: label: 与业务 registration 重复"):
        catalogue(folder)


def test_a_wrong_option_in_it_stops_the_start(folder: Path) -> None:
    write_ninth(folder, NINTH.replace("on_site_certificate, when: {field: title, eq: 'yes'}", WRONG_PATH))

    with pytest.raises(CatalogueFault, match=r"honorary_title\.yaml: paths\.on_site_certificate\.when: title 没有选项"):
        catalogue(folder)
