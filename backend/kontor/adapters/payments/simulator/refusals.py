"""Why the simulated gateway does not do a thing."""

from kontor.adapters.payments.simulator.tokens import Refusal


class Refused(Exception):
    """The operation is not done, and repeating it will not help."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.refusal = Refusal(code, message)
