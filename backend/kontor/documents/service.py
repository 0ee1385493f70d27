"""Keep files: first the content in the store, then the row that says it is there."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from kontor.core.db import Session
from kontor.core.errors import NotFound
from kontor.core.ids import new_id
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore


class DocumentNotFound(NotFound):
    """There is no such document, or it may not be seen."""

    default_code = "DOCUMENT_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file on this machine's disk that is too large to be held in memory."""

    path: Path
    size: int
    sha256: str

    @classmethod
    def measured(cls, path: Path) -> "LargeFile":
        """Read once, portion by portion: belongs into a thread."""
        with path.open("rb") as file:
            fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path, path.stat().st_size, fingerprint)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A file to keep. `subject_id` is what it is about, `number` what people call it."""

    kind: str
    number: str
    key: str
    data: bytes | LargeFile
    order_id: UUID | None = None
    subject_id: UUID | None = None
    channel_id: UUID | None = None
    customer_id: UUID | None = None
    content_type: str = "application/pdf"
    language: str = "en"

    @property
    def measures(self) -> tuple[int, str]:
        """Size in bytes and fingerprint."""
        if isinstance(self.data, LargeFile):
            return self.data.size, self.data.sha256
        return len(self.data), hashlib.sha256(self.data).hexdigest()


_COLUMNS = (
    "id", "kind", "order_id", "subject_id", "channel_id", "customer_id", "number", "key", "content_type", "size",
    "sha256", "language", "created_at",
)  # fmt: skip


async def put(store: DocumentStore, document: NewDocument) -> None:
    """Keep the content; to be done before, and outside of, the transaction of `add_all`."""
    if isinstance(document.data, LargeFile):
        await store.put_file(document.key, document.data.path, document.content_type)
    else:
        await store.put(document.key, document.data, document.content_type)


async def add_all(db: Session, documents: Sequence[NewDocument], *, now: datetime) -> list[UUID]:
    """Write the rows of files that are in the store; their ids, in order."""
    rows = [
        (
            new_id(), item.kind, item.order_id, item.subject_id, item.channel_id, item.customer_id, item.number,
            item.key, item.content_type, *item.measures, item.language, now,
        )
        for item in documents
    ]  # fmt: skip
    await db.bulk_insert(Document, _COLUMNS, rows)
    return [row[0] for row in rows]


async def read(store: DocumentStore, document: Document) -> bytes:
    """The content, checked against its fingerprint; raises `DocumentNotFound` when it is gone or not what was kept."""
    data = await store.get(document.key)
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise DocumentNotFound("The file is not what was kept.", code="DOCUMENT_DAMAGED", key=document.key)
    return data
