"""Every section of the applicants' API, in the order of the document."""

from sanic import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = ()
