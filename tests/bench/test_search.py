"""The bench of searching, in small: every term it asks for leads to somebody, on both databases."""

from factories.channels import make_channel
from kontor.bench.search import terms_of
from kontor.bench.search_world import SURNAMES, fill, surname
from kontor.care import searching
from kontor.care.asking import Closeness
from kontor.core.db import Database


def test_no_two_surnames_are_the_same() -> None:
    assert len({surname(number) for number in range(SURNAMES)}) == SURNAMES


async def test_every_kind_of_term_leads_to_somebody(database: Database) -> None:
    async with database.unit_of_work() as db:
        await make_channel(db)
    await fill(database, 400)
    async with database.read_only() as db:
        for kind, terms in terms_of(400, 2).items():
            for term in terms:
                found = await searching.search(db, term)
                slip = any(word in kind for word in ("missing", "wrong", "swapped", "slip"))
                assert found.hits, (kind, term)
                assert (found.hits[0].closeness is Closeness.SIMILAR) == slip, (kind, term)
