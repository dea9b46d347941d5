"""Why the catalogue or a form's check says no."""

from server.businesses.answers import Fault
from server.businesses.forms import FormCheck
from server.errors import Invalid, NotFound


class UnknownBusiness(NotFound):
    code = "unknown_business"
    message = "没有这项业务"


class UnknownEdition(NotFound):
    code = "unknown_edition"
    message = "没有找到该业务的这一版本"


class FormRefused(Invalid):
    """`details["errors"]`: every fault, in the form's order."""

    code = "form_refused"


class MaskedValue(Invalid):
    """A masked value was sent back as an answer (decisions D9)."""

    code = "masked_value"


def refuse_faults(check: FormCheck) -> None:
    """Raises MaskedValue or FormRefused when the check found errors."""
    if check.errors:
        raise _refusal_of(check.errors)


def _refusal_of(errors: list[Fault]) -> Invalid:
    first = next((fault for fault in errors if fault["code"] == "masked_value"), errors[0])
    kind = MaskedValue if first["code"] == "masked_value" else FormRefused
    return kind(first["message"], field=first["field"], errors=errors)
