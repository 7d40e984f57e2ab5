"""Documents that are one note each: their text, their layout, and what is left out of them."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import docx
import pytest
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from support.document_maker import (
    DATE,
    LIST_TEXT,
    PROSE,
    TABLE_TEXT,
    TITLE,
    make_docx,
    make_html,
    make_letter_pdf,
    make_rtf,
    make_text,
    make_zip,
    saved,
)
from support.pdf_maker import lines, make_pdf

from chartsift.nlp.formats import Item, Limits, Rejected, read_upload
from chartsift.nlp.types import Note

NAME = "P001_2024-05-01_consult"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
LETTERS = {
    "text": make_text(),
    "html": make_html(),
    "rtf": make_rtf(),
    "docx": make_docx(),
    "pdf": make_letter_pdf(),
}


def read_one(data: bytes, suffix: str = "", limits: Limits | None = None) -> Note:
    (item,) = read_upload(NAME + suffix, data, limits=limits or Limits())
    assert isinstance(item, Note), item
    return item


def codes(items: list[Item]) -> list[str]:
    return [item.problem.code for item in items if isinstance(item, Rejected)]


def problems(data: bytes, suffix: str = "", limits: Limits | None = None) -> list[str]:
    items = list(read_upload(NAME + suffix, data, limits=limits or Limits()))
    assert not any(isinstance(item, Note) for item in items)
    return codes(items)


@pytest.mark.parametrize("suffix", ["", ".txt", ".pdf", ".docx", ".html", ".rtf", ".dat"])
@pytest.mark.parametrize("kind", LETTERS)
def test_letter_reads_the_same_in_every_format_and_under_every_name(kind, suffix):
    note = read_one(LETTERS[kind], suffix)

    assert note.text == "\n\n".join([TITLE, DATE, PROSE, TABLE_TEXT, LIST_TEXT])
    assert (note.patient_id, note.note_date, note.note_id) == ("P001", date(2024, 5, 1), NAME + suffix)
    assert note.origin == ("" if kind == "text" else kind)


@pytest.mark.parametrize("kind", LETTERS)
def test_date_is_in_the_letterhead_and_patient_in_the_folder(kind):
    (note,) = read_upload("n.zip", make_zip({"P7/letter": LETTERS[kind]}))

    assert isinstance(note, Note)
    assert (note.patient_id, note.note_date) == ("P7", date(2024, 5, 1))


def test_type_is_in_the_file_name_without_any_suffix():
    assert read_one(LETTERS["pdf"], ".pdf").note_type == "consult"


@pytest.mark.parametrize("kind", ["html", "rtf", "docx"])
def test_empty_document_is_no_loss(kind):
    empty = {
        "html": make_html("<p> </p>"),
        "rtf": make_rtf(r"\par "),
        "docx": make_docx("<w:r/>"),
    }[kind]

    (item,) = read_upload(NAME, empty)

    assert isinstance(item, Rejected)
    assert (item.problem.code, item.is_missed) == ("IN108", False)


PICTURES = {
    "html": make_html("<p><img src='data:image/png;base64,AAAA'> </p>"),
    "html object": make_html("<object data='scan.pdf'></object>"),
    "rtf": make_rtf(r"{\*\shppict{\pict\pngblip 89504e47}}\par "),
    "docx": make_docx("<w:r><w:drawing/></w:r>"),
    "docx object": make_docx("<w:r><w:object/></w:r>"),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_document_that_is_only_a_picture_is_missed(kind):
    (item,) = read_upload(NAME, PICTURES[kind])

    assert isinstance(item, Rejected)
    assert (item.problem.code, item.is_missed) == ("IN134", True)
    assert "OCR" in item.problem.message


def test_rtf_that_is_cut_off_is_read_and_reported():
    note, item = read_upload(NAME, make_rtf(r"Known DM.\par and {\b more")[:-1])

    assert isinstance(note, Note)
    assert note.text == "Known DM.\nand more"
    assert isinstance(item, Rejected)
    assert (item.problem.code, item.is_missed) == ("IN130", True)


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_half_a_document_is_damaged(kind):
    assert problems(LETTERS[kind][: len(LETTERS[kind]) // 3]) == ["IN130"]


# HTML


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("a&nbsp;&nbsp;b&#8203;c &lt;d&gt;", "a bc <d>"),
        ("<b>dermato</b>myositis <i>sine</i>", "dermatomyositis sine"),
        ("<pre>CK   12\nALT  30</pre>", "CK   12\nALT  30"),
        ("x<script>y</script><style>z</style><!-- w --><template>v</template>", "x"),
        ("x<div style='color:red; DISPLAY : none'>y</div><span hidden>z</span>", "x"),
        ("<del>no</del> <ins>yes</ins>", "yes"),
        ("WBC 5.2 x 10<sup>3</sup>/uL, B<sub>12</sub>, see<sup>a</sup>", "WBC 5.2 x 10^3/uL, B12, seea"),
        ("<input type=checkbox checked> TB <input type=checkbox> HIV", "☑ TB ☐ HIV"),
        ("<input value='typed'><input type=hidden value=h>", "typed"),
        ("<select><option>none<option selected>mild</select>", "mild"),
        ("<ol><li>one<li><p>two</p></ol>", "1. one\n2. two"),
        ("<ul><li>a<ul><li>b</ul><li>c</ul>d", "- a\n- b\n- c\n\nd"),
        ("ANA negative\u2028Jo-1 positive\u2029x", "ANA negative\nJo-1 positive\nx"),
        ("<pre>ANA negative\u2028Jo-1 positive</pre>", "ANA negative\nJo-1 positive"),
        ("<dl><dt>Dx</dt><dd>IMNM</dd></dl>", "Dx\nIMNM"),
    ],
)
def test_html_layout(body, text):
    assert read_one(make_html(body)).text == text


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ("<tr><td>a<td>b<tr><td>c<td>", "a | b\nc"),
        ("<tr><td><td>b", " | b"),
        ("<tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e", "a | b\n | c\nd | e"),
        ("<tr><td>Jo-1: neg<br>Mi-2: pos<td>x", "Jo-1: neg; Mi-2: pos | x"),
        ("<tr><td>Anti-Jo-1<br>antibody<td>x", "Anti-Jo-1 antibody | x"),
        ("<tr><td><h2>HPI</h2><p>Weak.</p><td><p>Plan</p>", "HPI\n\nWeak.\n\nPlan"),
        ("<tr><td><table><tr><td>1<td>2</table><td>x", "1 | 2\n\nx"),
    ],
)
def test_html_tables(rows, text):
    assert read_one(make_html(f"<table>{rows}</table>")).text == text


@pytest.mark.parametrize(
    ("encoding", "origin"), [("utf-8", ""), ("cp1252", "text in cp1252"), ("utf-16", "text in utf-16")]
)
def test_text_that_is_named_as_a_page_says_how_it_was_encoded(encoding, origin):
    note = read_one("Sjögren – 38 °C".encode(encoding), ".html")

    assert (note.text, note.origin) == ("Sjögren – 38 °C", origin)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso-8859-2"])
def test_html_encodings(encoding):
    page = f"<html><head><meta charset='{encoding}'></head><body>Sjögren 38 °C</body></html>"

    assert read_one(page.encode(encoding)).text == "Sjögren 38 °C"


def test_page_nested_without_end_is_refused():
    assert problems(make_html("<div>" * 400 + "x")) == ["IN115"]


# RTF


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"one\par two\line three", "one\ntwo\nthree"),
        (r"shown {\v hidden} seen\v0", "shown  seen"),
        (r"kept {\deleted gone}{\revised new}", "kept new"),
        (r"10{\super 3}/uL and note{\super a}", "10^3/uL and notea"),
        (r"\u945?-TNF 5\~mg anti\_Jo\'961", "α-TNF 5 mg anti\u2011Jo–1"),
        (r"{\header LETTERHEAD\par}{\footer Page 1}text", "LETTERHEAD\ntext"),
        (r"{\*\generator x}{\info{\author Dr. X}}text{\pict\wmetafile8 00ff}", "text"),
        (r"\trowd\cellx1 Jo-1: neg\par Mi-2: pos\cell x\cell\row", "Jo-1: neg; Mi-2: pos | x"),
        (r"a | b \{c\}", "a | b {c}"),
        (r"ANA negative\u8232?Jo-1 positive\u8233?x", "ANA negative\nJo-1 positive\nx"),
        (r"{\pict\bin5 {{{{}}after", "after"),
        (
            r"Before.{\shp{\*\shpinst\shpleft0{\sp{\sn x}{\sv y}}{\shptxt Jo-1 positive.}}{\shprslt{\*\do{\dptxbxtext z}}}}After.",
            "Before.\nJo-1 positive.\nAfter.",
        ),
        (
            r"{\shpgrp{\*\shpinst{\shp{\*\shpinst{\shptxt one}}}{\shp{\*\shpinst{\shptxt{\v x}two}}}}}",
            "one\n\ntwo",
        ),
        (r"a{\shp{\*\shpinst{\sp{\sn pib}{\sv{\pict\pngblip 89504e47}}}}}b", "ab"),
        (r"a{\*\do\dobxpage{\dptxbx{\dptxbxtext\pard boxed\par}}}b", "a\nboxed\n\nb"),
    ],
)
def test_rtf_layout(body, text):
    assert read_one(make_rtf(body)).text == text


# Word


def test_tracked_changes_comments_and_hidden_text_in_word():
    change = 'w:id="1" w:author="x" w:date="2024-05-01T00:00:00Z"'
    data = make_docx(
        "<w:r><w:t>Diagnosis: </w:t></w:r>"
        f"<w:del {change}><w:r><w:delText>PM</w:delText></w:r></w:del>"
        f"<w:ins {change}><w:r><w:t>IMNM</w:t></w:r></w:ins>"
        f"<w:moveFrom {change}><w:r><w:t>away</w:t></w:r></w:moveFrom>"
        '<w:commentRangeStart w:id="0"/><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>'
        '<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>, active</w:t></w:r><w:commentRangeEnd w:id="0"/>'
    )

    assert read_one(data).text == "Diagnosis: IMNM, active"


@pytest.mark.parametrize(
    ("inner", "text"),
    [
        ('<w:r><w:t xml:space="preserve">a </w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r>', "a \tb\nc"),
        ('<w:pPr><w:tabs><w:tab w:val="left" w:pos="1"/></w:tabs></w:pPr><w:r><w:t>x</w:t></w:r>', "x"),
        ('<w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:t> HIV</w:t></w:r>', "☑ HIV"),
        ("<w:r><w:t>anti</w:t><w:noBreakHyphen/><w:t>Jo-1</w:t></w:r>", "anti-Jo-1"),
        (
            '<w:r><w:t>10</w:t></w:r><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:t>3</w:t></w:r>',
            "10^3",
        ),
        (
            '<w:r><w:fldChar w:fldCharType="begin"><w:ffData><w:checkBox><w:default w:val="0"/><w:checked/></w:checkBox></w:ffData></w:fldChar></w:r><w:r><w:instrText>FORMCHECKBOX</w:instrText></w:r><w:r><w:t>TB</w:t></w:r>',
            "☑ TB",
        ),
        ("<w:sdt><w:sdtContent><w:r><w:t>☐ none</w:t></w:r></w:sdtContent></w:sdt>", "☐ none"),
        ("<w:r><w:t>ANA negative\u2028Jo-1 positive</w:t></w:r>", "ANA negative\nJo-1 positive"),
        ("<w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink>", "link"),
    ],
)
def test_word_layout(inner, text):
    assert read_one(make_docx(inner)).text == text


def test_letterhead_footnote_and_text_box_of_word():
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "CLINIC\tDate: 2024-05-01"
    document.sections[0].footer.paragraphs[0].text = "Page 1"
    paragraph = document.add_paragraph("Body. ")
    box = (
        f"<w:r {nsdecls('w')} xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006' "
        "xmlns:v='urn:schemas-microsoft-com:vml'><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>"
        "<w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></w:drawing></mc:Choice>"
        "<mc:Fallback><w:pict><w:txbxContent><w:p><w:r><w:t>Boxed.</w:t></w:r></w:p></w:txbxContent></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    paragraph._p.append(parse_xml(box))
    data = saved(document)

    (note,) = [i for i in read_upload("n.zip", make_zip({"P1/letter.docx": data})) if isinstance(i, Note)]

    assert note.text == "CLINIC\tDate: 2024-05-01\n\nBody.\nBoxed."
    assert note.note_date == date(2024, 5, 1)


CHUNKS = {
    "html": (b"<html><body><p>Anti-Jo-1 positive.</p></body></html>", "text/html"),
    "xhtml": (b"<html xmlns='http://www.w3.org/1999/xhtml'><body>Anti-Jo-1 positive.</body></html>", "application/xhtml+xml"),
    "rtf": (make_rtf("Anti-Jo-1 positive."), "application/rtf"),
    "docx": (make_docx("<w:r><w:t>Anti-Jo-1 positive.</w:t></w:r>"), "application/octet-stream"),
    "text": (b"Anti-Jo-1 positive.", "text/plain"),
}  # fmt: skip


def with_chunk(content: bytes, media_type: str, *paragraphs: str) -> bytes:
    """Return a Word document that takes in another document between its paragraphs."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    part = Part(PackURI("/word/chunk.bin"), media_type, content, document.part.package)
    relation = document.part.relate_to(part, f"{RELATIONS}/aFChunk")
    document.element.body.insert(1, parse_xml(f"<w:altChunk {nsdecls('w', 'r')} r:id='{relation}'/>"))
    return saved(document)


