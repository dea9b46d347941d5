"""What a finished business does to the register (decisions D14): a closed vocabulary, one function each."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tortoise.expressions import F

from models.accounts import Account
from models.applications import Application
from models.roster import Cpa, Firm
from server import clock
from server.businesses import catalogue
from server.businesses.vocabulary import Effect
from server.roster.register import add_cpa, sealed_id_number, sealed_mobile
from server.roster.search import Scope

Values = Mapping[str, str]


async def apply_effect(effect: str, *, application: Application, values: Values) -> Cpa | None:
    """In the running transaction. `values`: cpa_no, name, id_number, mobile, firm (a name), as far as the business
    declares them; an empty one changes nothing.

    Returns the row concerned, None when the person is not in the register (entered by hand): nothing to change then.
    """
    account = await Account.get(id=application.account_id)
    given = {key: value for key, value in values.items() if value}
    return await _EFFECTS[Effect(effect)](application, account, given)


async def _add(_: Application, account: Account, values: Values) -> Cpa:
    """注册申请: the new CPA joins the firm that applied."""
    return await add_cpa(
        account.firm_id, values["name"], values["cpa_no"], values.get("id_number"), values.get("mobile")
    )


async def _remove(application: Application, account: Account, values: Values) -> Cpa | None:
    cpa = await _own(application, account, values)
    return await _leave(cpa) if cpa else None


async def _update(application: Application, account: Account, values: Values) -> Cpa | None:
    cpa = await _own(application, account, values)
    return await _write(cpa, **_columns(cpa, values)) if cpa else None


async def _move(application: Application, account: Account, values: Values) -> Cpa | None:
    """关系转移: into a firm of ours or into custody; into a firm that is not ours he leaves the register."""
    cpa = await _anyone(application, values)
    firm = await Firm.filter(name=values["firm"], outside=False).first()
    if firm is None and values["firm"] != catalogue().defaults.custody_unit:
        return await _leave(cpa) if cpa else None
    firm_id = firm.id if firm else None
    if cpa is None:
        return await add_cpa(firm_id, values["name"], values["cpa_no"], mobile=values.get("mobile"))
    return await _write(cpa, firm_id=firm_id, **_columns(cpa, values))


async def _own(application: Application, account: Account, values: Values) -> Cpa | None:
    """The person concerned, among those of the account only: a number typed by hand reaches nobody else's CPA."""
    rows = Scope(account.firm_id, account.cpa_id).rows()
    if application.subject_id:
        return await rows.get_or_none(id=application.subject_id)
    return await rows.filter(cpa_no=application.cpa_no or values.get("cpa_no", "")).first()


async def _anyone(application: Application, values: Values) -> Cpa | None:
    """The person concerned, in whatever firm: a transfer is mostly applied for by the firm he comes to."""
    rows = Cpa.filter(active=True)
    if application.subject_id:
        return await rows.get_or_none(id=application.subject_id)
    return await rows.filter(cpa_no=values.get("cpa_no", ""), name=values.get("name", "")).first()


def _columns(cpa: Cpa, values: Values) -> dict[str, Any]:
    columns: dict[str, Any] = {key: values[key] for key in ("name", "cpa_no") if key in values}
    if "id_number" in values:
        columns |= sealed_id_number(cpa.id, values["id_number"])
    if "mobile" in values:
        columns["mobile"] = sealed_mobile(cpa.id, values["mobile"])
    return columns


async def _leave(cpa: Cpa) -> Cpa:
    return await _write(cpa, active=False, left_at=clock.now())


async def _write(cpa: Cpa, **columns: Any) -> Cpa:
    await Cpa.filter(id=cpa.id).update(**columns, version=F("version") + 1)
    return await Cpa.get(id=cpa.id)


_EFFECTS: dict[Effect, Callable[[Application, Account, Values], Awaitable[Cpa | None]]] = {
    Effect.ADD: _add,
    Effect.REMOVE: _remove,
    Effect.MOVE: _move,
    Effect.UPDATE: _update,
}
