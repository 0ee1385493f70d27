"""The demo company: Nordlicht, a retailer for home and road in Germany, Austria and the Netherlands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Rows = list[dict[str, Any]]

LEGAL_ENTITIES: Rows = [
    {"code": "NL-DE", "name": "Nordlicht Handel GmbH", "street": "Am Sandtorkai 30", "postalCode": "20457",
     "city": "Hamburg", "country": "DE", "vatId": "DE136695976", "taxNumber": "22/815/08151",
     "register": "Amtsgericht Hamburg HRB 123456", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX",
     "email": "hallo@nordlicht.example", "phone": "+49 40 123456", "brandColor": "#14532d"},
    {"code": "NL-AT", "name": "Nordlicht Österreich GmbH", "street": "Mariahilfer Straße 99", "postalCode": "1060",
     "city": "Wien", "country": "AT", "vatId": "ATU13585627", "register": "FN 123456a",
     "iban": "AT611904300234573201", "bic": "OPSKATWW", "email": "hallo@nordlicht.example",
     "brandColor": "#14532d"},
]  # fmt: skip

_HOURS = {"authorization_expiry_warning_hours": 48}
CHANNELS: Rows = [
    {"code": "shop-de", "name": "Web shop Germany", "kind": "WEB_SHOP", "legalEntity": "NL-DE", "country": "DE",
     "currency": "EUR", "languages": ["de", "en"], "gross": True, "shortage": "REFUSE", "pricedByChannel": False,
     "paymentMethods": ["CARD", "WALLET", "PREPAYMENT", "ON_ACCOUNT", "GIFT_CARD"], "returnDays": 30,
     "settings": _HOURS},
    {"code": "shop-nl", "name": "Web shop Netherlands", "kind": "WEB_SHOP", "legalEntity": "NL-DE", "country": "NL",
     "currency": "EUR", "languages": ["en"], "gross": True, "shortage": "BACKORDER", "pricedByChannel": False,
     "paymentMethods": ["CARD", "WALLET"], "returnDays": 30, "settings": _HOURS},
    {"code": "b2b-at", "name": "Business customers Austria", "kind": "CALL_CENTER", "legalEntity": "NL-AT",
     "country": "AT", "currency": "EUR", "languages": ["de"], "gross": False, "shortage": "BACKORDER",
     "pricedByChannel": True, "paymentMethods": ["ON_ACCOUNT"], "returnDays": 14, "paymentDays": 30},
    {"code": "market", "name": "Marktplatz", "kind": "MARKETPLACE", "legalEntity": "NL-DE", "country": "DE",
     "currency": "EUR", "languages": ["de"], "gross": True, "shortage": "TAKE", "pricedByChannel": True,
     "paymentMethods": ["COLLECTED_BY_CHANNEL"], "returnDays": 30},
]  # fmt: skip

PARTNERS: Rows = [
    {"code": "duin", "name": "Duinfiets B.V.", "kind": "DROPSHIPPER", "email": "orders@duinfiets.example",
     "language": "en", "country": "NL", "agreement": {"answer_hours": 24, "ship_days": 3}},
    {"code": "zirbe", "name": "Zirbenholz Möbel KG", "kind": "DROPSHIPPER", "email": "auftrag@zirbenholz.example",
     "language": "de", "country": "AT", "agreement": {"answer_hours": 48, "ship_days": 5}},
]  # fmt: skip


def _store(code: str, name: str, street: str, city: str, country: str, at: tuple[str, float, float]) -> dict[str, Any]:
    postal_code, latitude, longitude = at
    zone = {"DE": "Europe/Berlin", "AT": "Europe/Vienna", "NL": "Europe/Amsterdam"}[country]
    return {
        "code": code, "name": name, "kind": "STORE", "street": street, "postalCode": postal_code, "city": city,
        "country": country, "latitude": latitude, "longitude": longitude, "timezone": zone,
        "openingHours": "Mo-Sa 10:00-19:00; PH off", "cutOff": "15:00", "canPickup": True, "acceptsReturns": True,
        "bulky": False, "unitCapacity": 40, "handlingParcelCents": 180, "handlingUnitCents": 40, "priority": 50,
    }  # fmt: skip


LOCATIONS: Rows = [
    {"code": "wh-hamburg", "name": "Central warehouse Hamburg", "kind": "WAREHOUSE", "street": "Dessauer Straße 4",
     "postalCode": "20457", "city": "Hamburg", "country": "DE", "latitude": 53.535, "longitude": 10.02,
     "openingHours": "Mo-Fr 06:00-22:00; Sa 06:00-14:00", "cutOff": "16:00", "acceptsReturns": True,
     "handlingParcelCents": 90, "handlingUnitCents": 15, "priority": 10},
    {"code": "lp-graz", "name": "Logistics provider Graz", "kind": "LOGISTICS_PROVIDER", "street": "Industriezeile 2",
     "postalCode": "8020", "city": "Graz", "country": "AT", "latitude": 47.06, "longitude": 15.42,
     "timezone": "Europe/Vienna", "openingHours": "Mo-Fr 07:00-18:00", "cutOff": "14:00", "acceptsReturns": True,
     "handlingParcelCents": 140, "handlingUnitCents": 20, "priority": 20},
    _store("st-hamburg", "Nordlicht Jungfernstieg", "Jungfernstieg 12", "Hamburg", "DE", ("20354", 53.553, 9.993)),
    _store("st-berlin", "Nordlicht Kurfürstendamm", "Kurfürstendamm 201", "Berlin", "DE", ("10719", 52.50, 13.324)),
    _store("st-muenchen", "Nordlicht Sendlinger Tor", "Sendlinger Straße 3", "München", "DE",
           ("80331", 48.135, 11.57)),
    _store("st-wien", "Nordlicht Mariahilf", "Mariahilfer Straße 99", "Wien", "AT", ("1060", 48.197, 16.345)),
    _store("st-amsterdam", "Nordlicht Kalverstraat", "Kalverstraat 80", "Amsterdam", "NL", ("1012 PH", 52.371, 4.892)),
    {"code": "ds-duin", "name": "Duinfiets", "kind": "DROPSHIPPER", "partner": "duin", "street": "Havenweg 7",
     "postalCode": "2583 XX", "city": "Den Haag", "country": "NL", "latitude": 52.10, "longitude": 4.27,
     "timezone": "Europe/Amsterdam", "openingHours": "Mo-Fr 08:00-17:00", "leadDays": 2, "stockKind": "AVAILABLE",
     "answerHours": 24, "priority": 60},
    {"code": "ds-zirbe", "name": "Zirbenholz Möbel", "kind": "DROPSHIPPER", "partner": "zirbe", "street": "Dorf 14",
     "postalCode": "6100", "city": "Seefeld", "country": "AT", "latitude": 47.33, "longitude": 11.19,
     "timezone": "Europe/Vienna", "openingHours": "Mo-Fr 08:00-16:00", "leadDays": 4, "stockKind": "AVAILABLE",
     "answerHours": 48, "priority": 60},
]  # fmt: skip

TARIFFS: Rows = [
    {"carrier": "DHL", "parcelCents": 420, "country": "DE", "centsPerKg": 25, "transitDays": 1, "bulkyUnitCents": 1900},
    {"carrier": "DHL", "parcelCents": 950, "country": "AT", "centsPerKg": 45, "transitDays": 2, "bulkyUnitCents": 2900},
    {"carrier": "DHL", "parcelCents": 890, "country": "NL", "centsPerKg": 45, "transitDays": 2, "bulkyUnitCents": 2900},
    {"carrier": "Post", "parcelCents": 460, "country": "AT", "location": "lp-graz", "centsPerKg": 25},
    {"carrier": "Post", "parcelCents": 1050, "country": "DE", "location": "lp-graz", "centsPerKg": 40},
    {"carrier": "Post", "parcelCents": 480, "country": "AT", "location": "st-wien", "centsPerKg": 25},
    {"carrier": "PostNL", "parcelCents": 510, "country": "NL", "location": "st-amsterdam", "centsPerKg": 25},
    {"carrier": "PostNL", "parcelCents": 690, "country": "NL", "location": "ds-duin", "bulkyUnitCents": 2500},
    {"carrier": "PostNL", "parcelCents": 1190, "country": "DE", "location": "ds-duin", "bulkyUnitCents": 3500},
]  # fmt: skip


def _article(code: str, name: str, german: str, price: int, weight: int, **more: Any) -> tuple[dict[str, Any], int]:
    """A product with one variant, and its gross price in cents in Germany."""
    variant: dict[str, Any] = {"sku": code, "name": name, "weightG": weight, **more.pop("variant", {})}
    product = {"code": code, "name": name, "taxClass": "standard", "variants": [variant], **more}
    product["texts"] = {"de": {"name": german}, "en": {"name": name}}
    return product, price


ARTICLES: list[tuple[dict[str, Any], int]] = [
    _article("LAMP-OAK", "Desk lamp oak", "Schreibtischlampe Eiche", 8900, 1800, category="Lighting"),
    _article("LAMP-BRASS", "Floor lamp brass", "Stehlampe Messing", 19900, 6200, category="Lighting"),
    _article("BULB-E27", "LED bulb E27, warm", "LED-Lampe E27, warm", 790, 90, category="Lighting"),
    _article("MUG-BLUE", "Mug, blue", "Becher, blau", 1490, 380, category="Kitchen"),
    _article("MUG-SAND", "Mug, sand", "Becher, sand", 1490, 380, category="Kitchen"),
    _article("PAN-28", "Cast iron pan 28 cm", "Gusseiserne Pfanne 28 cm", 6900, 3400, category="Kitchen"),
    _article("KNIFE-CHEF", "Chef's knife", "Kochmesser", 11900, 260, category="Kitchen"),
    _article("TOWEL-WHITE", "Bath towel, white", "Badetuch, weiß", 2990, 650, category="Textiles"),
    _article("TOWEL-SEA", "Bath towel, sea", "Badetuch, meer", 2990, 650, category="Textiles"),
    _article("DUVET-135", "Duvet 135 × 200", "Bettdecke 135 × 200", 14900, 2400, category="Textiles"),
    _article("CHAIR-PINE", "Stone pine chair", "Stuhl aus Zirbe", 24900, 6800, category="Furniture"),
    _article("TABLE-PINE", "Stone pine table", "Tisch aus Zirbe", 89900, 42000, category="Furniture", bulky=True),
    _article("BIKE-CITY", "City bicycle 28″", "Stadtrad 28″", 74900, 17500, category="Road", bulky=True),
    _article("BIKE-LOCK", "Folding lock", "Faltschloss", 7990, 1300, category="Road"),
    _article("BIKE-LIGHT", "Bicycle light set", "Fahrradlicht-Set", 4990, 180, category="Road"),
    _article("HELMET-M", "Helmet, medium", "Helm, M", 8900, 340, category="Road"),
    _article("CHAIN-OIL", "Chain oil 100 ml", "Kettenöl 100 ml", 990, 120, category="Road", hazmat=True),
    _article("CANDLE-HONEY", "Beeswax candle", "Bienenwachskerze", 1990, 420, category="Home"),
    _article("BLANKET-WOOL", "Wool blanket", "Wolldecke", 12900, 1500, category="Textiles"),
    _article("COOKBOOK", "Cookbook: North", "Kochbuch: Norden", 2990, 900, category="Books", taxClass="reduced"),
    _article("EBOOK-NORTH", "E-book: North", "E-Book: Norden", 1990, 0, kind="DIGITAL", taxClass="reduced"),
    _article(
        "GIFT-50", "Gift card 50 euro", "Geschenkkarte 50 Euro", 5000, 0, kind="GIFT_CARD", voucherKind="MULTI_PURPOSE"
    ),
    _article("APP-ROUTE", "Route planner, one year", "Routenplaner, ein Jahr", 2400, 0, kind="LICENSE"),
    _article("SERVICE-ASSEMBLY", "Assembly at home", "Aufbau zu Hause", 9900, 0, kind="SERVICE"),
    _article("SET-BREAKFAST", "Breakfast set", "Frühstücksset", 3990, 0, category="Kitchen", variant={"components": [
        {"sku": "MUG-BLUE", "quantity": 2}, {"sku": "CANDLE-HONEY", "quantity": 1}]}),
    _article("SET-ROAD", "Safe on the road", "Sicher unterwegs", 19900, 0, category="Road", variant={"components": [
        {"sku": "BIKE-LOCK", "quantity": 1}, {"sku": "BIKE-LIGHT", "quantity": 1},
        {"sku": "HELMET-M", "quantity": 1}]}),
]  # fmt: skip

# Net prices for business customers, and what the marketplace shows, as shares of the German gross price in percent.
PRICE_SHARES = {"shop-de": 100, "shop-nl": 104, "b2b-at": 78, "market": 108}

# Beside these the German shop has prices for members of its club and for what goes to Austria: from today on.
PRICE_LISTS: Rows = [
    {"code": "CLUB", "channel": "shop-de", "nameEn": "Nordlicht club", "nameDe": "Nordlicht-Club",
     "customerGroup": "club"},
    {"code": "DE-AT", "channel": "shop-de", "nameEn": "Germany to Austria", "nameDe": "Deutschland nach Österreich",
     "country": "AT"},
]  # fmt: skip
# By list: from how many pieces on which percentage of the German price, and for which categories (none: for all).
LIST_SHARES: dict[str, tuple[dict[int, int], frozenset[str]]] = {
    "CLUB": ({1: 95, 4: 90}, frozenset({"Kitchen", "Lighting"})),
    "DE-AT": ({1: 105}, frozenset()),
}
CLUB_MEMBER = "Greta Fock"
CLUB_ORDER = {"PAN-28": 1, "MUG-BLUE": 4, "TOWEL-WHITE": 2}
"""What the member orders today: by the club's price, by its price for four, and by that of everybody."""


