"""Papers of work at places: printed for a selection in one file, each keeping its number however often it is printed.

Owns: `PrintedPaper`, `PrintBatch`. What a paper says is frozen when it is first asked for, so it is drawn the same to
the byte; goods or an address that changed since make another version under the same number. Partners get papers of
their own fulfillment orders, stores of theirs. Records nothing: printing moves neither goods nor money.
"""
