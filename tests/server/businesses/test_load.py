"""A wrong file stops the start and says which file and which key."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from server.businesses import CatalogueFault
from server.businesses.files import read_yaml
from server.businesses.load import CONFIG, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the configured catalogue."""
    for name in ("options", "validators", "places", "states", "defaults", "calendar"):
        shutil.copy(CONFIG / f"{name}.yaml", tmp_path)
    shutil.copytree(CONFIG / "businesses", tmp_path / "businesses")
    return tmp_path


def change(path: Path, *keys: str | int, to: Any) -> None:
    data = yaml.safe_load(path.read_text("utf-8"))
    part = data
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = to
    path.write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")


def fault(folder: Path) -> str:
    with pytest.raises(CatalogueFault) as wrong:
        load(folder=folder)
    return str(wrong.value)


def test_an_untouched_copy_loads_to_the_same_catalogue(folder: Path) -> None:
    assert load(folder=folder) == load()


DIFFER = {"rule": "fields_differ", "fields": ["name", "age"], "message": "x", "basis": "P"}

# What is broken in registration.yaml (name, id_number, mobile, retired), and what the start says.
REGISTRATION = [
    (("colour",), "red", "registration.yaml: colour: 不认识的键"),
    (("guide",), "yes", "registration.yaml: guide: "),
    (("order",), 2, "registration.yaml: order: 与业务 deregistration 重复"),
    (("key",), "enrolment", "registration.yaml: key: enrolment 应与文件名相同"),
    (("location",), "office", "registration.yaml: location: 没有名为 office 的项"),
    (("fields", 1, "validate"), "passport_no", "fields.id_number.validate: 没有名为 passport_no 的项"),
    (("fields", 3, "options"), "maybe", "registration.yaml: fields.retired.options: 没有名为 maybe 的项"),
    (("fields", 3, "type"), "slider", "registration.yaml: fields.retired.type: "),
    (("fields", 3, "label"), "姓名", "registration.yaml: fields: 重复: 姓名"),
    (("fields", 2, "key"), "name", "registration.yaml: fields: 重复: name"),
    (("fields", 0, "basis"), "X", "registration.yaml: fields.name.basis: "),
    (("fields", 0, "label"), True, "registration.yaml: fields.name.label: 应为文字（yes/no、数字和日期要加引号）"),
    (("fields", 0, "options"), "yes_no", "registration.yaml: fields.name.options: 选择类的项必须有选项，其余不得有"),
    (("fields", 0, "readonly"), True, "registration.yaml: fields.name.prefill: 只读的项必须由系统带入"),
    (("fields", 0, "prefill"), "preset_from_option", "preset_from_option 与 preset_from 须同用"),
    (("fields", 3, "prefill"), "roster", "registration.yaml: fields.retired.prefill: 名册只有"),
    (("materials", 2, "when", "eq"), "perhaps", "materials.labor_contract.when: retired 没有选项 perhaps"),
    (("materials", 2, "when", "eq"), False, "materials.labor_contract.when.eq: "),
    (("materials", 2, "when", "field"), "age", "materials.labor_contract.when: 没有字段 age"),
    (("materials", 2, "when"), {"field": "name", "eq": "x"}, "条件只能用于选择类的项，name 不是"),
    (("materials", 2, "when"), {"field": "retired", "contains_any": ["no"]}, "多选用 contains_any，单选用 eq 或 in"),
    (("materials", 2, "when"), {"applicant": "custody"}, "本业务没有申请人 custody"),
    (("materials", 0, "template_prefilled"), ["age"], "没有字段 age"),
    (("fields", 3, "when"), {"field": "retired", "eq": "no"}, "fields.retired.when: 显示条件互相依赖"),
    (("identity",), ["age"], "registration.yaml: identity: 没有字段 age"),
    (("fields", 1, "required"), False, "registration.yaml: identity: 至少一项应恒为必填"),
    (("paths",), [{"path": "by_post"}], "registration.yaml: paths.0.path: "),
    (("paths", 0, "when"), {"field": "retired", "eq": "no"}, "只有最后一条路径、且最后一条必须没有 when"),
    (("bring",), [], "registration.yaml: bring: 需现场办理的业务必须填写"),
    (("picker",), "roster", "registration.yaml: picker_cpa_no_label: "),
    (("result", "at"), {"online_only": "complete"}, "registration.yaml: result.at: 本业务没有路径 online_only"),
    (("roster_effects", 0, "values", "cpa_no"), ["result.number"], "effects.0.values.cpa_no: 没有 result.number"),
    (("basis",), {"colour": "M"}, "basis 中有不认识的键: colour"),
    (("cross_checks",), [DIFFER], "registration.yaml: cross_checks.fields_differ: 没有字段 age"),
    (("fields",), {"name": {}}, "registration.yaml: fields: 应为一列表项"),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "to", "expected"), REGISTRATION, ids=[row[2] for row in REGISTRATION])