@dataclass(frozen=True)
class PriceChange:
    """What an article did cost, costs in the sale and will cost, in percent of today's price; 0 for no change."""

    before: int = 0
    sale: int = 0
    after: int = 0


# Days from today. The last change lies before the thirty days of orders, which were taken at today's prices.
FIRST_PRICES, PRICES_CHANGED, SALE, PRICES_CHANGE = -400, -60, (7, 21), 45
PRICE_CHANGES = {
    "LAMP-OAK": PriceChange(before=112),
    "BULB-E27": PriceChange(before=90, after=106),
    "PAN-28": PriceChange(sale=80),
    "TOWEL-WHITE": PriceChange(before=95, sale=75),
    "TOWEL-SEA": PriceChange(before=95, sale=75),
    "BIKE-CITY": PriceChange(before=94, sale=90, after=104),
    "HELMET-M": PriceChange(after=105),
    "BLANKET-WOOL": PriceChange(sale=70),
}


def email_of(name: str) -> str:
    """A customer's address."""
    return f"{name.split()[0].lower()}.{name.split()[-1].lower()}@mail.example"


TAX_RATES: Rows = [
    {"country": country, "taxClass": name, "rate": rate, "validFrom": "2021-01-01"}
    for country, standard, reduced in (("DE", "19", "7"), ("AT", "20", "10"), ("NL", "21", "9"))
    for name, rate in (("standard", standard), ("reduced", reduced), ("zero", "0"))
]

