"""Every section of the applicants' API, in the order of the document."""

from sanic import Blueprint

from miniprogram_api.routes import (
    applications,
    appointments,
    auth,
    businesses,
    callbacks,
    consents,
    home,
    materials,
    me,
    messages,
    roster,
    wechat,
)

SECTIONS = (
    auth,
    me,
    wechat,
    home,
    businesses,
    roster,
    applications,
    materials,
    appointments,
    messages,
    consents,
    callbacks,
)
BLUEPRINTS: tuple[Blueprint, ...] = tuple(section.blueprint for section in SECTIONS)
