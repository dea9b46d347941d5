"""What the pages are made of: readable by old eyes, nothing from outside, and text never becomes markup."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "pages"
TEXTS = {path.name: path.read_text() for path in sorted(FOLDER.iterdir())}
HTML = [name for name in TEXTS if name.endswith(".html")]
SCRIPTS = [name for name in TEXTS if name.endswith(".js")]
SHEETS = [name for name in TEXTS if name.endswith(".css")]

LEAST_TEXT = 18  # px
LEAST_TARGET = 48  # px
LEAST_CONTRAST = 4.5  # WCAG 2 AA

COLOURS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", TEXTS["style.css"]))
WHITE = "#ffffff"


@pytest.mark.parametrize("name", TEXTS)
def test_nothing_comes_from_elsewhere(name: str) -> None:
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(|fetch\(["'`]http""", TEXTS[name])


@pytest.mark.parametrize("name", HTML)
def test_a_page_has_no_script_or_style_of_its_own_which_the_policy_would_block(name: str) -> None:
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|\sstyle=|javascript:", TEXTS[name])


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_comes_from_outside_is_inserted_as_text_only(name: str) -> None:
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function"

    assert not re.search(ways, TEXTS[name])


@pytest.mark.parametrize("name", HTML)
def test_every_element_a_script_looks_for_stands_on_its_page(name: str) -> None:
    wanted = {found for script in _scripts_of(name) for found in re.findall(r'find\("([\w-]+)"\)', TEXTS[script])}
    there = set(re.findall(r'\sid="([\w-]+)"', TEXTS[name]))

    assert wanted <= there


@pytest.mark.parametrize("name", HTML)
def test_every_part_a_script_looks_for_stands_in_the_pages_template(name: str) -> None:
    wanted = {
        found for script in _scripts_of(name) for found in re.findall(r'part\([\w.]+, "([\w-]+)"\)', TEXTS[script])
    }

    assert wanted <= set(re.findall(r'data-part="([\w-]+)"', TEXTS[name]))


@pytest.mark.parametrize("name", HTML)
def test_every_field_has_a_label(name: str) -> None:
    unnamed = re.sub(r"<label>.*?</label>", "", TEXTS[name], flags=re.DOTALL)

    assert not re.search(r"<input|<textarea(?![^>]*aria-label)", unnamed)


@pytest.mark.parametrize("name", SHEETS)
def test_no_text_is_small_and_no_target_is_low(name: str) -> None:
    sizes = [int(size) for size in re.findall(r"font(?:-size)?: (\d+)px", TEXTS[name])]
    heights = [int(height) for height in re.findall(r"min-height: (\d+)px", _rules(TEXTS[name]))]

    assert [size for size in sizes if size < LEAST_TEXT] == []
    assert [height for height in heights if height < LEAST_TARGET] == []


def test_buttons_links_that_look_like_buttons_and_fields_are_high_enough_everywhere() -> None:
    for rule in ("button, .button", "input, textarea"):
        [height] = re.findall(re.escape(rule) + r" \{[^}]*min-height: (\d+)px", TEXTS["style.css"])

        assert int(height) >= LEAST_TARGET


@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("text", "grey"),
        ("faint", "grey"),
        ("faint", WHITE),
        ("green", WHITE),
        (WHITE, "green"),
        (WHITE, "blue"),
        ("blue", WHITE),
        (WHITE, "red"),
        ("red", "red-pale"),
    ],
)
def test_colours_stand_out_from_their_ground(text: str, ground: str) -> None:
    lighter, darker = sorted((_luminance(COLOURS.get(name, name)) for name in (text, ground)), reverse=True)

    assert (lighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST


def _scripts_of(page: str) -> set[str]:
    """The page's own module and all it imports."""
    waiting = re.findall(r'src="/pages/([\w-]+\.js)"', TEXTS[page])
    found: set[str] = set()
    while waiting:
        found.add(script := waiting.pop())
        waiting += [name for name in re.findall(r'from "/pages/([\w-]+\.js)"', TEXTS[script]) if name not in found]
    return found


def _rules(sheet: str) -> str:
    """Without the queries on the window's size, which also say min-height."""
    return re.sub(r"@media[^{]*", "", sheet)


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
