"""Refusals of processes."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class ProcessNotFound(NotFound):
    """There is no such process instance, or it may not be seen."""

    default_code = "PROCESS_NOT_FOUND"


class DefinitionNotFound(NotFound):
    """No such definition is deployed."""

    default_code = "PROCESS_DEFINITION_NOT_FOUND"


class UserTaskNotFound(NotFound):
    """There is no such task of a person, or it may not be seen."""

    default_code = "USER_TASK_NOT_FOUND"


class UserTaskDone(Conflict):
    """Somebody has decided already, or the process went another way."""

    default_code = "USER_TASK_DONE"


class NothingToRetry(Conflict):
    """The instance has not failed."""

    default_code = "NOTHING_TO_RETRY"


class ProcessEnded(Conflict):
    """The instance is over."""

    default_code = "PROCESS_ENDED"


class UnknownOutcome(InvalidInput):
    """The task of a person does not have this outcome."""

    default_code = "UNKNOWN_OUTCOME"


class UnrunnableDefinition(InvalidInput):
    """The definition is sound, but names tasks, messages or settings this installation does not know."""

    default_code = "UNRUNNABLE_DEFINITION"
