"""The life of an uploaded file: its columns are matched, it is checked, then applied."""

from enum import StrEnum

from kontor.core.statemachine import Transitions


class UploadState(StrEnum):
    """How far an uploaded file has come."""

    MATCHING = "MATCHING"  # somebody has to say what its columns are
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"  # what applying would do is known; nothing is changed yet
    APPLYING = "APPLYING"
    DONE = "DONE"
    CANCELED = "CANCELED"
    FAILED = "FAILED"


UPLOAD = Transitions(
    UploadState,
    start=(UploadState.MATCHING, UploadState.CHECKING),
    table={
        UploadState.MATCHING: {UploadState.CHECKING, UploadState.CANCELED},
        UploadState.CHECKING: {UploadState.CHECKED, UploadState.CANCELED, UploadState.FAILED},
        UploadState.CHECKED: {UploadState.APPLYING, UploadState.MATCHING, UploadState.CANCELED},
        UploadState.APPLYING: {UploadState.DONE, UploadState.CANCELED, UploadState.FAILED},
    },
)
