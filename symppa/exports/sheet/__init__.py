"""A program as cells of a workbook."""
