/** What the page about an order's places asks of the API. */

const PROBLEM = "... on Error { code message path details }";

const SUM = "{ amount currency }";

const SPOT = "locationId place spot { latitude longitude }";

const PLACE = `${SPOT} leavesOn arrivesOn carrier missing cost ${SUM} terms { name label amount ${SUM} } pieces { orderLineId quantity }`;

export const WHY = `query CareWhy($id: UUID, $number: String) {
  order(id: $id, number: $number) {
    id number state placedAt promisedOn total ${SUM} channel { name }
    lines { id sku name ordered canceled }
    routingLock { reason lockedAt lockedBy }
    shippingAddress { postalCode city country latitude longitude } billingAddress { postalCode city country latitude longitude }
    fulfillmentOrders { id number state placeName locationId lines { orderLineId quantity } }
    routingDecisions {
      id occasion policy decidedAt parcels unsent explanation
      view {
        cost ${SUM} omitted runnerUp ${SUM} terms { name label amount ${SUM} }
        chosen { ${PLACE} } considered { ${PLACE} } dropped { ${SPOT} reason } runnerUpPlaces { ${SPOT} }
      }
    }
  }
}`;

export const ELSEWHERE = `query CareWhatIf($id: UUID!) {
  reroutePreview(fulfillmentOrderId: $id) {
    costCents candidates { locationId placeName feasible reason missing costCents differenceCents leavesOn arrivesOn }
  }
}`;

export const SEND_ELSEWHERE = `mutation CareReroute($id: UUID!, $reason: String!, $place: UUID) {
  rerouteFulfillmentOrder(fulfillmentOrderId: $id, reason: $reason, toLocationId: $place) {
    ... on FulfillmentOrderRerouted { outcome fulfillmentOrder { id state } } ${PROBLEM}
  }
}`;

export const LOCK = `mutation CareLock($id: UUID!, $reason: String!) {
  lockRouting(orderId: $id, reason: $reason) { __typename ${PROBLEM} }
}`;

export const UNLOCK = `mutation CareUnlock($id: UUID!) { unlockRouting(orderId: $id) { __typename ${PROBLEM} } }`;
