"""Tables in and out: CSV and XLSX, read within limits and written so that nothing in a cell is ever run."""
