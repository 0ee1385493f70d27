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

const RETURN_ROW = "id number orderNumber phase requestedAt dueAt updatedAt lines { id name quantity }";
const RETURN = `id number orderNumber phase note dueAt updatedAt labelSentAt photos { id address }
  lines { id sku name quantity inspected reason note decisions { quantity condition accepted reason at by } }`;

export const RETURNS = `query PortalReturns($filter: PartnerReturnsFilter, $sort: PartnerReturnsSort!, $after: String) {
  partnerReturns(filter: $filter, sort: $sort, first: 50, after: $after) { nodes { ${RETURN_ROW} } pageInfo { hasNextPage endCursor } }
}`;

export const RETURNS_CHANGED = `subscription PortalReturnsChanged($changedSince: DateTime) {
  partnerReturnsChanged(changedSince: $changedSince) { id gone node { id updatedAt } }
}`;

export const RETURNS_SINCE = `query PortalReturnsSince($changedSince: DateTime) {
  partnerReturns(filter: { changedSince: $changedSince }, sort: UPDATED_AT_DESC, first: 100) { nodes { id updatedAt } }
}`;

export const ONE_RETURN = `query PortalReturn($id: UUID!) { partnerReturn(id: $id) { ${RETURN} } }`;

export const PREVIEW_DECISION = `query PortalPreviewDecision($id: UUID!, $pieces: [PieceDecisionInput!]!) {
  previewReturnDecision(id: $id, pieces: $pieces) { subject text }
}`;

export const SENT_ORDERS = `query PortalSentOrders($text: String!) {
  sentOrders(text: $text) { orderId orderNumber shippedAt lines { orderLineId sku name returnable } }
}`;

export const DECIDE_RETURN = `mutation PortalDecideReturn($id: UUID!, $pieces: [PieceDecisionInput!]!) {
  decideReturn(id: $id, pieces: $pieces) { ... on PartnerReturnChanged { return { id } } ${PROBLEM} }
}`;

export const MARK_ARRIVED = `mutation PortalMarkArrived($id: UUID!) {
  markReturnArrived(id: $id) { ... on PartnerReturnChanged { return { id } } ${PROBLEM} }
}`;

export const RENEW_LABEL = `mutation PortalRenewLabel($id: UUID!) {
  renewReturnLabel(id: $id) { ... on PartnerReturnChanged { return { id } } ${PROBLEM} }
}`;

export const ANNOUNCE_ARRIVED = `mutation PortalAnnounceArrived($orderId: UUID!, $pieces: [ArrivedPiecesInput!]!) {
  announceArrivedParcel(orderId: $orderId, pieces: $pieces) { ... on PartnerReturnChanged { return { id } } ${PROBLEM} }
}`;

const KEY = "id clientId name scopes active expiresAt lastUsedAt secrets { createdAt expiresAt }";
const ENDPOINT = "id name url events active failingSince disabledReason";

export const KEYS = `query PortalKeys { apiClients(first: 100) { nodes { ${KEY} } } }`;

export const CREATE_KEY = `mutation PortalCreateKey($input: ApiClientInput!) {
  createApiClient(input: $input) { ... on ApiClientPayload { secret apiClient { ${KEY} } } ${PROBLEM} }
}`;

export const ROTATE_KEY = `mutation PortalRotateKey($id: UUID!, $hours: Int!) {
  rotateApiClientSecret(id: $id, overlapHours: $hours) { ... on ApiClientPayload { secret } ${PROBLEM} }
}`;

export const REVOKE_KEY = `mutation PortalRevokeKey($id: UUID!) {
  revokeApiClient(id: $id) { ... on ApiClientPayload { apiClient { id } } ${PROBLEM} }
}`;

export const TRIED = "query FirstCall { fulfillmentOrders(first: 3) { nodes { number state } } }";

export const ENDPOINTS = `query PortalEndpoints { webhookEventTypes webhookEndpoints(first: 100) { nodes { ${ENDPOINT} } } }`;

export const SAVE_ENDPOINT = `mutation PortalSaveEndpoint($input: WebhookEndpointInput!) {
  saveWebhookEndpoint(input: $input) { ... on SavedWebhookEndpoint { secret endpoint { id } } ${PROBLEM} }
}`;

export const ROTATE_WEBHOOK = `mutation PortalRotateWebhook($id: UUID!) {
  rotateWebhookSecret(id: $id) { ... on SavedWebhookEndpoint { secret } ${PROBLEM} }
}`;

export const TEST_ENDPOINT = `mutation PortalTestEndpoint($id: UUID!) {
  testWebhookEndpoint(id: $id) { ... on EventDelivery { id } ${PROBLEM} }
}`;

export const DELIVERIES = `query PortalDeliveries($filter: EventDeliveriesFilter, $after: String) {
  eventDeliveries(filter: $filter, first: 20, after: $after) {
    nodes { id type state body error createdAt log { at statusCode error milliseconds } } pageInfo { hasNextPage endCursor }
  }
}`;

export const REPLAY_DELIVERIES = `mutation PortalReplay($ids: [UUID!]!) {
  replayDeliveries(ids: $ids) { ... on ReplayedDeliveries { deliveries { id } } ${PROBLEM} }
}`;

export const REPLAY_RANGE = `mutation PortalReplayRange($id: UUID!, $since: DateTime!, $until: DateTime!) {
  replayWebhookRange(endpointId: $id, since: $since, until: $until) { ... on ReplayedRange { events } ${PROBLEM} }
}`;
