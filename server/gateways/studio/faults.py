"""A refusal inside the child: the code of one of server.materials.studio.REFUSALS."""


class Fault(Exception):
    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)