# Where goods lie: pieces per place; a store has a tenth of the warehouse's.
STOCK = {
    "wh-hamburg": 160,
    "lp-graz": 60,
    "st-hamburg": 14,
    "st-berlin": 12,
    "st-muenchen": 10,
    "st-wien": 9,
    "st-amsterdam": 8,
}
DROPSHIPPED = {"ds-duin": ["BIKE-CITY"], "ds-zirbe": ["CHAIR-PINE", "TABLE-PINE"]}
SCARCE = {"LAMP-BRASS": 3, "DUVET-135": 2}

PEOPLE: list[tuple[str, str, str, dict[str, Any]]] = [
    ("admin", "Ada Lindholm", "ADMIN", {}),
    ("operations", "Ole Petersen", "OPERATIONS", {}),
    ("finance", "Franka Stein", "FINANCE", {}),
    ("care", "Cem Aydin", "CARE_AGENT", {}),
    ("carelead", "Clara Behrens", "CARE_LEAD", {}),
    ("store", "Sven Jansen", "STORE_ASSOCIATE", {"locations": ["st-hamburg"]}),
    ("storelead", "Sarah Mertens", "STORE_MANAGER", {"locations": ["st-hamburg"]}),
    ("partner", "Daan de Vries", "DROPSHIPPER", {"partner": "duin"}),
]
CUSTOMERS = [
    ("Greta Fock", "Deichstraße 7", "20459", "Hamburg", "DE", 53.5475, 9.9885),
    ("Jonas Weber", "Torstraße 140", "10119", "Berlin", "DE", 52.5290, 13.4010),
    ("Lena Maier", "Baaderstraße 21", "80469", "München", "DE", 48.1320, 11.5760),
    ("Mehmet Yılmaz", "Venloer Straße 310", "50823", "Köln", "DE", 50.9510, 6.9170),
    ("Sophie Klein", "Karl-Liebknecht-Straße 8", "04107", "Leipzig", "DE", 51.3290, 12.3720),
    ("Emma de Boer", "Prinsengracht 263", "1016 GV", "Amsterdam", "NL", 52.3752, 4.8840),
    ("Lucas Bakker", "Oudegracht 120", "3511 AW", "Utrecht", "NL", 52.0907, 5.1214),
    ("Anna Gruber", "Neubaugasse 44", "1070", "Wien", "AT", 48.2010, 16.3490),
    ("Paul Huber", "Getreidegasse 9", "5020", "Salzburg", "AT", 47.8000, 13.0430),
]
