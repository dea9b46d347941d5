"""docs/security.md names a test for every row, and every file it names is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
# The rows of the list of bars that the document must answer, as they begin.
ROWS = [
    "首次登录",
    "找回密码",
    "撞库与喷洒",
    "枚举",
    "散列",
    "登录会话",
    "租户",
    "上传",
    "存放",
    "脱敏",
    "日志",
    "回调",
    "扫码绑定",
    "异常输入",
    "幂等键",
    "多余字段",
    "请求头",
    "回答的头",
]


def section(title: str) -> str:
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def evidence() -> dict[str, list[str]]:
    """By row the files that prove it."""
    rows = [line.strip("| ").split(" | ") for line in section("每一条由什么证明").splitlines() if line.startswith("| ")]
    return {item: re.findall(r"`([^`]+)`", proof) for item, proof in rows[1:]}


def test_every_row_is_proven_by_tests_that_exist() -> None:
    found = evidence()

    assert [begins for begins, row in zip(ROWS, found, strict=True) if not row.startswith(begins)] == []
    assert [row for row, files in found.items() if not files] == []
    assert {name for files in found.values() for name in files if not name.startswith("tests/")} == set()


def test_every_file_it_names_exists() -> None:
    named = [name for name in re.findall(r"`([^`]+)`", TEXT) if re.fullmatch(r"[\w./-]+\.(py|yaml|md)", name)]

    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_test_of_intruders_is_in_the_document() -> None:
    here = {f"tests/intruders/{path.name}" for path in Path(__file__).parent.glob("test_*.py")}

    assert here - set(re.findall(r"`([^`]+)`", TEXT)) == set()