@pytest.mark.parametrize("kind", CHUNKS)
def test_document_that_a_word_document_takes_in_is_read_in_its_place(kind):
    assert read_one(with_chunk(*CHUNKS[kind], "One.", "Two.")).text == "One.\n\nAnti-Jo-1 positive.\n\nTwo."
    assert read_one(with_chunk(*CHUNKS[kind])).text == "Anti-Jo-1 positive."


@pytest.mark.parametrize(
    ("content", "media_type", "code"),
    [
        (b"MIME-Version: 1.0\nContent-Type: multipart/related\n\nx", "message/rfc822", "IN130"),
        (b"\x00\x01\x02", "application/x", "IN130"),
        (make_letter_pdf(), "application/pdf", "IN130"),
        (make_html("<img src=x>"), "text/html", "IN134"),
        (make_html("<div>" * 400 + "x"), "text/html", "IN115"),
        (with_chunk(with_chunk(b"x", "text/plain"), "x"), "x", "IN130"),
    ],
)
def test_document_in_a_word_document_that_cannot_be_read_is_reported(content, media_type, code):
    note, item = read_upload(NAME, with_chunk(content, media_type, "One.", "Two."))

    assert isinstance(note, Note)
    assert note.text == "One.\n\nTwo."
    assert isinstance(item, Rejected)
    assert (item.problem.code, item.is_missed, item.problem.note_id) == (code, True, NAME)
    assert problems(with_chunk(content, media_type)) == [code]


