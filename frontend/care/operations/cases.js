/** What the queues of care ask of the API. */

const PROBLEM = "... on Error { code message path details }";

const CASE = "id kind queue state orderId orderNumber facts ownerId ownerName dueAt waitUntil escalatedAt decidable createdAt updatedAt";

export const QUEUES = `query CareQueues($filter: CasesFilter, $after: String) {
  caseQueues { queue open assigned waiting escalated ages }
  cases(filter: $filter, sort: CREATED_AT, first: 50, after: $after) {
    nodes { ${CASE} }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const ONE_CASE = `query CareCase($id: UUID!) { case(id: $id) { ${CASE} } }`;

export const TAKE = `mutation CareTake($id: UUID!) {
  takeCase(id: $id) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const TAKE_NEXT = `mutation CareTakeNext($queues: [CaseQueue!]) {
  takeNextCase(queues: $queues) { ... on NextCase { case { ${CASE} } } ${PROBLEM} }
}`;

export const GIVE_BACK = `mutation CareGiveBack($id: UUID!) {
  assignCase(id: $id, ownerId: null) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const HANDS = `query CareHands($kind: CaseKind!) { caseHands(kind: $kind) { id name cases } }`;

export const ASSIGN = `mutation CareAssign($id: UUID!, $owner: UUID, $from: UUID) {
  assignCase(id: $id, ownerId: $owner, fromOwnerId: $from) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const OPEN = `mutation CareOpenCase($order: UUID!, $text: String!, $due: DateTime, $owner: UUID) {
  openCase(orderId: $order, text: $text, dueAt: $due, ownerId: $owner) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const WAIT = `mutation CareWait($id: UUID!, $note: String, $until: DateTime) {
  waitCase(id: $id, note: $note, until: $until) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const FINISH = `mutation CareFinish($id: UUID!, $note: String) {
  finishCase(id: $id, note: $note) { ... on CaseChanged { case { ${CASE} } } ${PROBLEM} }
}`;

export const RELEASE = `mutation CareReleaseCase($id: UUID!, $note: String) {
  releaseHold(holdId: $id, note: $note) { ... on HoldChanged { hold { id releasedAt } } ${PROBLEM} }
}`;

export const CASES_CHANGED = `subscription CareCasesChanged($changedSince: DateTime) {
  casesChanged(changedSince: $changedSince) { id gone node { id updatedAt } }
}`;

export const CASES_SINCE = `query CareCasesSince($changedSince: DateTime) {
  cases(filter: { changedSince: $changedSince }, sort: UPDATED_AT_DESC, first: 50) { nodes { id updatedAt } }
}`;

export const MISSING = `query CareMissing($id: UUID!) {
  order(id: $id) {
    number country deliveryType email channel { code } lines { id sku name ordered canceled unallocated }
    routingDecisions { id view { dropped { locationId reason } considered { locationId missing } } }
  }
}`;

const ADDRESS = "{ name company street extra postalCode city country phone }";

const AT = "locationId location quantity expected";

export const OFFERS = `query CareOffers($channel: String!, $items: [AvailabilityItemInput!]!, $country: String!) {
  availability(channel: $channel, items: $items, destination: { country: $country }) { sku requested missing earliestOn sources { ${AT} } pickups { ${AT} } }
}`;

export const ASK_LABEL = `mutation CareAskLabel($id: UUID!) {
  requestReturnLabel(returnId: $id) { ... on ReturnLabel { id state } ${PROBLEM} }
}`;

export const CASE_GOODS = `query CareCaseGoods($id: UUID!) {
  order(id: $id) {
    id number currency shippingAddress ${ADDRESS} billingAddress ${ADDRESS}
    lines { id name sku shipped returned }
    shipments { id fulfillmentOrderId recalledAt lines { orderLineId quantity } }
    fulfillmentOrders { id locationId placeName parcels { id shipmentId contents } }
  }
}`;
