"""Rows in: how many rows from a file or a call become masters, each with a result of its own.

Owns: `MastersVersion`, `Upload`. `fields` checks values, `saving` writes what differs and says what became of each row,
`spans` places dated values beside each other, `reading` streams CSV and XLSX, `service` applies a file in batches;
`uploads` are files that people send from a browser: matched, checked and applied by a job that shows how far it is. One
bad row never loses the good ones; the same rows twice change nothing.
"""