def test_a_wrong_business(folder: Path, keys: tuple[str | int, ...], to: Any, expected: str) -> None:
    change(folder / "businesses" / "registration.yaml", *keys, to=to)
    assert expected in fault(folder)


SHARED = [
    ("options.yaml", ("yes_no", "options", 0, "value"), True, "options.yaml: yes_no.options.0.value: 应为文字"),
    ("validators.yaml", ("mobile_cn", "regex"), "^1[3-9", "validators.yaml: mobile_cn.regex: 不是正则表达式"),
    (
        "validators.yaml",
        ("id_any", "routes", 0, "use"),
        "library_card",
        "routes 指向不在 any_of 中的规则: library_card",
    ),
    ("validators.yaml", ("id_any", "any_of"), ["library_card"], "没有名为 library_card 的项"),
    ("places.yaml", ("service_602", "address"), None, "places.yaml: service_602.address: "),
    ("states.yaml", ("statuses", "lost"), {}, "states.yaml: statuses.lost"),
    ("defaults.yaml", ("commitment", "colour"), "red", "defaults.yaml: commitment.colour: 不认识的键"),
    ("calendar.yaml", ("slots", 0, "capacity"), 13, "calendar.yaml: slots: 09:00 的席位 13 超过时长所容"),
    ("calendar.yaml", ("slots", 0, "end"), "10:30", "calendar.yaml: slots: 10:00 与 09:00 重叠或次序颠倒"),
    ("calendar.yaml", ("slots", 0, "start"), 540, "calendar.yaml: slots.0.start: 应为文字"),
    ("calendar.yaml", ("calendar", "closed", 0, "last"), "2024-01-01", "last 早于 first"),
    ("calendar.yaml", ("record_statuses",), {}, "record_statuses 应为"),
]


@pytest.mark.parametrize(("file", "keys", "to", "expected"), SHARED, ids=[row[3] for row in SHARED])
def test_a_wrong_shared_file(folder: Path, file: str, keys: tuple[str | int, ...], to: Any, expected: str) -> None:
    change(folder / file, *keys, to=to)
    assert expected in fault(folder)


def test_a_state_without_words(folder: Path) -> None:
    data = yaml.safe_load((folder / "states.yaml").read_text("utf-8"))
    del data["statuses"]["expired"]
    (folder / "states.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), "utf-8")

    assert "states.yaml: statuses 应为" in fault(folder)


def test_a_missing_file(folder: Path) -> None:
    (folder / "places.yaml").unlink()
    assert fault(folder).startswith("places.yaml: 读不了")


def test_a_key_given_twice_is_not_overlooked(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("label: 一\nlabel: 二\n", "utf-8")

    with pytest.raises(CatalogueFault, match=r"a\.yaml: 第 1 行: 重复的键 label"):
        read_yaml(tmp_path / "a.yaml")


@pytest.mark.parametrize("text", ["- a\n- b\n", "", "yes: 1\n", "a: [1\n", "a: !!python/object:os.system x\n"])
def test_what_is_no_mapping_of_names_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yaml").write_text(text, "utf-8")

    with pytest.raises(CatalogueFault, match=r"^a\.yaml: "):
        read_yaml(tmp_path / "a.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")

    with pytest.raises(CatalogueFault, match=r"^a\.yaml: 读不了"):
        read_yaml(tmp_path / "a.yaml")
