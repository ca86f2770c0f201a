"""Reading PDFs back with other people's code: text with pypdf, codes with zxing from pages that pdfium renders."""

import io

import pypdf
import pypdfium2
import zxingcpp
from PIL import Image

DPI = 150


def texts(data: bytes) -> list[str]:
    """The text of every page, line breaks and all."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def flat(data: bytes) -> str:
    """The text of all pages without any white space: wrapping and spacing do not matter to it."""
    return "".join("".join(texts(data)).split())


def pages(data: bytes, dpi: int = DPI) -> list[Image.Image]:
    """Every page as a grey picture."""
    document = pypdfium2.PdfDocument(data)
    return [page.render(scale=dpi / 72).to_pil().convert("L") for page in document]


def codes(picture: Image.Image) -> list[tuple[str, str]]:
    """The (format, text) of every code on a picture, sorted."""
    found = zxingcpp.read_barcodes(picture)
    return sorted((code.format.name, code.text) for code in found)


def embedded_fonts(data: bytes) -> set[str]:
    """The names of the fonts on all pages; fails if one of them does not carry its outlines."""
    names = set()
    for page in pypdf.PdfReader(io.BytesIO(data)).pages:
        for font in page["/Resources"]["/Font"].values():
            font = font.get_object()
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert len(descriptor["/FontFile2"].get_data()) > 500
            names.add(font["/BaseFont"])
    return names
