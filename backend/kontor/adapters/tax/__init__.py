"""Registers of VAT ids: `vies` speaks to the European Commission's one."""

from kontor.adapters.tax.vies import VIES_URL, ViesRegister, connect

__all__ = ["VIES_URL", "ViesRegister", "connect"]
