"""Every section of the staff's API, in the order of the document."""

from sanic import Blueprint

from console_api.routes import applications, audit, auth, calendar, deliveries, desk, notices, sending, windows

SECTIONS = (auth, applications, desk, calendar, windows, notices, deliveries, sending, audit)
BLUEPRINTS: tuple[Blueprint, ...] = tuple(section.blueprint for section in SECTIONS)
