"""Uploaded files go when their time is over, and with them every line that is kept of them.

They hold what customers are called and where they live. What stays says that there was a file, whose it was and how its
lines ended, and what its columns were, which is how the next one is matched.
"""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.statemachine import transition
from kontor.imports.models import Upload
from kontor.imports.ports import FileStore
from kontor.imports.states import UPLOAD, UploadState
from kontor.imports.uploads import key_of, lock_upload

ENDED = frozenset({UploadState.DONE, UploadState.CANCELED, UploadState.FAILED})
ABANDONED = frozenset({UploadState.MATCHING, UploadState.CHECKED})
"""What waits for a person who does not come is over, too; what is being worked on is not."""
AT_ONCE = 500


async def old_uploads(db: Session, *, before: datetime) -> list[UUID]:
    """Uploads nobody touched since `before` whose files are still there, the oldest first; some at a time."""
    found = sa.select(Upload.id).where(
        Upload.updated_at < before, Upload.forgotten_at.is_(None), Upload.state.in_(ENDED | ABANDONED)
    )
    return list(await db.scalars(found.order_by(Upload.updated_at, Upload.id).limit(AT_ONCE)))


async def end_abandoned(db: Session, *, upload_id: UUID, before: datetime) -> bool:
    """Cancel an upload nobody applied; whether its files may go: not if somebody went on with it meanwhile."""
    upload = await lock_upload(db, upload_id)
    if upload.updated_at >= before:
        return False
    if upload.state in ABANDONED:
        transition(db, upload, UploadState.CANCELED, table=UPLOAD, now=db.now, reason="nobody applied it")
    return upload.state in ENDED


async def remove_files(store: FileStore, upload_id: UUID) -> None:
    """Remove the file and the lines that came back; harmless where they are gone."""
    await store.delete(key_of(upload_id))
    await store.delete(key_of(upload_id, "returned"))


async def forget_lines(db: Session, *, upload_id: UUID) -> None:
    """Remove what the row itself shows of the lines."""
    upload = await lock_upload(db, upload_id)
    upload.sample, upload.findings, upload.forgotten_at, upload.updated_at = [], [], db.now, db.now
