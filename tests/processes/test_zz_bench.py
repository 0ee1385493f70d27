import time
from collections import defaultdict
from factories.processes import *
from kontor.orders.intake import PaymentInput
from kontor.fulfillment import delivering, shipping
from kontor.core import jobs
from kontor.processes import work, running, service
N=200
async def test_bench(database, drain):
    company, variant = await make_store(database, stock=10000)
    inputs=[order_input(company.channel,(variant.sku,1),payments=(PaymentInput("CARD",1000,token="tok_visa"),)) for _ in range(N)]
    from kontor.orders.intake import CustomerInput
    from dataclasses import replace
    inputs=[replace(i,customer=CustomerInput(f"P {n}",f"p{n}@x.example"),billing_address=replace(i.billing_address,street=f"S {n}")) for n,i in enumerate(inputs)]
    from factories.intake import place
    for k in range(0,N,100): await place(database, company, *inputs[k:k+100])
    cpu=defaultdict(float); cnt=defaultdict(int)
    for name,j in list(jobs.JOBS.items()):
        def wrap(f,name):
            async def g(ctx,items):
                t=time.process_time()
                try: await f(ctx,items)
                finally: cpu[name]+=time.process_time()-t; cnt[name]+=len(items)
            return g
        object.__setattr__(j,"function",wrap(j.function,name))
    tcpu=defaultdict(float)
    for name,t_ in list(work.TASKS.items()):
        def wrap2(f,name):
            async def g(run,subjects):
                t=time.process_time()
                try: return await f(run,subjects)
                finally: tcpu[name]+=time.process_time()-t
            return g
        object.__setattr__(t_,"function",wrap2(t_.function,name))
    import cProfile,pstats
    pr=cProfile.Profile()
    import os
    if os.environ.get("PROF"): pr.enable()
    await drain()
    async with database.read_only() as db:
        ids=list(await db.scalars(sa.select(FulfillmentOrder.id)))
    for k in range(0,N,50):
        async with database.unit_of_work() as db:
            await shipping.ship_all(db,[Shipping(i) for i in ids[k:k+50]],now=db.now,how=How(accepts_open=True))
    await drain()
    for k in range(0,N,50):
        async with database.unit_of_work() as db:
            await delivering.record_deliveries(db,[delivering.Delivery(i) for i in ids[k:k+50]],now=db.now)
    await drain()
    if os.environ.get("PROF"):
        pr.disable(); pstats.Stats(pr).sort_stats("tottime").print_stats(45)
    async with database.read_only() as db:
        print((await db.execute(sa.text("select state,count(*) from orders group by state"))).all())
    for n,c in sorted(cpu.items(),key=lambda x:-x[1]): print(f"{n:30} {c/N*1000:.2f} ms/order  rows {cnt[n]}")
    for n,c in sorted(tcpu.items(),key=lambda x:-x[1]): print(f"   task {n:25} {c/N*1000:.2f}")
    print("machinery", (cpu["processes.advance"]-sum(tcpu.values()))/N*1000)
