/** What the portal asks of the API. Checked against schema.graphql by the tests. */

export const ORDERS = `query PortalOrders($filter: FulfillmentOrdersFilter, $sort: FulfillmentOrdersSort!, $after: String) {
  fulfillmentOrders(filter: $filter, sort: $sort, first: 50, after: $after) {
    nodes {
      id number orderNumber state deliveryType dueAt shipOn promisedOn expectedOn cancelRequested updatedAt customerName locationId
      shippingAddress { city country }
      lines { id sku name quantity rejectReason }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const COUNTS = `query PortalCounts($filters: [FulfillmentOrdersFilter!]!) { fulfillmentOrderCounts(filters: $filters) }`;

export const ORDERS_CHANGED = `subscription PortalOrdersChanged($changedSince: DateTime) {
  fulfillmentOrdersChanged(changedSince: $changedSince) { id gone node { id state updatedAt } }
}`;

export const ORDERS_SINCE = `query PortalOrdersSince($changedSince: DateTime) {
  fulfillmentOrders(filter: { changedSince: $changedSince }, sort: UPDATED_AT_DESC, first: 100) { nodes { id state updatedAt } }
}`;

const ORDER = `id number orderNumber state deliveryType dueAt shipOn promisedOn expectedOn cancelRequested cancelReason customerName
  updatedAt locationId withdrawableUntil recallableUntil
  shippingAddress { name company street extra postalCode city country phone }
  lines { id sku name gtin variantId quantity picked rejectReason rejectNote }
  parcels { id state carrier trackingNumber trackingUrl }
  shipments { id number shippedAt recalledAt }
  takenOver { at quantity place }
  messages { id text fromPlace by at }
  history { state at by reason }`;

const PROBLEM = "... on Error { code message path details }";

export const ONE_ORDER = `query PortalOrder($id: UUID!) { fulfillmentOrder(id: $id) { ${ORDER} } }`;

const OUTCOMES = `... on FulfillmentOrdersChanged { results {
  __typename ... on FulfillmentOrderChanged { fulfillmentOrder { id number state } } ... on RefusedRow { index code message } } }`;

export const ACCEPT = `mutation PortalAccept($inputs: [AcceptFulfillmentOrderInput!]!) {
  acceptFulfillmentOrders(inputs: $inputs) { ${OUTCOMES} ${PROBLEM} }
}`;

export const REJECT = `mutation PortalReject($inputs: [RejectFulfillmentOrderInput!]!) {
  rejectFulfillmentOrders(inputs: $inputs) { ${OUTCOMES} ${PROBLEM} }
}`;

export const WITHDRAW = `mutation PortalWithdraw($ids: [UUID!]!) {
  withdrawAnswers(fulfillmentOrderIds: $ids) { ${OUTCOMES} ${PROBLEM} }
}`;

export const ANSWER = `mutation PortalAnswerPieces($id: UUID!, $accept: [LineQuantityInput!], $later: [LineQuantityInput!], $expectedOn: Date, $reject: [RejectedLineInput!]) {
  answerFulfillmentOrder(fulfillmentOrderId: $id, accept: $accept, later: $later, expectedOn: $expectedOn, reject: $reject) {
    ... on FulfillmentOrderAnswered { answered { id number state } } ${PROBLEM}
  }
}`;

export const REJECT_PIECES = `mutation PortalRejectPieces($id: UUID!, $lines: [RejectedLineInput!]!) {
  rejectFulfillmentOrder(fulfillmentOrderId: $id, lines: $lines) {
    ... on FulfillmentOrderChanged { fulfillmentOrder { id number state } } ${PROBLEM}
  }
}`;

export const PICKS = `mutation PortalPicks($inputs: [PicksInput!]!) { recordPicks(inputs: $inputs) { ${OUTCOMES} ${PROBLEM} } }`;

export const WRITE = `mutation PortalWrite($id: UUID!, $text: String!) {
  writeFulfillmentMessage(fulfillmentOrderId: $id, text: $text) {
    ... on FulfillmentOrderChanged { fulfillmentOrder { id } } ${PROBLEM}
  }
}`;

export const FIGURES = `query PortalFigures($skus: [String!]!) {
  stockLevels(filter: { skus: $skus }, first: 100) { nodes { locationId sku onHand available } }
}`;

export const PICKING = `query PortalPicking($filter: FulfillmentOrdersFilter!, $ids: [UUID!]!) {
  fulfillmentOrders(filter: $filter, sort: NUMBER, first: 200) {
    nodes { id number state cancelRequested locationId lines { id sku name gtin variantId quantity picked } }
  }
  shelves(fulfillmentOrderIds: $ids) { locationId variantId shelf }
}`;

export const WAITING = `query PortalWaiting($filter: FulfillmentOrdersFilter!) {
  fulfillmentOrders(filter: $filter, sort: DUE_AT, first: 200) { nodes { id number } }
}`;

export const SCANNED = `query PortalScanned($byNumber: FulfillmentOrdersFilter, $byOrder: FulfillmentOrdersFilter, $byParcel: FulfillmentOrdersFilter) {
  numbered: fulfillmentOrders(filter: $byNumber, first: 2) { nodes { ${ORDER} } }
  ordered: fulfillmentOrders(filter: $byOrder, first: 5) { nodes { ${ORDER} } }
  parceled: fulfillmentOrders(filter: $byParcel, first: 2) { nodes { ${ORDER} } }
}`;

export const TRACKING = `query PortalTracking($number: String!) {
  trackingCheck(number: $number) { number kind valid usedBy { id number } }
}`;

export const VIEWS = `query PortalViews($page: String!) { savedViews(page: $page) { id name query shared mine } }`;

export const SAVE_VIEW = `mutation PortalSaveView($input: SaveViewInput!) {
  saveView(input: $input) { ... on SavedViewChanged { view { id } } ${PROBLEM} }
}`;

export const DELETE_VIEW = `mutation PortalDeleteView($id: UUID!) {
  deleteView(id: $id) { ... on SavedViewChanged { view { id } } ${PROBLEM} }
}`;

export const PRINT = `mutation PortalPrint($input: PrintDocumentsInput!) {
  printDocuments(input: $input) { ... on PrintBatch { url count missing { message } } ${PROBLEM} }
}`;

export const ANSWER_CANCELLATION = `mutation PortalAnswer($id: UUID!, $agreed: Boolean!) {
  answerCancellation(fulfillmentOrderId: $id, agreed: $agreed) {
    ... on FulfillmentOrderChanged { fulfillmentOrder { ${ORDER} } } ${PROBLEM}
  }
}`;

export const SHIP = `mutation PortalShip($id: UUID!, $lines: [LineQuantityInput!], $parcels: [ParcelInput!]) {
  shipFulfillmentOrder(fulfillmentOrderId: $id, lines: $lines, parcels: $parcels, recallable: true) {
    ... on ShipmentChanged { shipment { id number fulfillmentOrderId } } ${PROBLEM}
  }
}`;

export const RECALL = `mutation PortalRecall($id: UUID!) {
  recallShipment(shipmentId: $id) { ... on ShipmentChanged { shipment { id } } ${PROBLEM} }
}`;
