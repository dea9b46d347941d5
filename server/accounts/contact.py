"""联系人姓名、手机号: how they are checked, sealed and shown."""

import re
from uuid import UUID

from models.accounts import Account
from server import crypto
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