def test_protected_old_and_foreign_office_files_say_what_they_are():
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    locked = compound + "EncryptedPackage".encode("utf-16-le")
    sheet = make_zip({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<w/>"})

    assert problems(locked, ".docx") == ["IN131"]
    assert problems(compound, ".doc") == ["IN101"]
    assert problems(sheet, ".docx") in (["IN101"], ["IN130"])


def test_word_document_that_unpacks_to_too_much_is_refused():
    sink = io.BytesIO(make_docx())
    with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/bomb.bmp", bytes(5_000_000))

    assert problems(sink.getvalue()) == ["IN117"]


def test_pages_that_a_pdf_may_have_are_no_bound_on_the_parts_of_a_word_document():
    few = Limits(document_pages=3)

    assert read_one(make_docx("<w:r><w:t>Weak.</w:t></w:r>"), limits=few).text == "Weak."
    assert problems(make_docx(), limits=Limits(archive_members=3)) == ["IN117"]


def test_entities_of_word_are_not_opened():
    sink = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(make_docx("<w:r><w:t>x</w:t></w:r>"))) as made,
        zipfile.ZipFile(sink, "w") as out,
    ):
        for name in made.namelist():
            content = made.read(name)
            if name == "word/document.xml":
                at = content.index(b"<w:document")
                content = (
                    content[:at]
                    + b'<!DOCTYPE w [<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY a "AAAA">]>'
                    + content[at:].replace(b">x<", b">x&f;&a;<")
                )
            out.writestr(name, content)

    items = list(read_upload(NAME, sink.getvalue()))

    assert all(
        "root" not in item.text and "AAAA" not in item.text for item in items if isinstance(item, Note)
    )


