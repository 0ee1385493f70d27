/** What the portal asks of the API. Checked against schema.graphql by the tests. */

export const ORDERS = `query PortalOrders($filter: FulfillmentOrdersFilter, $sort: FulfillmentOrdersSort!, $after: String) {
  fulfillmentOrders(filter: $filter, sort: $sort, first: 50, after: $after) {
    nodes {
      id number orderNumber state deliveryType dueAt shipOn promisedOn cancelRequested updatedAt customerName
      shippingAddress { city country }
      lines { id quantity }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const ORDERS_CHANGED = `subscription PortalOrdersChanged($changedSince: DateTime) {
  fulfillmentOrdersChanged(changedSince: $changedSince) { id gone node { id state updatedAt } }
}`;

export const ORDERS_SINCE = `query PortalOrdersSince($changedSince: DateTime) {
  fulfillmentOrders(filter: { changedSince: $changedSince }, sort: UPDATED_AT_DESC, first: 100) { nodes { id state updatedAt } }
}`;

const ORDER = `id number orderNumber state deliveryType dueAt shipOn promisedOn cancelRequested cancelReason customerName updatedAt
  shippingAddress { name company street extra postalCode city country phone }
  lines { id sku name quantity picked rejectReason rejectNote }
  parcels { id state carrier trackingNumber trackingUrl }
  shipments { id number shippedAt recalledAt }
  recallableUntil`;

const PROBLEM = "... on Error { code message path details }";

export const ONE_ORDER = `query PortalOrder($id: UUID!) { fulfillmentOrder(id: $id) { ${ORDER} } }`;

export const ACCEPT = `mutation PortalAccept($id: UUID!) {
  acceptFulfillmentOrder(fulfillmentOrderId: $id) {
    ... on FulfillmentOrderChanged { fulfillmentOrder { ${ORDER} } } ${PROBLEM}
  }
}`;

export const REJECT = `mutation PortalReject($id: UUID!, $lines: [RejectedLineInput!]!) {
  rejectFulfillmentOrder(fulfillmentOrderId: $id, lines: $lines) {
    ... on FulfillmentOrderChanged { fulfillmentOrder { ${ORDER} } } ${PROBLEM}
  }
}`;

export const ANSWER_CANCELLATION = `mutation PortalAnswer($id: UUID!, $agreed: Boolean!) {
  answerCancellation(fulfillmentOrderId: $id, agreed: $agreed) {
    ... on FulfillmentOrderChanged { fulfillmentOrder { ${ORDER} } } ${PROBLEM}
  }
}`;

export const SHIP = `mutation PortalShip($id: UUID!, $parcels: [ParcelInput!]) {
  shipFulfillmentOrder(fulfillmentOrderId: $id, parcels: $parcels, recallable: true) {
    ... on ShipmentChanged { shipment { id number fulfillmentOrderId } } ${PROBLEM}
  }
}`;

export const RECALL = `mutation PortalRecall($id: UUID!) {
  recallShipment(shipmentId: $id) { ... on ShipmentChanged { shipment { id } } ${PROBLEM} }
}`;
