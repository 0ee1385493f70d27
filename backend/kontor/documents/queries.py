"""Statements over documents, within what a principal may see."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.principal import Principal
from kontor.documents.models import Document
from kontor.documents.service import DocumentNotFound


def visible_to(principal: Principal) -> sa.Select[Any]:
    """Documents by the channel of their order, or a customer's own; partners and stores see none."""
    found = sa.select(Document)
    if principal.partner_id is not None or principal.location_ids is not None:
        return found.where(sa.false())
    if principal.channel_ids is not None:
        found = found.where(Document.channel_id.in_(principal.channel_ids))
    if principal.customer_id is not None:
        found = found.where(Document.customer_id == principal.customer_id)
    return found


def narrowed(
    found: sa.Select[Any], *, order_id: UUID | None = None, kind: str | None = None, number: str | None = None
) -> sa.Select[Any]:
    """Of these documents those of an order and of a kind, whose number holds a text in large or small letters."""
    if order_id is not None:
        found = found.where(Document.order_id == order_id)
    if kind is not None:
        found = found.where(Document.kind == kind)
    return found.where(Document.number.icontains(number, autoescape=True)) if number else found


async def get_document(db: Session, document_id: UUID, principal: Principal) -> Document:
    """The document, if the principal may see it; raises `DocumentNotFound`."""
    document: Document | None = await db.scalar(visible_to(principal).where(Document.id == document_id))
    if document is None:
        raise DocumentNotFound("There is no such document.", document_id=str(document_id))
    return document
