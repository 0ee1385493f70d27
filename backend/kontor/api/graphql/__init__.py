"""The GraphQL interface: one module per package with its types, queries and mutations, over a small frame.

A field checks a permission, opens a unit of work or a short read, and calls one function of a package.
"""