# PDF


def test_pages_of_a_pdf_are_known():
    note = read_one(make_letter_pdf())

    assert len(note.pages) == 2
    assert note.text[note.pages[1] :].startswith("Test | Result")


def test_pdf_rows_are_put_together_however_they_were_drawn():
    columns = [["Test", "CK", "Aldolase"], ["Value", "2450", "12.1"], ["Ref", "30-200", "<7.6"]]
    placed = [
        (60 + 120 * c, 700 - 15 * r, 11, cell)
        for c, column in enumerate(columns)
        for r, cell in enumerate(column)
    ]

    assert (
        read_one(make_pdf([placed])).text == "Test | Value | Ref\nCK | 2450 | 30-200\nAldolase | 12.1 | <7.6"
    )


def test_pdf_columns_of_prose_are_read_one_after_the_other():
    left = [(50, 700 - 14 * i, 9, f"prose of the left column, its line {i:02}") for i in range(12)]
    right = [(320, 700 - 14 * i, 9, f"prose of the right column, its line {i:02}") for i in range(12)]
    both = [item for pair in zip(left, right, strict=True) for item in pair]

    text = read_one(make_pdf([[(120, 760, 14, "A heading that goes over both of the columns"), *both]])).text

    assert text.index("left column, its line 11") < text.index("right column, its line 00")
    assert text.startswith("A heading")


