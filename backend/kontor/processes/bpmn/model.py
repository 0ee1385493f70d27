"""The compiled graph of a process: what the reader makes and the engine walks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What a node does with a token; one kind per behavior, not per XML element."""

    START = "start"
    END = "end"
    END_TERMINATE = "end_terminate"
    END_ERROR = "end_error"
    END_ESCALATION = "end_escalation"
    THROUGH = "through"
    SERVICE = "service"
    RULE = "rule"
    USER = "user"
    SEND = "send"
    RECEIVE = "receive"
    EXCLUSIVE = "exclusive"
    PARALLEL = "parallel"
    EVENT_GATEWAY = "event_gateway"
    CATCH_MESSAGE = "catch_message"
    CATCH_TIMER = "catch_timer"
    THROW_MESSAGE = "throw_message"
    THROW_ESCALATION = "throw_escalation"
    THROW_COMPENSATION = "throw_compensation"
    BOUNDARY_MESSAGE = "boundary_message"
    BOUNDARY_TIMER = "boundary_timer"
    BOUNDARY_ERROR = "boundary_error"
    BOUNDARY_ESCALATION = "boundary_escalation"
    BOUNDARY_COMPENSATION = "boundary_compensation"
    SUBPROCESS = "subprocess"


# A task that only passes through never stays, so nothing can be attached to it.
ACTIVITIES = frozenset({Kind.SERVICE, Kind.RULE, Kind.USER, Kind.SEND, Kind.RECEIVE, Kind.SUBPROCESS})
WORK = frozenset({Kind.SERVICE, Kind.RULE, Kind.USER, Kind.SEND})
ENDS = frozenset({Kind.END, Kind.END_TERMINATE, Kind.END_ERROR, Kind.END_ESCALATION})
BOUNDARIES = frozenset(
    {
        Kind.BOUNDARY_MESSAGE,
        Kind.BOUNDARY_TIMER,
        Kind.BOUNDARY_ERROR,
        Kind.BOUNDARY_ESCALATION,
        Kind.BOUNDARY_COMPENSATION,
    }
)
MESSAGE_CATCHES = frozenset({Kind.RECEIVE, Kind.CATCH_MESSAGE, Kind.BOUNDARY_MESSAGE})
TIMERS = frozenset({Kind.CATCH_TIMER, Kind.BOUNDARY_TIMER})


class Buffer(StrEnum):
    """What is kept of messages that come before the process waits for them."""

    ALL = "all"
    LATEST = "latest"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow; `condition` is a CEL expression."""

    id: str
    source: str
    target: str
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class Timer:
    """When a timer is due: the variable if it is set, else the configured time, else the duration."""

    duration: timedelta | None = None
    setting: str | None = None
    due_variable: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One flow node. `scope` is the id of the subprocess around it, empty for the process itself.

    `code` is the error or escalation code a boundary catches (None: any) or an event throws. `watchers` are the
    boundary events that wait while the activity runs, `catchers` those that catch errors and escalations, exact codes
    first.
    """

    id: str
    kind: Kind
    name: str = ""
    scope: str = ""
    outgoing: tuple[Flow, ...] = ()
    incoming: tuple[str, ...] = ()
    default: Flow | None = None
    task: str | None = None
    retries: int = 0
    role: str | None = None
    message: str | None = None
    buffer: Buffer = Buffer.ALL
    timer: Timer | None = None
    code: str | None = None
    attached_to: str | None = None
    interrupting: bool = True
    watchers: tuple[str, ...] = ()
    catchers: tuple[str, ...] = ()
    compensation: str | None = None
    compensates: str | None = None
    is_handler: bool = False
    start: str | None = None
    extension_point: str | None = None


@dataclass(frozen=True, slots=True)
class Definition:
    """A process that can run. `extension_points` maps the designated names to node ids, `buffers` message names to
    what is kept of them; `tasks`, `messages` and `settings` are what the host must know to run it.
    """

    id: str
    name: str
    start: str
    start_message: str | None
    nodes: Mapping[str, Node]
    extension_points: Mapping[str, str]
    buffers: Mapping[str, Buffer]
    tasks: frozenset[str]
    messages: frozenset[str]
    settings: frozenset[str]

    def within(self, node_id: str, ancestor: str) -> bool:
        """Whether the node is the ancestor or lies in it, at any depth."""
        while node_id:
            if node_id == ancestor:
                return True
            node_id = self.nodes[node_id].scope
        return False
