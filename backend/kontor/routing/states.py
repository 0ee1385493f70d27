"""The life of a simulation."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class SimulationState(StrEnum):
    """Where a simulation is."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    CANCELED = "CANCELED"
    FAILED = "FAILED"


SIMULATION = Transitions(
    SimulationState,
    start=SimulationState.RUNNING,
    table={
        SimulationState.RUNNING: {SimulationState.DONE, SimulationState.CANCELED, SimulationState.FAILED},
    },
)
