"""The shared ReportLab kit: embedded font, wrapping, codes, pages, the parts that slips share, table reports."""
