"""The base of every shape in which a business is shown."""

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    model_config = ConfigDict(defer_build=True)  # at first use: a process that starts shows nothing yet
