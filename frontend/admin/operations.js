/** What operations and administration ask of the API. Checked against schema.graphql by the tests. */

const PROBLEM = "... on Error { code message path details }";

export const PARTNERS = `query AdminPartners($filter: PartnersFilter, $after: String) {
  partners(filter: $filter, sort: NAME, first: 50, after: $after) {
    nodes {
      id code name kind state createdAt updatedAt
      openWork { orders articles }
      presentAgreement { answerHours shipHours }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

const AGREEMENT = `id version validFrom answerHours shipHours acceptedPermille onTimePermille canceledPermille trackingPermille
  returnedPermille stockAgeHours returnPostage currency note createdAt by`;

const PARTNER = `id code name kind state email language country createdAt updatedAt
  openWork { orders articles reservations promised }
  presentAgreement { id }
  agreements { ${AGREEMENT} }`;

export const ONE_PARTNER = `query AdminPartner($id: UUID!) { partner(id: $id) { ${PARTNER} } }`;

export const INVITE = `mutation AdminInvite($input: PartnerInput!, $person: FirstPersonInput) {
  invitePartner(input: $input, person: $person) { ... on PartnerPayload { partner { id name } } ${PROBLEM} }
}`;

export const INVITE_PERSON = `mutation AdminInvitePerson($id: UUID!, $person: FirstPersonInput!) {
  invitePartnerPerson(id: $id, person: $person) { ... on PartnerPayload { partner { id } } ${PROBLEM} }
}`;

export const ACTIVATE = `mutation AdminActivate($id: UUID!) {
  activatePartner(id: $id) { ... on PartnerPayload { partner { id state } } ${PROBLEM} }
}`;

export const SUSPEND = `mutation AdminSuspend($id: UUID!, $reason: String!) {
  suspendPartner(id: $id, reason: $reason) { ... on PartnerPayload { partner { id state } } ${PROBLEM} }
}`;

export const END = `mutation AdminEnd($id: UUID!, $reason: String!) {
  endPartner(id: $id, reason: $reason) { ... on PartnerPayload { partner { id state } } ${PROBLEM} }
}`;

export const AGREE = `mutation AdminAgree($input: AgreementInput!) {
  makeAgreement(input: $input) { ... on AgreementPayload { agreement { id } } ${PROBLEM} }
}`;

export const OPEN_ORDERS = `query AdminOpenOrders($id: UUID!, $after: String) {
  fulfillmentOrders(filter: { partnerIds: [$id], states: [SCHEDULED, OPEN, ACCEPTED, PICKED, PACKED, READY_FOR_PICKUP, ON_HOLD] },
    sort: DUE_AT, first: 100, after: $after) {
    nodes { id number state dueAt shipDueAt cancelRequested lines { id name quantity } }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const PLACES = `query AdminPlaces($id: UUID!) { stockLocations(filter: { partnerIds: [$id] }, first: 200) { nodes { id code name } } }`;

export const KEPT = `query AdminKept($places: [String!]) {
  reservations(filter: { locations: $places }, first: 100) { nodes { id location sku quantity reference expiresAt } }
}`;

export const RELEASE = `mutation AdminRelease($id: UUID!) {
  releaseReservation(id: $id) { __typename ${PROBLEM} }
}`;

export const CLEAR = `mutation AdminClear($partner: UUID!, $ids: [UUID!]!, $action: PartnerWorkClearing!, $reason: String!) {
  clearPartnerWork(partnerId: $partner, fulfillmentOrderIds: $ids, action: $action, reason: $reason) {
    ... on FulfillmentOrdersChanged { results {
      ... on FulfillmentOrderChanged { fulfillmentOrder { id state cancelRequested } }
      ... on RefusedRow { index code message }
    } } ${PROBLEM}
  }
}`;

export const FIGURES = `query AdminFigures($id: UUID!) {
  partnerPerformance(partnerId: $id) {
    orders weeks timeZone
    series { measure moreIsBetter total { value target counted base } weeks { value target counted base } }
  }
}`;

export const BEHIND = `query AdminBehind($id: UUID!, $measure: PartnerMeasure!, $week: Date) {
  partnerPerformanceOrders(partnerId: $id, measure: $measure, week: $week) {
    fulfillmentOrderId number moment counted base objection { id state reason answer }
  }
}`;

export const DECIDE = `mutation AdminDecide($id: UUID!, $upheld: Boolean!, $answer: String!) {
  decideObjection(id: $id, upheld: $upheld, answer: $answer) { ... on ObjectionPayload { objection { id state } } ${PROBLEM} }
}`;

export const OFFERS = `query AdminOffers($filter: CatalogOffersFilter, $after: String) {
  catalogOffers(filter: $filter, sort: UPDATED_AT, first: 50, after: $after) {
    nodes { id version sku gtin name brand category state price { amount currency } texts attributes images validFrom validUntil reason missing sentAt partner { id name } variant { id sku } }
    pageInfo { hasNextPage endCursor }
  }
  catalogOfferCounts { state count }
}`;

const DECIDED = `... on DecidedOffers { count refusedCount refused { id sku message } } ${PROBLEM}`;

export const APPROVE = `mutation AdminApprove($offers: [ReviewedOfferInput!]!) { approveOffers(offers: $offers) { ${DECIDED} } }`;

export const RETURN = `mutation AdminReturn($ids: [UUID!]!, $reason: String!) { returnOffers(ids: $ids, reason: $reason) { ${DECIDED} } }`;

const TOLD = "id version validFrom createdAt createdBy channelId words { subject title body }";

export const MESSAGES = `query AdminMessages($channel: UUID) {
  de: messageTemplates(language: "de", channelId: $channel) { template inForce { ${TOLD} } versions { id version validFrom } }
  en: messageTemplates(language: "en", channelId: $channel) { template inForce { ${TOLD} } versions { id version validFrom } }
  salesChannels(first: 200) { nodes { id code name settings } }
}`;

export const MESSAGE = `query AdminMessage($template: String!, $language: String!, $channel: UUID) {
  messageTemplates(template: $template, language: $language, channelId: $channel) {
    template language placeholders optional needed shipped { subject title body } inForce { ${TOLD} } versions { ${TOLD} }
  }
  salesChannels(first: 200) { nodes { id code name } }
}`;

export const ORDERS_TO_SHOW = `query AdminOrdersToShow($filter: OrdersFilter) {
  orders(filter: $filter, first: 20) { nodes { id number } }
}`;

export const MESSAGE_PREVIEW = `query AdminMessagePreview($order: UUID!, $draft: MessageTemplateInput!) {
  previewMessage(orderId: $order, draft: $draft) { subject text imagined }
}`;

export const SAVE_MESSAGE = `mutation AdminSaveMessage($input: MessageTemplateInput!) {
  saveMessageTemplate(input: $input) { ... on MessageTemplateVersion { id version validFrom } ${PROBLEM} }
}`;

export const RESTORE_MESSAGE = `mutation AdminRestoreMessage($template: String!, $language: String!, $channel: UUID) {
  restoreMessageTemplate(template: $template, language: $language, channelId: $channel) { ... on MessageTemplateVersion { id version } ${PROBLEM} }
}`;

export const TEST_MESSAGE = `mutation AdminTestMessage($order: UUID!, $draft: MessageTemplateInput!) {
  sendTestMessage(orderId: $order, draft: $draft) { ... on TestMessage { recipient } ${PROBLEM} }
}`;

export const DEADLINES = `query AdminDeadlines($channel: UUID) {
  caseDeadlines(channelId: $channel) {
    kind queue hours shippedHours inForce { id channelId } versions { id channelId hours validFrom createdAt createdBy }
  }
  salesChannels(first: 200) { nodes { id code name } }
}`;

export const SET_DEADLINE = `mutation AdminSetDeadline($input: CaseDeadlineInput!) {
  setCaseDeadline(input: $input) { ... on CaseDeadlineVersion { id validFrom } ${PROBLEM} }
}`;

const GOODWILL_ROW = "id orderNumber form state reason note requestedAt requestedBy grantedAt grantedBy amount { amount currency }";

export const GOODWILL_WAITING = `query AdminGoodwillWaiting($after: String) {
  goodwill(filter: { state: [AWAITING_APPROVAL] }, sort: REQUESTED_AT, first: 50, after: $after) {
    nodes { ${GOODWILL_ROW} } pageInfo { hasNextPage endCursor }
  }
}`;

export const GOODWILL_GIVEN = `query AdminGoodwillGiven($since: DateTime!, $until: DateTime!, $filter: GoodwillFilter!, $after: String) {
  goodwillReport(since: $since, until: $until) { form reason count amount { amount currency } }
  goodwill(filter: $filter, first: 50, after: $after) { nodes { ${GOODWILL_ROW} } pageInfo { hasNextPage endCursor } }
}`;

export const APPROVE_GOODWILL = `mutation AdminApproveGoodwill($id: UUID!) {
  approveGoodwill(id: $id) { ... on GoodwillChanged { goodwill { id state } } ${PROBLEM} }
}`;

export const DECLINE_GOODWILL = `mutation AdminDeclineGoodwill($id: UUID!, $reason: String!) {
  declineGoodwill(id: $id, reason: $reason) { ... on GoodwillChanged { goodwill { id state } } ${PROBLEM} }
}`;

export const RECALL_GOODWILL = `mutation AdminRecallGoodwill($id: UUID!) {
  recallGoodwill(id: $id) { ... on GoodwillChanged { goodwill { id state } } ${PROBLEM} }
}`;

const LIMIT = "role currency perOrder perDay changedAt changedBy";

export const GOODWILL_LIMITS = `query AdminGoodwillLimits { goodwillLimits { ${LIMIT} } }`;

export const SAVE_GOODWILL_LIMITS = `mutation AdminSaveGoodwillLimits($limits: [GoodwillLimitInput!]!, $before: [GoodwillLimitInput!]) {
  saveGoodwillLimits(limits: $limits, before: $before) { ... on GoodwillLimitsSaved { limits { ${LIMIT} } } ${PROBLEM} }
}`;

const RULES = "cancel reduce add swap address delivery date returns returnDays exchanges claims";

const RULES_VERSION = `version validFrom createdAt createdBy ${RULES}`;

export const SELF_SERVICE = `query AdminSelfService {
  selfServiceChannels { channelId code name returnDays shipped { ${RULES} } inForce { ${RULES_VERSION} } versions { ${RULES_VERSION} } }
}`;

export const SAVE_SELF_SERVICE = `mutation AdminSaveSelfService($channel: String!, $rules: SelfServicePolicyInput!, $validFrom: DateTime, $newest: Int) {
  saveSelfServicePolicy(channel: $channel, rules: $rules, validFrom: $validFrom, newest: $newest) { ... on SelfServicePolicy { version validFrom } ${PROBLEM} }
}`;
