"""联系人姓名、手机号: how they are checked, sealed and shown."""

import re
from typing import Any
from uuid import UUID

from models.accounts import Account
from server import clock, crypto
from server.errors import Invalid

LONGEST_NAME = 50
_MOBILE = re.compile(r"1[3-9][0-9]{9}")  # config/validators.yaml, mobile_cn


class UnfitContact(Invalid):
    code = "unfit_contact"


def checked_name(name: str) -> str:
    """Trimmed. Raises UnfitContact."""
    trimmed = name.strip()
    if not trimmed or len(trimmed) > LONGEST_NAME or not trimmed.isprintable():
        raise UnfitContact("请填写联系人姓名", field="contact_name")
    return trimmed


def checked_mobile(mobile: str) -> str:
    """Trimmed; a masked number (135****0000) is refused like any other that is not one. Raises UnfitContact."""
    trimmed = mobile.strip()
    if not _MOBILE.fullmatch(trimmed):
        raise UnfitContact("请填写正确的11位手机号", field="contact_mobile")
    return trimmed


def sealed_mobile(account_id: UUID, mobile: str) -> str:
    return crypto.seal(mobile, f"account.contact_mobile:{account_id}")


def mobile_of(account: Account) -> str:
    """In clear; empty when none is registered."""
    if not account.contact_mobile:
        return ""
    return crypto.unseal(account.contact_mobile, f"account.contact_mobile:{account.id}")


def masked_mobile_of(account: Account) -> str:
    return crypto.mask(mobile_of(account))


def mobile_columns(account: Account, mobile: str, *, is_proven: bool = False) -> dict[str, Any]:
    """What changes when this mobile is given, checked already: nothing when it is registered and typed again.

    `is_proven`: WeChat told it. A number that is typed in place of another has nobody's word but the typer's.
    """
    proven = {"contact_mobile_verified_at": clock.now() if is_proven else None}
    if mobile == mobile_of(account):
        return proven if is_proven else {}
    return proven | {"contact_mobile": sealed_mobile(account.id, mobile)}
