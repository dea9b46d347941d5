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

NINTH = """
key: honorary_title
label: 荣誉称号申报
form_title: 荣誉称号申报业务办理
order: 9
applicants: [firm, custody]
guide: true
picker: roster
picker_cpa_no_label: 注师证号
list_columns: {cpa_no: true, id_number: false}
identity: [cpa_no]
paths:
  - {path: on_site_certificate, when: {field: title, eq: senior}}
  - {path: online_only}
certificate: new
desk: honours
location: service_602
in_person: self
bring: [本人有效身份证原件]
sms_phrase: 荣誉称号申报
fields:
  - {key: name, label: 姓名, type: text, required: true, validate: person_name, prefill: roster, basis: P}
  - {key: cpa_no, label: 注师证号, type: text, required: true, validate: cpa_no, prefill: roster, basis: P}
  - {key: mobile, label: 注师本人手机号, type: text, required: true, validate: mobile_cn, prefill: roster, basis: P}
  - {key: title, label: 是否资深, type: radio, options: yes_no, required: true, basis: P}
materials:
  - {key: deeds, label: 事迹材料, required: true, template: false, basis: P}
  - {key: proof, label: 资深证明, required: true, template: false, when: {field: title, eq: 'yes'}, basis: P}
basis: {business: P}
"""
FORM = {"name": "张和", "cpa_no": "110000012345", "mobile": "13500000000", "title": "yes"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "honorary_title.yaml").write_text(NINTH.replace("eq: senior", "eq: 'yes'"), "utf-8")
    return tmp_path


@pytest.fixture
def ninth(folder: Path) -> Business:
    return catalogue(folder).businesses["honorary_title"]


def test_it_stands_after_the_eight(folder: Path) -> None:
    assert list(catalogue(folder).businesses)[8:] == ["honorary_title"]
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
        shown = describe(catalogue().businesses["honorary_title"], "custody")
    assert shown.commitment.guide_link == "荣誉称号申报业务办理指南"
    assert "honorary_title" not in catalogue().businesses


def test_it_may_not_take_another_s_place(folder: Path) -> None:
    text = (folder / "honorary_title.yaml").read_text("utf-8").replace("label: 荣誉称号申报\n", "label: 注册申请\n", 1)
    (folder / "honorary_title.yaml").write_text(text, "utf-8")

    with pytest.raises(CatalogueFault, match=r"honorary_title\.yaml: label: 与业务 registration 重复"):
        catalogue(folder)


def test_a_wrong_option_in_it_stops_the_start(folder: Path) -> None:
    (folder / "honorary_title.yaml").write_text(NINTH, "utf-8")

    with pytest.raises(CatalogueFault, match=r"honorary_title\.yaml: paths\.on_site_certificate\.when: title 没有选项"):
        catalogue(folder)
