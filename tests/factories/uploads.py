"""Files as partners upload them."""

from __future__ import annotations

from typing import Any

from factories.catalog import make_variant
from factories.intake import put_stock
from factories.locations import make_location
from factories.partners import make_partner
from kontor.auth.permissions import DROPSHIPPER
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind
from support import Client, Drain

UPLOAD = (
    "query One($id: UUID!) { upload(id: $id) { state rows done guarded returned problem missing "
    "columns { title field } counts { outcome count } findings { line key outcome field code message } } }"
)
APPLY = (
    "mutation Apply($id: UUID!, $confirmed: Boolean!) { applyUpload(id: $id, confirmed: $confirmed) "
    "{ __typename ... on Error { code } } }"
)


async def supplier(database: Database, **stock: int) -> Principal:
    """Somebody of a partner with one place, which has these pieces by SKU."""
    async with database.unit_of_work() as db:
        partner = await make_partner(db, code="nordlicht")
        place = await make_location(db, kind="DROPSHIPPER", code="dock", partner_id=partner.id)
        variants = {sku: (await make_variant(db, sku=sku)).id for sku in stock}
    for sku, pieces in stock.items():
        await put_stock(database, place.id, variants[sku], pieces)
    return Principal(PrincipalKind.USER, id=new_id(), name="Kim", permissions=DROPSHIPPER, partner_id=partner.id)


class Uploader:
    """Uploads files as one person and follows them."""

    def __init__(self, client: Client, drain: Drain, who: Principal, kind: str) -> None:
        self.client, self._drain, self._who, self._kind = client, drain, who, kind

    async def send(self, data: bytes, name: str = "file.csv", **given: str) -> str:
        """Upload a file and let it be checked; its id."""
        answer = await self.client.http.post(
            "/files/uploads",
            params={"kind": self._kind, "name": name, **given},
            content=data,
            headers={**self.client.acting(self._who), "content-type": "application/octet-stream"},
        )
        assert answer.status_code == 200, answer.text
        await self._drain()
        return str(answer.json()["id"])

    async def look(self, upload_id: str) -> dict[str, Any]:
        """How the upload stands; counts by ending."""
        answer = await self.client.graphql(UPLOAD, {"id": upload_id}, principal=self._who)
        found: dict[str, Any] = answer["data"]["upload"]
        return {**found, "counts": {each["outcome"]: each["count"] for each in found["counts"]}}

    async def apply(self, upload_id: str, *, confirmed: bool = False) -> str | None:
        """Apply it; the code of a refusal."""
        answer = await self.client.graphql(APPLY, {"id": upload_id, "confirmed": confirmed}, principal=self._who)
        await self._drain()
        code: str | None = answer["data"]["applyUpload"].get("code")
        return code

    async def fetch(self, path: str, **given: str) -> bytes:
        """What an address answers with."""
        answer = await self.client.http.get(path, params=given, headers=self.client.acting(self._who))
        assert answer.status_code == 200, answer.text
        return answer.content
