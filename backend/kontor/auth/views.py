"""Views people save: a page with its filters, for themselves or for the people they work with."""

import re
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.errors import InvalidView, ViewNotFound
from kontor.auth.models import SavedView, User
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind

_PAGE = re.compile(r"[a-z][a-z0-9/-]{0,39}")
MOST_VIEWS = 50
LONGEST_NAME, LONGEST_QUERY = 60, 1000


@dataclass(frozen=True, slots=True)
class ViewInput:
    """A view as somebody saves it; one of the same name on the same page is replaced."""

    page: str
    name: str
    query: str
    shared: bool = False


def team_of(principal: Principal) -> str:
    """Whom somebody shares views with: the people of the same partner, of the same stores, or of the company."""
    if principal.partner_id is not None:
        return f"partner:{principal.partner_id}"
    if principal.location_ids is not None:
        return "stores"
    return "company"


async def views_of(db: Session, page: str, principal: Principal) -> list[SavedView]:
    """The principal's own views of a page and those shared with them, by name; nobody else has any."""
    if principal.kind is not PrincipalKind.USER:
        return []
    row = SavedView
    shared = sa.and_(row.shared, row.team == team_of(principal))
    found = sa.select(row).where(row.page == page, sa.or_(row.user_id == principal.id, shared))
    return list(await db.scalars(found.order_by(row.name, row.id)))


async def save_view(db: Session, given: ViewInput, principal: Principal) -> SavedView:
    """Keep a view; raises `InvalidView`, naming the field, also for more than 50 on a page."""
    name, query = given.name.replace("\0", "").strip(), given.query.replace("\0", "").lstrip("?")
    person = sa.select(User.id).where(User.id == principal.id).with_for_update()  # one after the other
    if principal.kind is not PrincipalKind.USER or await db.scalar(person) is None:
        raise InvalidView("Views are kept for people.", path=("input",))
    if not _PAGE.fullmatch(given.page):
        raise InvalidView("The name of a page.", path=("input", "page"))
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidView(f"1 to {LONGEST_NAME} characters.", path=("input", "name"), max=LONGEST_NAME)
    if len(query) > LONGEST_QUERY:
        raise InvalidView(f"At most {LONGEST_QUERY} characters.", path=("input", "query"), max=LONGEST_QUERY)
    own = sa.select(SavedView).where(SavedView.user_id == principal.id, SavedView.page == given.page)
    known = {view.name: view for view in await db.scalars(own)}
    view = known.get(name)
    if view is None:
        if len(known) >= MOST_VIEWS:
            raise InvalidView(f"At most {MOST_VIEWS} views of a page.", path=("input", "name"), max=MOST_VIEWS)
        view = SavedView(
            id=new_id(), user_id=principal.id, team=team_of(principal), page=given.page, name=name, created_at=db.now
        )
        db.add(view)
    view.query, view.shared = query, given.shared
    await db.flush()
    return view


async def delete_view(db: Session, view_id: UUID, principal: Principal) -> SavedView:
    """Forget an own view; raises `ViewNotFound`, also for one of somebody else."""
    found = sa.select(SavedView).where(SavedView.id == view_id, SavedView.user_id == principal.id)
    view = await db.scalar(found)
    if view is None:
        raise ViewNotFound("There is no such view.", view_id=str(view_id))
    await db.delete(view)
    return view
