"""The platform's way of saying no."""


class Refused(Exception):
    """The platform answers with an errcode."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)
