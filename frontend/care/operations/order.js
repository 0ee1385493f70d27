/** What the page of an order asks of the API: everything by one question. */

const PROBLEM = "... on Error { code message path details }";

const SUM = "{ amount currency }";

const ADDRESS = "{ name company street extra postalCode city country phone }";

const STORY = "entries { id at kind name text who subject details { name label before after } } endCursor";

const HEAD = `
    id number externalId state language email customerId deliveryType promisedOn placedAt updatedAt
    fulfillmentStatus chargeStatus returnStatus total ${SUM} chargesTotal ${SUM} discountTotal ${SUM}
    channel { name } billingAddress ${ADDRESS} shippingAddress ${ADDRESS}
    lines { id sku name ordered canceled unallocated backordered allocated shipped delivered returned refunded gross ${SUM} }
    holds { id kind blocking reason placedAt placedBy releasedAt }`;

const WORK = `
    fulfillmentOrders {
      id number state placeName locationId dueAt shipDueAt promisedOn expectedOn cancelRequested
      lines { orderLineId quantity } parcels { id state carrier trackingNumber trackingUrl }
    }
    shipments { id shippedAt deliveredAt recalledAt fulfillmentOrderId lines { orderLineId quantity gross ${SUM} } }
    routingLock { reason lockedBy }`;

const MONEY = `
    payments { id kind label state amount ${SUM} captured ${SUM} refunded ${SUM} }
    refunds { id kind state reason error amount ${SUM} requestedAt finishedAt }
    goodwill { id form state reason amount ${SUM} issuedAt }
    invoices { id number state dueOn shipmentId gross ${SUM} paid ${SUM} credited ${SUM} writtenOff ${SUM} document { id url } }
    creditNotes { id number gross ${SUM} document { id url } }`;

const BACK = `
    returns { id number state labelTracking requestedAt }
    exchanges { id number state way dueAt overdueAt receivedAt decision asked ${SUM} lines { id orderLineId quantity sku name } }
    claims { id number kind state remedy decision openedAt lines { orderLineId quantity } }`;

const FILES = `
    documents { id kind number subjectId url }`;

const PERSON = "{ tags listings { kind blocked reason until } }";

const RECEIVED = `(filter: { orderId: $id, orderNumber: $number, channels: [EMAIL], direction: INBOUND }, first: 20) {
    nodes { id topic text address createdAt } pageInfo { hasNextPage }
  }`;

const TASKS = "nodes { id kind state facts ownerId dueAt waitUntil createdAt }";

export const ORDER = `query CareOrder($id: UUID, $number: String) {
  order(id: $id, number: $number) { ${HEAD} ${WORK} ${MONEY} ${BACK} ${FILES} }
  person: orderCustomer(orderId: $id, number: $number) ${PERSON}
  cases(filter: { orderId: $id, orderNumber: $number, states: [OPEN, ASSIGNED, WAITING] }, first: 20) { ${TASKS} }
  story: orderTimeline(orderId: $id, number: $number, first: 30) { ${STORY} }
  messages: orderTimeline(orderId: $id, number: $number, kinds: [MESSAGE], first: 10) { ${STORY} }
  received: contacts${RECEIVED}
}`;

/* The same in parts: what is asked where the whole could not be answered, so that one part that fails takes no other. */
export const ORDER_HEAD = `query CareOrderHead($id: UUID, $number: String) {
  order(id: $id, number: $number) { ${HEAD} }
}`;

export const ORDER_WORK = `query CareOrderWork($id: UUID, $number: String) {
  order(id: $id, number: $number) { ${WORK} }
}`;

export const ORDER_MONEY = `query CareOrderMoney($id: UUID, $number: String) {
  order(id: $id, number: $number) { ${MONEY} }
}`;

export const ORDER_BACK = `query CareOrderBack($id: UUID, $number: String) {
  order(id: $id, number: $number) { ${BACK} }
}`;

export const ORDER_FILES = `query CareOrderFiles($id: UUID, $number: String) {
  order(id: $id, number: $number) { ${FILES} }
}`;

export const ORDER_PERSON = `query CareOrderPerson($id: UUID, $number: String) {
  person: orderCustomer(orderId: $id, number: $number) ${PERSON}
}`;

