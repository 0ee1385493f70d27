"""Refusals of printing."""

from kontor.core.errors import Conflict, InvalidInput, NotFound


class PrintBatchNotFound(NotFound):
    """There is no such file to print, it is no longer kept, or it may not be seen."""

    default_code = "PRINT_BATCH_NOT_FOUND"


class NothingToPrint(Conflict):
    """Nothing of what was asked for can be printed; the facts say why for each."""

    default_code = "NOTHING_TO_PRINT"


class TooMuchToPrint(InvalidInput):
    """More fulfillment orders than one file holds."""

    default_code = "TOO_MUCH_TO_PRINT"


class PaperNotForKind(InvalidInput):
    """Label paper holds labels alone."""

    default_code = "PAPER_NOT_FOR_KIND"
