/** What the change workbench asks of the API. */

const PROBLEM = "... on Error { code message path details }";

const SUM = "{ amount currency }";

const ADDRESS = "{ name company street extra postalCode city region country phone }";

const PREVIEW = `token lostDiscount ${SUM} tax ${SUM} totalBefore ${SUM} totalAfter ${SUM}
  promisedBefore promisedAfter deliveryType stateBefore stateAfter
  lines {
    lineId sku name quantityBefore quantityAfter canceled asked missing unitPrice ${SUM} before { gross ${SUM} } after { gross ${SUM} }
    sendings { locationId quantity arrivesOn }
  }
  promotions { code label returnRule before ${SUM} after ${SUM} }
  charges { kind name gross ${SUM} }
  money {
    refund ${SUM} released ${SUM} toPay ${SUM} method { kind label }
    shares { paymentId kind label amount ${SUM} credited ${SUM} }
  }
  asks { fulfillmentOrderId number locationId partner pieces }
  moves { locationId quantity arrivesOn }
  messages { template subject text }`;

const CHANGE = "id state reason canceled refused code dueAt openedAt openedBy";

export const CHANGEABLE = `query CareChangeable($id: UUID, $number: String) {
  order(id: $id, number: $number) {
    id number state placedAt promisedOn total ${SUM} currency deliveryType pickupLocationId channel { name code }
    shippingAddress ${ADDRESS} billingAddress ${ADDRESS}
    lines { id sku name kind bundleSku ordered canceled shipped returned unitPrice ${SUM} }
  }
}`;

export const CHANGES = `query CareChanges($id: UUID!) { orderChanges(orderId: $id) { ${CHANGE} } }`;

export const PREVIEW_CHANGE = `query CarePreviewChange($id: UUID!, $input: OrderChangeInput!, $noteToCustomer: String) {
  previewOrderChange(orderId: $id, input: $input, noteToCustomer: $noteToCustomer) { ${PREVIEW} }
}`;

export const CONFIRM_CHANGE = `mutation CareConfirmChange($id: UUID!, $input: OrderChangeInput!, $token: String!, $reason: String!, $noteToCustomer: String) {
  confirmOrderChange(orderId: $id, input: $input, token: $token, reason: $reason, noteToCustomer: $noteToCustomer) {
    ... on OrderChangeConfirmed { change { ${CHANGE} } }
    ... on OrderChangeStale { moved preview { ${PREVIEW} } }
    ${PROBLEM}
  }
}`;

export const CANCEL_CHANGE = `mutation CareCancelChange($id: UUID!) {
  cancelOrderChange(id: $id) { ... on OrderChangeCanceled { change { ${CHANGE} } } ${PROBLEM} }
}`;

export const PRODUCT_OF = "query CareProductOf($sku: String!) { productVariant(sku: $sku) { productId } }";

export const VARIANTS = `query CareVariants($products: [UUID!]) {
  productVariants(filter: { productIds: $products, active: true }, sort: SKU, first: 100) { nodes { sku name } }
}`;

export const PROMISED = `query CarePromised($channel: String!, $items: [AvailabilityItemInput!]!) {
  availability(channel: $channel, items: $items) { sku quantity expected earliestOn }
}`;

export const PLACES = `query CarePlaces {
  stockLocations(sort: NAME, first: 200) { nodes { id code name city canPickup active } }
}`;
