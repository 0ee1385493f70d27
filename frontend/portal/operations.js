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

const UPLOAD = `id kind state name rows done guarded returned problem missing fields
  columns { title sample field } counts { outcome count } findings { line key outcome field message }`;

export const LAST_UPLOAD = `query PortalLastUpload($kinds: [String!]) {
  uploads(filter: { kinds: $kinds }, first: 1) { nodes { ${UPLOAD} } }
}`;

export const ONE_UPLOAD = `query PortalUpload($id: UUID!) { upload(id: $id) { ${UPLOAD} } }`;

export const MATCH_UPLOAD = `mutation PortalMatchUpload($id: UUID!, $columns: [String]!) {
  matchUploadColumns(id: $id, columns: $columns) { ... on UploadPayload { upload { ${UPLOAD} } } ${PROBLEM} }
}`;

export const APPLY_UPLOAD = `mutation PortalApplyUpload($id: UUID!, $confirmed: Boolean!) {
  applyUpload(id: $id, confirmed: $confirmed) { ... on UploadPayload { upload { ${UPLOAD} } } ${PROBLEM} }
}`;

export const CANCEL_UPLOAD = `mutation PortalCancelUpload($id: UUID!) {
  cancelUpload(id: $id) { ... on UploadPayload { upload { ${UPLOAD} } } ${PROBLEM} }
}`;

const LEVEL = `location sku onHand allocated reserved safety available paused asOf countedBy
  variant { id name gtin } nextInbound { expectedOn quantity received }`;

export const STOCK = `query PortalStock($filter: StockLevelsFilter, $after: String) {
  stockLevels(filter: $filter, sort: SKU, first: 50, after: $after) {
    nodes { ${LEVEL} }
    pageInfo { hasNextPage endCursor }
  }
  stockFreshness { articles fresh empty paused }
}`;

export const STOCK_OF = `query PortalStockOf($location: String!, $skus: [String!]!) {
  stockLevels(filter: { locations: [$location], skus: $skus }, sort: SKU, first: 50) { nodes { ${LEVEL} } }
  stockFreshness { articles fresh empty paused }
}`;

export const SET_STOCK = `mutation PortalSetStock($figures: [StockFigureInput!]!) {
  setStockLevels(figures: $figures) {
    ... on SetStockLevelsPayload { applied unchanged refused rows { index result code message details } } ${PROBLEM}
  }
}`;

export const SET_BUFFER = `mutation PortalSetBuffer($location: String!, $sku: String!, $quantity: Int!) {
  setSafetyStock(location: $location, sku: $sku, quantity: $quantity) { ... on StockLevelPayload { stockLevel { ${LEVEL} } } ${PROBLEM} }
}`;

export const PAUSE = `mutation PortalPause($location: String!, $sku: String!) {
  pauseArticle(location: $location, sku: $sku) { ... on StockLevelPayload { stockLevel { ${LEVEL} } } ${PROBLEM} }
}`;

export const RESUME = `mutation PortalResume($location: String!, $sku: String!) {
  resumeArticle(location: $location, sku: $sku) { ... on StockLevelPayload { stockLevel { ${LEVEL} } } ${PROBLEM} }
}`;
