"""Sealing, blind indexes and masks: what is stored can be read only where it belongs, what is shown tells little."""

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from server import crypto
from server.crypto import Keyring, blind_index, mask, seal, seal_bytes, unseal, unseal_bytes
from tests.engines.engine import KEYRING

OLD = Keyring(keys={"k0": b"0" * 32}, current="k0", index_key=KEYRING.index_key, pepper=KEYRING.pepper)
BOTH = Keyring(
    keys={"k0": b"0" * 32, "k1": b"1" * 32}, current="k1", index_key=KEYRING.index_key, pepper=KEYRING.pepper
)


@given(text=st.text(), context=st.text())
def test_what_is_sealed_comes_back(text: str, context: str) -> None:
    crypto.use(KEYRING)
    assert unseal(seal(text, context), context) == text


@given(data=st.binary())
def test_files_come_back(data: bytes) -> None:
    crypto.use(KEYRING)
    assert unseal_bytes(seal_bytes(data, "page:1"), "page:1") == data


def test_a_value_cannot_be_moved_to_another_row() -> None:
    sealed = seal("110101199001011234", "application.form:1")

    with pytest.raises(InvalidTag):
        unseal(sealed, "application.form:2")


def test_the_same_value_never_looks_the_same() -> None:
    assert seal("13800000000", "a") != seal("13800000000", "a")


def test_a_sealed_value_shows_nothing_of_it() -> None:
    assert b"110101199001011234" not in seal_bytes(b"110101199001011234", "a")


def test_after_a_rotation_old_values_are_read_and_new_ones_use_the_new_key() -> None:
    crypto.use(OLD)
    before = seal("陈静", "a")
    crypto.use(BOTH)

    assert unseal(before, "a") == "陈静"
    assert seal("陈静", "a").startswith("k1.")


def test_an_index_finds_a_number_however_it_was_typed() -> None:
    assert blind_index("11010119900101123x") == blind_index(" 110101 19900101 123X ")
    assert blind_index("110101199001011234") != blind_index("110101199001011235")


def test_an_index_means_nothing_without_its_key() -> None:
    here = blind_index("110101199001011234")
    crypto.use(Keyring(keys=KEYRING.keys, current="k1", index_key=b"9" * 32, pepper=KEYRING.pepper))

    assert blind_index("110101199001011234") != here


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("11010119900101123X", "110***********123X"),
        ("13812345678", "138****5678"),
        ("E12345678", "E******78"),
        ("H1234567", "H*****67"),
        ("1234", "1*34"),
        ("123", "1**"),
        ("1", "1"),
        ("", ""),
    ],
)
def test_a_mask_shows_the_ends(value: str, shown: str) -> None:
    assert mask(value) == shown


@given(value=st.text(min_size=4, max_size=40))
def test_a_mask_keeps_the_length_and_hides_something(value: str) -> None:
    shown = mask(value)

    assert len(shown) == len(value)
    assert "*" in shown