def test_pdf_exponent_and_divided_word():
    exponent = [(60, 700, 11, "WBC 5.2 x 10"), (124, 704, 7, "3"), (129, 700, 11, "/uL")]
    divided = lines("known anti-", "synthetase syndrome", top=650)

    assert (
        read_one(make_pdf([[*exponent, *divided]])).text
        == "WBC 5.2 x 10^3/uL\n\nknown anti-synthetase syndrome"
    )


def test_typed_field_of_a_pdf_is_read():
    assert "typed in" in read_one(make_pdf([lines("Form")], typed="typed in")).text


@pytest.mark.parametrize("pages", [[None, None], [[]]])
def test_scan_is_a_clear_error(pages):
    (item,) = read_upload(NAME + ".pdf", make_pdf(pages))

    assert isinstance(item, Rejected)
    assert item.problem.code == "IN134"
    assert "OCR" in item.problem.message
    assert (item.patient_id, item.is_missed) == ("P001", True)


def test_scanned_pages_among_others_are_named():
    note, item = read_upload(NAME + ".pdf", make_pdf([lines("Text."), None, lines("More."), None]))

    assert isinstance(note, Note)
    assert note.text.split() == ["Text.", "More."]
    assert isinstance(item, Rejected)
    assert item.problem.message.startswith("pages 2, 4 ")


def test_pdf_with_a_password_and_with_too_many_pages_is_refused():
    assert problems(make_pdf([lines("x")], password=True)) == ["IN131"]
    assert problems(make_pdf([lines("x")] * 4), limits=Limits(document_pages=3)) == ["IN115"]
