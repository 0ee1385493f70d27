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

const ORDER = `id number orderNumber state deliveryType dueAt shipOn promisedOn cancelRequested cancelReason customerName updatedAt
  shippingAddress { name company street extra postalCode city country phone }
  lines { id sku name quantity picked rejectReason rejectNote }
  parcels { id state carrier trackingNumber trackingUrl }
  shipments { id number shippedAt recalledAt }
  takenOver { at unanswered kind }
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

export const FIGURES = `query PortalFigures($id: UUID!) {
  partnerPerformance(partnerId: $id) {
    orders weeks timeZone
    series { measure moreIsBetter total { value target counted base } weeks { value target counted base } }
  }
}`;

export const FIGURE_ORDERS = `query PortalFigureOrders($id: UUID!, $measure: PartnerMeasure!) {
  partnerPerformanceOrders(partnerId: $id, measure: $measure) {
    fulfillmentOrderId number moment counted base objection { id state reason answer }
  }
}`;

export const OBJECT = `mutation PortalObject($id: UUID!, $measure: PartnerMeasure!, $reason: String!) {
  objectToFigure(fulfillmentOrderId: $id, measure: $measure, reason: $reason) {
    ... on ObjectionPayload { objection { id } } ${PROBLEM}
  }
}`;
