"""Invoices and cancellations in the shape of the Online Retail data set: few, with every fate and quirk in them."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

COLUMNS = (
    "invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price", "customer_id", "country",
)  # fmt: skip
GB, DE = "United Kingdom", "Germany"
ROWS: tuple[tuple[object, ...], ...] = (
    # The month before: what is canceled of it later was not sold here.
    ("536001", "22001", "LANTERN", 5, "2010-12-20 09:00", "3.390", "12001", GB),
    # Two prices of one article, one line twice, postage.
    ("537001", "22001", "LANTERN", 6, "2011-01-04 08:26", "3.390", "12001", GB),
    ("537001", "22001", "LANTERN", 48, "2011-01-04 08:26", "2.950", "12001", GB),
    ("537001", "22002", "HANGER", 4, "2011-01-04 08:26", "2.750", "12001", GB),
    ("537001", "22002", "HANGER", 4, "2011-01-04 08:26", "2.750", "12001", GB),
    ("537001", "POST", "POSTAGE", 1, "2011-01-04 08:26", "18.000", "12001", GB),
    ("537002", "22001", "LANTERN", 10, "2011-01-04 12:00", "3.390", "12001", GB),
    ("537003", "22003a", "BOX RED", 3, "2011-01-04 12:30", "1.250", "12472", DE),
    ("537003", "POST", "POSTAGE", 1, "2011-01-04 12:30", "18.000", "12472", DE),
    ("537003", "M", "Manual", 1, "2011-01-04 12:30", "2.000", "12472", DE),
    # A guest, a price below a penny, and a present.
    ("537004", "22002", "HANGER", 2, "2011-01-04 13:00", "5.510", "", GB),
    ("537004", "PADS", "PADS", 1, "2011-01-04 13:00", "0.001", "", GB),
    ("537005", "22004", "TIN", 1, "2011-01-04 13:10", "0.000", "12647", DE),
    ("537005", "22003A", "BOX RED", 2, "2011-01-04 13:10", "1.250", "12647", DE),
    # Stock found and written off, fees alone, a bad debt.
    ("537006", "22002", "", 20, "2011-01-04 14:00", "0.000", "", GB),
    ("537007", "22002", "damages", -7, "2011-01-04 14:05", "0.000", "", GB),
    ("537008", "AMAZONFEE", "AMAZON FEE", 1, "2011-01-04 14:10", "13541.330", "", GB),
    ("A537009", "B", "Adjust bad debt", 1, "2011-01-04 14:20", "-11062.060", "", GB),
    # Nothing was sold to this one, and this one is nobody.
    ("C537010", "22001", "LANTERN", -1, "2011-01-04 15:00", "3.390", "12999", GB),
    ("C537011", "22002", "HANGER", -1, "2011-01-04 15:10", "5.510", "", GB),
    # The same price first, of that the newest: 10 of the second invoice and 2 of the first; then too many.
    ("C537012", "22001", "LANTERN", -12, "2011-01-05 09:00", "3.390", "12001", GB),
    ("C537013", "22002", "HANGER", -9, "2011-01-05 09:10", "2.750", "12001", GB),
    ("C537013", "POST", "POSTAGE", -1, "2011-01-05 09:10", "18.000", "12001", GB),
    # Canceled at another price than sold; a discount that nobody was charged.
    ("C537014", "22001", "LANTERN", -8, "2011-01-05 10:00", "3.100", "12001", GB),
    ("C537014", "D", "Discount", -1, "2011-01-05 10:00", "27.500", "12001", GB),
    # A manual fee goes back alone, then everything: fees with it, less what is back already; the postage only once.
    ("C537015", "M", "Manual", -1, "2011-01-05 11:00", "2.000", "12472", DE),
    ("C537016", "22003A", "BOX RED", -3, "2011-01-05 12:00", "1.250", "12472", DE),
    ("C537016", "POST", "POSTAGE", -1, "2011-01-05 12:00", "18.000", "12472", DE),
    ("C537017", "POST", "POSTAGE", -1, "2011-01-05 13:00", "18.000", "12472", DE),
    # What is open lies partly in the month before.
    ("C537018", "22001", "LANTERN", -46, "2011-01-05 14:00", "3.390", "12001", GB),
    # A day later one of the present comes back, and of two pieces one.
    ("C537019", "22004", "TIN", -1, "2011-01-06 09:00", "0.000", "12647", DE),
    ("C537019", "22003A", "BOX RED", -1, "2011-01-06 09:00", "1.250", "12647", DE),
    # Not played any more.
    ("538001", "22001", "LANTERN", 1, "2011-02-01 09:00", "3.390", "12001", GB),
)


def write(folder: Path) -> Path:
    """Write the file into the folder, which is answered."""
    with gzip.open(folder / "online_retail.csv.gz", "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((*row[:4], f"{row[4]}:00", *row[5:]) for row in ROWS)
    return folder