export const ORDER_CASES = `query CareOrderCases($id: UUID, $number: String) {
  cases(filter: { orderId: $id, orderNumber: $number, states: [OPEN, ASSIGNED, WAITING] }, first: 20) { ${TASKS} }
}`;

export const ORDER_STORY = `query CareOrderStory($id: UUID, $number: String) {
  story: orderTimeline(orderId: $id, number: $number, first: 30) { ${STORY} }
}`;

export const ORDER_MESSAGES = `query CareOrderMessages($id: UUID, $number: String) {
  messages: orderTimeline(orderId: $id, number: $number, kinds: [MESSAGE], first: 10) { ${STORY} }
  received: contacts${RECEIVED}
}`;

export const TIMELINE = `query CareTimeline($id: UUID!, $kinds: [TimelineKind!], $after: String) {
  story: orderTimeline(orderId: $id, kinds: $kinds, first: 30, after: $after) { ${STORY} }
}`;

export const MESSAGES = `query CareMessages($id: UUID!, $after: String) {
  messages: orderTimeline(orderId: $id, kinds: [MESSAGE], first: 10, after: $after) { ${STORY} }
}`;

export const HOLD = `mutation CareHold($id: UUID!, $reason: String!) {
  placeHold(orderId: $id, kind: MANUAL, reason: $reason) { ... on HoldChanged { hold { id } } ${PROBLEM} }
}`;

export const RELEASE = `mutation CareRelease($id: UUID!, $note: String) {
  releaseHold(holdId: $id, note: $note) { ... on HoldChanged { hold { id releasedAt } } ${PROBLEM} }
}`;

export const RESEND = `mutation CareResend($id: UUID!) {
  resendNotification(id: $id) { ... on Notification { id sentAt } ${PROBLEM} }
}`;

export const REPORT_PARCEL = `mutation CareReportParcel($id: UUID!, $state: ParcelNews!, $reason: String!) {
  reportParcel(id: $id, state: $state, reason: $reason) { ... on ParcelChanged { parcel { id state } } ${PROBLEM} }
}`;

export const ELSEWHERE = `query CareElsewhere($id: UUID!) {
  reroutePreview(fulfillmentOrderId: $id) {
    costCents candidates { locationId placeName feasible reason missing costCents differenceCents leavesOn arrivesOn }
  }
}`;

export const SEND_ELSEWHERE = `mutation CareSendElsewhere($id: UUID!, $reason: String!, $place: UUID) {
  rerouteFulfillmentOrder(fulfillmentOrderId: $id, reason: $reason, toLocationId: $place) {
    ... on FulfillmentOrderRerouted { outcome fulfillmentOrder { id state } } ${PROBLEM}
  }
}`;

export const LETTER = `query CareLetter($id: UUID!) {
  notificationText(id: $id) { subject text notification { recipient sentAt } attachments { name documentId } }
}`;

const UPDATE = "{ id gone node { id updatedAt } }";

const ROWS = "{ nodes { id updatedAt } }";

export const ORDER_CHANGED = `subscription CareOrderChanged($numbers: [String!], $changedSince: DateTime) {
  ordersChanged(filter: { numbers: $numbers }, changedSince: $changedSince) ${UPDATE}
}`;

export const ORDER_SINCE = `query CareOrderSince($numbers: [String!], $changedSince: DateTime) {
  orders(filter: { numbers: $numbers, changedSince: $changedSince }, first: 10) ${ROWS}
}`;

export const WORK_CHANGED = `subscription CareWorkChanged($orders: [UUID!], $changedSince: DateTime) {
  fulfillmentOrdersChanged(filter: { orderIds: $orders }, changedSince: $changedSince) ${UPDATE}
}`;

export const WORK_SINCE = `query CareWorkSince($orders: [UUID!], $changedSince: DateTime) {
  fulfillmentOrders(filter: { orderIds: $orders, changedSince: $changedSince }, sort: UPDATED_AT_DESC, first: 50) ${ROWS}
}`;

export const TASKS_CHANGED = `subscription CareTasksChanged($order: UUID, $changedSince: DateTime) {
  casesChanged(filter: { orderId: $order }, changedSince: $changedSince) ${UPDATE}
}`;

export const TASKS_SINCE = `query CareTasksSince($order: UUID, $changedSince: DateTime) {
  cases(filter: { orderId: $order, changedSince: $changedSince }, sort: UPDATED_AT_DESC, first: 50) ${ROWS}
}`;
