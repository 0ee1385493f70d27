"""What a return is due, and which rule says so."""

from __future__ import annotations

from uuid import UUID

import strawberry

from kontor.api.graphql.order_types import money, plain_rate
from kontor.api.graphql.scalars import Money
from kontor.returns.explaining import explained
from kontor.returns.values import RefundDue as Due


@strawberry.type(description="Pieces to pay back with the frozen amounts of their supply.")
class ReturnRefundLine:
    order_line_id: UUID
    quantity: int
    net: Money
    tax: Money
    gross: Money
    tax_rate: str
    reduced: Money = strawberry.field(description="What goodwill gave back for them before; taken off the amounts.")


@strawberry.type(description="A rule that gives or keeps something of a refund.")
class RefundExplanation:
    rule: str
    amount: Money = strawberry.field(description="Below 0: kept. With what the goods cost, all add up to the refund.")
    text: str


@strawberry.type(description="What a return is to be paid now.")
class ReturnRefund:
    lines: list[ReturnRefundLine]
    charges: Money
    fee: Money
    not_earned: Money = strawberry.field(description="Discounts the kept goods no longer earn; below 0: given back.")
    withheld: Money = strawberry.field(description="What is credited and does not go back, as it is not there.")
    explanations: list[RefundExplanation]
    amount: Money

    @classmethod
    def of(cls, due: Due, language: str) -> ReturnRefund:
        """As the API shows it."""
        shown = due.currency
        lines = [
            ReturnRefundLine(
                order_line_id=line.order_line_id, quantity=line.quantity, net=money(line.net, shown),
                tax=money(line.tax, shown), gross=money(line.gross, shown), tax_rate=plain_rate(line.tax_rate),
                reduced=money(line.reduced, shown),
            )
            for line in due.lines
        ]  # fmt: skip
        return cls(
            lines=lines,
            charges=money(sum(charge.gross for charge in due.charges), shown),
            fee=money(due.fee, shown),
            not_earned=money(sum(due.rechecked.values()), shown),
            withheld=money(sum(due.withheld.values()), shown),
            explanations=[
                RefundExplanation(rule=each.rule, amount=money(each.amount, shown), text=each.text(language))
                for each in explained(due)
            ],
            amount=money(due.amount, shown),
        )
