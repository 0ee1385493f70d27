"""The linear program behind shadow prices: sell what will be asked from what is there and comes, as cheaply as can be.

A column per demand and place, one per walk-in demand, one for what a place keeps until the next period. The value of
one more unit is the dual of its period's balance: what it earns less what is lost elsewhere, less its mark-down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from kontor.routing.solver import UNLIMITED, Program, libraries

if TYPE_CHECKING:
    import numpy

    Array: TypeAlias = numpy.ndarray[Any, numpy.dtype[Any]]


class Market(NamedTuple):
    """Arrays by place l, variant s, region r and period b; money in cents.

    `cost[l, r, s]` is what sending a unit costs (infinite where nothing is sent), `lost[s]` a unit not sold,
    `markdown[l, s]` a unit left over. `arrivals[l, s, b]` come, with what is there in the first period;
    `capacity[l, b]` units a place can send (infinite without limit).
    """

    cost: Array
    lost: Array
    markdown: Array
    arrivals: Array
    capacity: Array


class Values(NamedTuple):
    """What one more unit is worth by place, variant and period, and sending one more by place and period."""

    units: Array
    capacity: Array


def value_units(market: Market, orders: Array, walk_ins: Array) -> Values:
    """The values under one demand: units ordered [s, r, b] and asked for at the counter [l, s, b].

    Raises `OptimizerMissing`.
    """
    np, _ = libraries()
    model = Program()
    there = market.arrivals.cumsum(axis=2) > 0
    balance = model.row(market.arrivals.size, market.arrivals.ravel(), market.arrivals.ravel())
    balance = balance.reshape(market.arrivals.shape)
    limited = np.isfinite(market.capacity)
    roof = np.full(limited.shape, -1)
    roof[limited] = model.row(int(limited.sum()), -UNLIMITED, market.capacity[limited])
    s, r, b = np.nonzero(orders)
    cost = market.cost[:, r, s] - market.lost[s]
    which, place = np.nonzero((there[:, s, b] & (cost < 0)).T)
    sent = model.column(cost[place, which])
    model.entry(model.row(len(s), -UNLIMITED, orders[s, r, b])[which], sent)
    model.entry(balance[place, s[which], b[which]], sent)
    under = roof[place, b[which]] >= 0
    model.entry(roof[place, b[which]][under], sent[under])
    place, s, b = np.nonzero(walk_ins * there)
    model.entry(balance[place, s, b], model.column(-market.lost[s], walk_ins[place, s, b]))
    left_over = np.zeros(balance.shape)
    left_over[:, :, -1] = market.markdown
    keep = model.column(left_over.ravel()).reshape(balance.shape)
    model.entry(balance.ravel(), keep.ravel())
    model.entry(balance[:, :, 1:].ravel(), keep[:, :, :-1].ravel(), -1.0)
    dual = model.duals()
    roofs = np.zeros(limited.shape)
    roofs[limited] = -dual[roof[limited]]
    return Values(-dual[balance], roofs)
