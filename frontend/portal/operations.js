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
  updatedAt locationId withdrawableUntil recallableUntil pricesShown
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

export const PERFORMANCE = `query PortalPerformance($id: UUID!) {
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

const PARTNERSHIP = `id name email language country vatId carriers paper labelPaper hasStock hasPracticed
  places { id code name street postalCode city country timezone openingHours cutOff closures { from until } }
  practice { id number state carrier trackingNumber lines { sku name quantity } }`;

export const OWN_COMPANY = `query PortalCompany { partnership { ${PARTNERSHIP} } }`;

export const SAVE_COMPANY = `mutation PortalSaveCompany($input: PartnershipInput!) {
  savePartnership(input: $input) { ... on PartnershipPayload { partnership { ${PARTNERSHIP} } } ${PROBLEM} }
}`;

export const SAVE_PLACE = `mutation PortalSavePlace($input: OwnPlaceInput!, $id: UUID) {
  saveOwnPlace(input: $input, id: $id) { ... on PartnershipPayload { partnership { ${PARTNERSHIP} } } ${PROBLEM} }
}`;

export const CLOSE_PLACE = `mutation PortalClosePlace($id: UUID!, $from: Date!, $until: Date!) {
  closePlace(id: $id, from: $from, until: $until) { ... on PartnershipPayload { partnership { ${PARTNERSHIP} } newlyClosed { from until } } ${PROBLEM} }
}`;

export const REOPEN_PLACE = `mutation PortalReopenPlace($id: UUID!, $from: Date!, $until: Date!) {
  reopenPlace(id: $id, from: $from, until: $until) { ... on PartnershipPayload { partnership { ${PARTNERSHIP} } } ${PROBLEM} }
}`;

export const BEGIN_PRACTICE = `mutation PortalBeginPractice {
  beginPractice { ... on PartnershipPayload { partnership { ${PARTNERSHIP} } } ${PROBLEM} }
}`;

export const ACCEPT_PRACTICE = `mutation PortalAcceptPractice($id: UUID!) {
  acceptPractice(id: $id) { ... on PartnershipPayload { partnership { ${PARTNERSHIP} } } ${PROBLEM} }
}`;

export const SHIP_PRACTICE = `mutation PortalShipPractice($id: UUID!, $carrier: String, $trackingNumber: String) {
  shipPractice(id: $id, carrier: $carrier, trackingNumber: $trackingNumber) {
    ... on PartnershipPayload { partnership { ${PARTNERSHIP} } } ${PROBLEM}
  }
}`;

export const IMPORT_STOCK = `mutation PortalImportStock($content: String!, $dryRun: Boolean!) {
  importFile(kind: "stock", content: $content, base64Encoded: true, dryRun: $dryRun) {
    ... on ImportedFile { rows created updated unchanged refused problems { line key message } } ${PROBLEM}
  }
}`;

export const COLLEAGUES = `query PortalColleagues { colleagues { id name email role invited lastSignedInAt } }`;

export const INVITE = `mutation PortalInvite($input: ColleagueInput!) {
  inviteColleague(input: $input) { ... on ColleaguePayload { colleague { id email } } ${PROBLEM} }
}`;

export const CHANGE_ROLE = `mutation PortalChangeRole($id: UUID!, $role: Role!) {
  changeColleagueRole(id: $id, role: $role) { ... on ColleaguePayload { colleague { id } } ${PROBLEM} }
}`;

export const REMOVE_COLLEAGUE = `mutation PortalRemove($id: UUID!) {
  removeColleague(id: $id) { ... on ColleaguePayload { colleague { id } } ${PROBLEM} }
}`;

export const RESTORE_COLLEAGUE = `mutation PortalRestore($id: UUID!) {
  restoreColleague(id: $id) { ... on ColleaguePayload { colleague { id } } ${PROBLEM} }
}`;

const ACCESS = `hasPassword secondFactor recoveryCodesLeft user { id email name language timezone }
  passkeys { id name createdAt lastUsedAt } sessions { id userAgent createdAt lastSeenAt current }`;

export const MY_ACCESS = `query PortalAccess { myAccess { ${ACCESS} } }`;

export const SAVE_ME = `mutation PortalSaveMe($name: String!, $language: String!, $timezone: String) {
  saveMe(name: $name, language: $language, timezone: $timezone) { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const END_SESSION = `mutation PortalEndSession($id: UUID!) {
  endSession(id: $id) { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const END_OTHER_SESSIONS = `mutation PortalEndOthers {
  endOtherSessions { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const BEGIN_FACTOR = `mutation PortalBeginFactor {
  beginSecondFactor { ... on SecondFactorEnrollment { secret qr } ${PROBLEM} }
}`;

export const CONFIRM_FACTOR = `mutation PortalConfirmFactor($code: String!) {
  confirmSecondFactor(code: $code) { ... on SecondFactorPayload { recoveryCodes myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const END_FACTOR = `mutation PortalEndFactor($code: String!) {
  endSecondFactor(code: $code) { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const BEGIN_PASSKEY = `mutation PortalBeginPasskey {
  beginPasskey { ... on PasskeyOffer { step options } ${PROBLEM} }
}`;

export const ADD_PASSKEY = `mutation PortalAddPasskey($step: String!, $credential: JSON!, $name: String!) {
  addPasskey(step: $step, credential: $credential, name: $name) { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const RENAME_PASSKEY = `mutation PortalRenamePasskey($id: UUID!, $name: String!) {
  renamePasskey(id: $id, name: $name) { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const REMOVE_PASSKEY = `mutation PortalRemovePasskey($id: UUID!) {
  removePasskey(id: $id) { ... on MyAccessPayload { myAccess { ${ACCESS} } } ${PROBLEM} }
}`;

export const CHANGE_PASSWORD = `mutation PortalChangePassword($current: String!, $new: String!) {
  changePassword(current: $current, new: $new) { ... on UserPayload { user { id } } ${PROBLEM} }
}`;

export const COMPANY_SIGN_IN = `query PortalProviders { identityProviders { id name issuer clientId domains active } }`;

export const SAVE_COMPANY_SIGN_IN = `mutation PortalSaveProvider($input: IdentityProviderInput!, $id: UUID) {
  saveIdentityProvider(input: $input, id: $id) { ... on IdentityProviderPayload { identityProvider { id } } ${PROBLEM} }
}`;

export const REMOVE_COMPANY_SIGN_IN = `mutation PortalRemoveProvider($id: UUID!) {
  removeIdentityProvider(id: $id) { ... on IdentityProviderRemoved { id } ${PROBLEM} }
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

export const SHIPPING_FILES = `query PortalShippingFiles($filters: [FulfillmentOrdersFilter!]!, $kinds: [String!]) {
  fulfillmentOrderCounts(filters: $filters)
  uploads(filter: { kinds: $kinds }, first: 10) { nodes { id name state by createdAt rows returned counts { outcome count } } }
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

const OFFER = `id sku state gtin groupCode name brand category texts attributes images weightG price { amount currency }
  validFrom validUntil reason version missing variantId variant { sku } sentAt`;

export const OFFERS = `query PortalOffers($filter: CatalogOffersFilter, $after: String) {
  catalogOffers(filter: $filter, sort: SKU, first: 50, after: $after) { nodes { ${OFFER} } pageInfo { hasNextPage endCursor } }
  catalogOfferCounts { state count }
}`;

export const ONE_OFFER = `query PortalOffer($id: UUID!) { catalogOffer(id: $id) { ${OFFER} } }`;

export const SAVE_OFFER = `mutation PortalSaveOffer($input: CatalogOfferInput!) {
  saveOffers(inputs: [$input]) { ... on SavedRows { rows { id key code message path } } ${PROBLEM} }
}`;

const DECIDED = `... on DecidedOffers { count refusedCount refused { id sku message } } ${PROBLEM}`;

export const SEND_OFFERS = `mutation PortalSendOffers($ids: [UUID!]) { sendOffers(ids: $ids) { ${DECIDED} } }`;

export const WITHDRAW_OFFERS = `mutation PortalWithdrawOffers($ids: [UUID!]!) { withdrawOffers(ids: $ids) { ${DECIDED} } }`;
