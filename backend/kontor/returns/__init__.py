"""Returns from request over label, receipt and inspection to what is to be paid back.

Owns: `Return`, `ReturnLine`, `ReturnReceipt`, `ReturnInspection`. A refund never exceeds the value of received pieces;
only the disposition RESTOCK raises what can be sold. Records ReturnRequested, ReturnApproved, ReturnDeclined,
ReturnReceived, ReturnDecided, ReturnInspected, ReturnLabelRenewed, ReturnCanceled, ReturnClosed.
"""
