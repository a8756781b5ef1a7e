"""The answers of a nation's view as files: for parsers, for a French or English spreadsheet, for maps, for analysts.

Every file has the rows that the answer in JSON has, and says, or has beside it, where they come from.
"""
