"""Customers and their addresses; finding the customer an order belongs to.

Owns: `Customer`, `CustomerAddress`, `CustomerReference`. A channel's own customer id names one customer. A
customer sees itself, a shop the customers its channels know. Records CustomersSaved.
"""
