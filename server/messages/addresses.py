"""Where deliveries go, looked up when they are sent: no number or openid is kept with a delivery."""

import json
from collections.abc import Iterable
from typing import Any

from models.accounts import Account, WechatBinding
from models.applications import Application
from server import crypto
from server.messages.outbox import UNREADABLE
from server.messages.tries import Sendable


async def addresses_of(deliveries: Iterable[Sendable]) -> dict[str, str]:
    """recipient -> openid or mobile; a recipient without one is absent. One query a kind of recipient."""
    by_kind: dict[str, set[str]] = {"account": set(), "binding": set(), "person": set()}
    for delivery in deliveries:
        kind, _, id_ = delivery.recipient.partition(":")
        by_kind[kind].add(id_)
    return {
        **await _contacts(by_kind["account"]),
        **await _openids(by_kind["binding"]),
        **await _persons(by_kind["person"]),
    }


async def _contacts(ids: set[str]) -> dict[str, str]:
    rows: list[Any] = await Account.filter(id__in=ids).values_list("id", "contact_mobile") if ids else []
    found = {f"account:{id_}": _unsealed(sealed, f"account.contact_mobile:{id_}") for id_, sealed in rows if sealed}
    return {recipient: mobile for recipient, mobile in found.items() if mobile}


async def _openids(ids: set[str]) -> dict[str, str]:
    rows: list[Any] = await WechatBinding.filter(id__in=ids).values_list("id", "openid") if ids else []
    return {f"binding:{id_}": openid for id_, openid in rows}


async def _persons(ids: set[str]) -> dict[str, str]:
    rows: list[Any] = await Application.filter(id__in=ids).values_list("id", "form") if ids else []
    found = {f"person:{id_}": _mobile_in(_unsealed(form, f"application.form:{id_}")) for id_, form in rows}
    return {recipient: mobile for recipient, mobile in found.items() if mobile}


def _mobile_in(form: str) -> str:
    return str(json.loads(form).get("mobile") or "") if form else ""


def _unsealed(sealed: str, context: str) -> str:
    """An unreadable value counts as none: one altered row must not hold up the others."""
    try:
        return crypto.unseal(sealed, context)
    except UNREADABLE:
        return ""
