"""Prints the story as it goes and compares what the service says with what the manual says."""

import sys


class Telling:
    """Counts agreements and differences; `finish` gives the exit code."""

    def __init__(self) -> None:
        self.compared, self.differences = 0, 0

    def chapter(self, title: str) -> None:
        self._say(f"\n—— {title}")

    def step(self, text: str) -> None:
        self._say(f"   · {text}")

    def expect(self, what: str, said: object, manual: object) -> None:
        """`said` must read as the manual has it, to the letter."""
        self.compared += 1
        if said == manual:
            self._say(f"   ✓ {what}：{said}")
            return
        self.differences += 1
        self._say(f"   ✗ {what}\n       系统：{said}\n       手册：{manual}")

    def expect_true(self, what: str, holds: bool) -> None:
        self.expect(what, "是" if holds else "否", "是")

    def finish(self) -> int:
        verdict = "全部一致" if not self.differences else f"{self.differences} 处不一致"
        self._say(f"\n演示完成：比对 {self.compared} 项，{verdict}。")
        return 1 if self.differences else 0

    def _say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
