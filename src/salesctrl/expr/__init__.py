"""The expression language: parsing, types and units, lowering to scaled integers."""
