"""Every section of the staff's API, in the order of the document."""

from sanic import Blueprint

BLUEPRINTS: tuple[Blueprint, ...] = ()
