"""What we hold and where: parts, substitutes, units, locations and the stock ledger."""
