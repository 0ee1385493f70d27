import time, sys
import pytest
from factories.payments import *
from factories.invoicing import ship
from kontor.core.jobs import JOBS, run as run_job
from kontor.invoicing import service as inv
from kontor.payments.ports import *
from kontor.core.outbox import OutboxRow
class Fake:
    abilities = Abilities(True, True, None, True)
    n=0
    async def authorize(self, i, *, method, capture_now=False): Fake.n+=1; return Succeeded(f"r{Fake.n}", i.amount)
    async def capture(self, i, *, authorization, final=False): return Succeeded("c", i.amount)
@pytest.mark.engine("postgresql")
@pytest.mark.timeout(500)
async def test_perf(database, runtime):
    runtime.ports.register(PaymentGateway, Fake())
    company = await make_shop(database)
    n=50
    ids=[p.order_id for p in await place(database, company, *(order_input(company.channel, ("COAT",3), payments=(card(3000),)) for _ in range(n)))]
    async def timed(name):
        async with database.read_only() as db:
            rows=[r.id for r in (await db.scalars(sa.select(OutboxRow).where(OutboxRow.job==name).order_by(OutboxRow.id)))]
        t=time.process_time()
        b=JOBS[name].batch
        for k in range(0,len(rows),b): await run_job(runtime,name,rows[k:k+b])
        print(name, len(rows), "ms/row", (time.process_time()-t)/max(1,len(rows))*1000, file=sys.stderr)
    async with database.unit_of_work() as db:
        for i in ids: schedule(db,"payments.authorize",{"order_id":i},key=i)
    await timed("payments.authorize")
    ships=[await ship(database,i) for i in ids]
    async with database.unit_of_work() as db:
        for i,s in zip(ids,ships): schedule(db,"payments.capture",{"order_id":i,"shipment_id":s,"shipped":3000,"final":True},key=i)
    await timed("payments.capture")
    t=time.process_time()
    async with database.unit_of_work() as db: await inv.issue_invoices(db, ships, now=db.now)
    print("issue ms", (time.process_time()-t)/n*1000, file=sys.stderr)
    await timed("invoicing.post_journal")
    await timed("invoicing.render")
