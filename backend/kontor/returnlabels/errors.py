"""What the labels of returns refuse."""

from kontor.core.errors import Conflict


class NoReturnCarrier(Conflict):
    """No active carrier account of the place gives labels for returns."""

    default_code = "NO_RETURN_CARRIER"


class ReturnLabelNotWanted(Conflict):
    """The return is not waiting for its goods."""

    default_code = "RETURN_LABEL_NOT_WANTED"


class ReturnByCounter(ReturnLabelNotWanted):
    """The goods are brought to a counter."""

    default_code = "RETURN_BY_COUNTER"
