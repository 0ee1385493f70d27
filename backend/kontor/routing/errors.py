"""Refusals of routing."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class InvalidPolicy(InvalidInput):
    """The policy cannot be kept; the path names the field, such as rules[2].when."""

    default_code = "INVALID_ROUTING_POLICY"


class PolicyNotFound(NotFound):
    """There is no such version."""

    default_code = "ROUTING_POLICY_NOT_FOUND"


class PolicyInForce(Conflict):
    """A version that is or was in force never changes; a newer one may replace it."""

    default_code = "ROUTING_POLICY_IN_FORCE"


class PolicyWithdrawn(Conflict):
    """The version was withdrawn."""

    default_code = "ROUTING_POLICY_WITHDRAWN"


class InvalidSimulation(InvalidInput):
    """What was asked to be replayed makes no sense."""

    default_code = "INVALID_SIMULATION"


class SimulationNotFound(NotFound):
    """There is no such simulation."""

    default_code = "SIMULATION_NOT_FOUND"


class SimulationDone(Conflict):
    """The simulation has ended."""

    default_code = "SIMULATION_DONE"
