"""Pinyin initials of names."""

import subprocess
import sys

import pytest

from server.roster.initials import initials_of


@pytest.mark.parametrize(
    ("name", "initials"),
    [("测试单位201", "csdw201"), ("北京中天（特殊普通合伙）", "bjzttspthh"), ("ABC 会计", "abckj"), ("", "")],
)
def test_letters_and_digits_remain(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_a_process_that_only_reads_does_not_load_the_dictionary() -> None:
    program = "import sys, server.roster.search, server.roster.effects; print('pypinyin' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
