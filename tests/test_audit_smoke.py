from kontor.audit.running import differences
from factories.intake import make_company, order_input, place, put_stock
from factories.catalog import make_variant

async def test_ok(database):
    company = await make_company(database)
    async with database.unit_of_work() as db:
        v = await make_variant(db, sku="A")
    await put_stock(database, company.warehouse.id, v.id, 5)
    await place(database, company, order_input(company.channel, ("A", 3)))
    assert [str(x) for x in await differences(database)] == []
