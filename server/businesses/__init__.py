"""The catalogue of businesses (办理事项) as data: loaded strictly, evaluated by small pure functions."""

from server.businesses.catalogue import catalogue, current_edition, find_business, use_catalogue
from server.businesses.conditions import ApplicantKind, Condition, evaluate
from server.businesses.edition import Edition, edition_of, load_edition
from server.businesses.fault import CatalogueFault
from server.businesses.forms import FormCheck, check_form
from server.businesses.load import Catalogue
from server.businesses.outcomes import RosterChange, check_result, result_fields, roster_change
from server.businesses.prefill import Known, prefilled
from server.businesses.refusals import FormRefused, MaskedValue, UnknownBusiness, UnknownEdition, refuse_faults
from server.businesses.requirements import Requirements, choose_path, identity_of, requirements
from server.businesses.schema import Business, FormField, Material, Place
from server.businesses.vocabulary import Path, RosterColumn

__all__ = [
    "ApplicantKind",
    "Business",
    "Catalogue",
    "CatalogueFault",
    "Condition",
    "Edition",
    "FormCheck",
    "FormField",
    "FormRefused",
    "Known",
    "MaskedValue",
    "Material",
    "Path",
    "Place",
    "Requirements",
    "RosterChange",
    "RosterColumn",
    "UnknownBusiness",
    "UnknownEdition",
    "catalogue",
    "check_form",
    "check_result",
    "choose_path",
    "current_edition",
    "edition_of",
    "evaluate",
    "find_business",
    "identity_of",
    "load_edition",
    "prefilled",
    "refuse_faults",
    "requirements",
    "result_fields",
    "roster_change",
    "use_catalogue",
]
