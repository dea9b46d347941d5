"""The closed vocabularies of a business that name things; those that compute have their own modules."""

from enum import StrEnum


class FieldType(StrEnum):
    TEXT = "text"
    TEXTAREA = "textarea"
    RADIO = "radio"
    CHECKBOX = "checkbox"
    SELECT = "select"
    GROUPED_SELECT = "grouped_select"
    COMBOBOX = "combobox"
    READONLY = "readonly"


CHOICES = frozenset({FieldType.RADIO, FieldType.CHECKBOX, FieldType.SELECT, FieldType.GROUPED_SELECT})


class Path(StrEnum):
    """Keys of the lifecycle's tables; whether somebody must come follows from the path."""

    ON_SITE_CERTIFICATE = "on_site_certificate"
    ON_SITE_ONLY = "on_site_only"
    ONLINE_ONLY = "online_only"

    @property
    def on_site(self) -> bool:
        return self is not Path.ONLINE_ONLY


class Step(StrEnum):
    """Steps of staff at which a result is entered or the roster changes; named as the lifecycle's actions."""

    COMPLETE = "complete"
    CERTIFICATE_READY = "certificate_ready"
    CERTIFICATE_COLLECTED = "certificate_collected"


class Picker(StrEnum):
    NONE = "none"
    ROSTER = "roster"


class Attendance(StrEnum):
    SELF = "self"
    SELF_OR_AGENT = "self_or_agent"


class Certificate(StrEnum):
    NEW = "new"
    SURRENDER = "surrender"
    ENDORSE = "endorse"
    REISSUE = "reissue"
    REISSUE_IF_ON_SITE = "reissue_if_on_site"
    NONE = "none"


class Effect(StrEnum):
    """What becomes of the CPA in the roster."""

    ADD = "add"
    REMOVE = "remove"
    MOVE = "move"
    UPDATE = "update"


class RosterColumn(StrEnum):
    NAME = "name"
    CPA_NO = "cpa_no"
    ID_NUMBER = "id_number"
    MOBILE = "mobile"
    FIRM = "firm"  # a firm's name, or the custody unit's
