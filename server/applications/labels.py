"""What a state is called (config/states.yaml)."""

from models.applications import State
from server.businesses import catalogue


def label_of(state: State) -> str:
    return catalogue().states.statuses[state].label
