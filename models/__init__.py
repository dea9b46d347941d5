"""Tables."""

from models.spared import load_tortoise

load_tortoise()
