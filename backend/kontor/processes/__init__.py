"""What comes next: BPMN 2.0 processes, one instance per order, per fulfillment order and per return.

What is *allowed* is decided by the transition tables of the packages below; a process only decides what comes *next*.
`bpmn` reads a definition, `engine` advances an instance by one happening; both are pure. The engine's state is one
small JSON value, and everything an instance asks of the outside is a command (`steps`).

Invariants: an advance either yields a whole new state or raises and changes nothing; an answer for a token that is
gone is ignored, so answers may come late or twice; a message that comes before its catch is reached is kept and
consumed once; the same state and happening always give the same commands.

The shipped definitions (`definitions/*.bpmn`) never call each other. Events of the packages link them, sent as messages
to the instances they concern:

- `order` begins with `OrderPlaced`. Its task `release_order` makes fulfillment orders and answers `outcome` ALL, PART
  or WAIT. `OrderFulfilled` says that every line is shipped, picked up or canceled; `OrderDelivered` that every
  shipped line has arrived; `LinesReopened` that lines lost their place and must be released again; `StockArrived`
  that there is stock for lines which wait, `HoldReleased` that nothing keeps them any more; `PaymentReceived` that
  the customer has paid another way. `OrderCanceled` means the whole order: it ends the inner part, undoes its
  finished steps in reverse and settles the payments. `assess_risk` and `review_risk` answer `decision` ACCEPT, REVIEW
  or REJECT; `authorize_payment` fails with PAYMENT_DECLINED; `hold_for_payment` may answer `payment_due`, the moment
  when waiting ends.
- `fulfillment_order` begins with `FulfillmentOrderCreated`, once for each that was released. `FulfillmentAccepted`
  and `FulfillmentRejected` are the place's answer; who does not answer is escalated, then loses the lines.
  `reroute_lines` gives them back to the order, whose instance gets `LinesReopened` when they find no other place.
  Where a place has answered, or a customer has come, while a timer ran out, `reroute_lines` and `cancel_uncollected`
  answer `kept`, and the process goes on waiting. `FulfillmentShipped`, or `FulfillmentReadyForPickup` and
  `FulfillmentPickedUp`, let capture and invoice follow; `FulfillmentDelivered`, sent for a pickup too, ends it. When
  the last one has left, the order's instance gets `OrderFulfilled`. `FulfillmentCanceled` ends it before the goods have
  left, for each part of a canceled order.
- `return` begins with `ReturnRequested`; `check_return` and `approve_return` answer `decision` APPROVED, REVIEW or
  DECLINED, `issue_return_label` may answer `label_expires`, and `expire_return` with `kept` that of a label that was
  renewed. `ReturnReceived`, `ReturnInspected` and `ReturnCanceled` move it on; where only a part has come or was looked
  at (`more_expected`), it is refunded and the rest waited for, until `close_return` gives it up or answers `kept`. It
  tells the order nothing: the counters of the lines do.
- `digital_delivery` begins with `PiecesHandedOver`, for codes that were issued and services that were rendered: money
  and invoice, without a place or a parcel.

`service.advance` is the host: it takes a batch of events, timers and decisions, locks the orders they concern and then
all their instances, runs the engine, and calls each task function once for every token that waits for it (`work`,
`tasks`). `messages` says which event means what. A task that refuses leaves an incident: the instance is FAILED, a case
is raised, and a retry asks for the same work again. Seen by operations, care and administrators.
"""
