"""The words for what can be wrong with a table, ready for `spares.web.explains`."""

from typing import Any

from flask_babel import lazy_gettext as _

WORDS: dict[str, Any] = {
    "sheet_file_empty": _("The file is empty."),
    "sheet_file_too_large": _("The file has %(size)s bytes; at most %(limit)s are allowed."),
    "sheet_kind_unknown": _("A file of the kind “%(found)s” cannot be read. Allowed: %(allowed)s."),
    "sheet_not_what_it_says": _(
        "The file is called %(claimed)s, but it is no such table. Open it in Excel or WPS and save it again: as an Excel "
        "workbook (.xlsx) or as CSV."
    ),
    "sheet_empty": _("The table has no header line."),
    "sheet_too_long": _("The table has more than %(limit)s rows. Split it into several files."),
    "sheet_too_wide": _("The table has %(columns)s columns; at most %(limit)s are allowed."),
    "columns_untitled": _("These columns have no title: %(columns)s."),
    "columns_repeated": _("These column titles stand more than once: %(columns)s."),
    "columns_missing": _("These columns are missing: %(columns)s. Found: %(found)s."),
    "encoding_unknown": _(
        "Line %(line)s holds characters in no known encoding. Save the file as UTF-8 or GBK (GB18030)."
    ),
    "csv_nul": _(
        "This is no table: from line %(line)s on it cannot be read as text. It may be a picture or another file with the "
        "wrong ending. Open the table in Excel or WPS and save it again as CSV or as a workbook (.xlsx)."
    ),
    "csv_quotes_unbalanced": _("The quotation marks do not match in the record that starts on line %(line)s."),
    "xlsx_encrypted_or_xls": _(
        "The workbook is protected by a password or in the old .xls format. Save it as .xlsx without a password."
    ),
    "xlsx_macros": _("The workbook contains macros. Save it as .xlsx without macros."),
    "xlsx_broken": _(
        "The workbook is damaged or incomplete. Open it in Excel or WPS and save it again as .xlsx; if it does not open "
        "there either, get the file anew."
    ),
    "xlsx_too_many_members": _(
        "The workbook holds too much beside the table, pictures perhaps. Copy the table into a new workbook."
    ),
    "xlsx_unpacks_too_large": _(
        "The workbook is too large. Copy the table into a new workbook, or split it into several files."
    ),
    "xlsx_ratio_suspicious": _(
        "The workbook has an unusual build and is refused for safety. Copy the table into a new workbook."
    ),
    "xlsx_document_type": _(
        "The workbook has an unusual build and is refused for safety. Copy the table into a new workbook."
    ),
    "xlsx_no_visible_sheet": _("The workbook has no visible sheet."),
    "too_many_cells": _("Line %(line)s has %(cells)s cells, but the header has only %(columns)s."),
    "cell_too_long": _("Line %(line)s, %(column)s: the text has %(length)s characters; at most %(limit)s are allowed."),
    "cell_error": _("Line %(line)s, %(column)s: the cell holds the error %(value)s."),
    "cell_date_impossible": _("Line %(line)s, %(column)s: %(value)s is shown as a date, but is none."),
    "formula_without_value": _(
        "Line %(line)s, %(column)s: the formula in %(cell)s has no stored value. Open the file in a spreadsheet program "
        "and save it again."
    ),
    "number_digits_lost": _(
        "Line %(line)s, %(column)s: the number %(value)s has more than 15 digits, and a spreadsheet has lost the last "
        "ones. Format the column as text and enter it again."
    ),
    "export_too_long": _("The table has more rows than a workbook can hold (%(limit)s). Narrow the filter or use CSV."),
}
