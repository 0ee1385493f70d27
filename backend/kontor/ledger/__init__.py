"""The books as finance needs them: accounts by date, exports, daily close, what is open.

Owns: `LedgerSettings`, `LedgerAccount`, `LedgerExport`, `LedgerExportEntry`. The journal itself is written by
`invoicing` with each financial event and never changes; here it gets the numbers of a chart of accounts and leaves the
house. An entry is exported at most once, and what comes late goes into the next export. Records no events. Whoever may
read the journal sees all of it; a principal with a scope sees nothing.
"""
