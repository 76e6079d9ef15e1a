"""Slides: one chart, one sentence and one question each, for the meeting's own screen and for those who cannot see it."""

import io
import zipfile
from dataclasses import dataclass
from datetime import datetime

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.oxml.xmlchemy import OxmlElement
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide as Page
from pptx.text.text import TextFrame
from pptx.util import Emu, Inches, Pt

from analysis.brief import markup, wording
from analysis.brief.attention import messages
from analysis.brief.figures import Drawing
from analysis.brief.numbers import Numbers
from analysis.brief.packet.drawings import statewide_drawings
from analysis.brief.standings import Standing, standing_line, standings

WIDTH, HEIGHT = Inches(13.333), Inches(7.5)  # 16:9
MARGIN, TEXT_WIDTH = Inches(0.6), Inches(12.13)
PICTURE = 8.0  # inches wide: the 8 points of a figure's small words are then 18
TITLE, SENTENCE, QUESTION, SMALLEST = 32, 24, 24, 18  # points
LANGUAGE = "en-US"
INK = RGBColor(0x1B, 0x1B, 0x1B)
ZIP_TIME = (1980, 1, 1, 0, 0, 0)  # of every part of the file: zip archives begin with 1980
TITLE_SLIDE, TITLE_AND_TEXT = 0, 1  # layouts of python-pptx's own template
NOT_WRITTEN = "owner and date: not yet written"


@dataclass(frozen=True)
class Slide:
    """One chart, one sentence, one question; `drawing` is None where there is nothing to draw."""

    title: str
    sentence: str
    question: str
    drawing: Drawing | None = None


# --- what the state's slides say ---------------------------------------------------------------------------------------


def statewide_slides(numbers: Numbers) -> list[Slide]:
    """The messages, at most three, each with its chart; then the measures that have a chart and were not among them."""
    drawings, cards = statewide_drawings(numbers), numbers.cards.cards
    found = messages(numbers)
    slides = [
        Slide(
            cards[each.measure].title,
            _without(each.words, cards[each.measure].title),
            each.question,
            drawings.get(each.measure),
        )
        for each in found
    ]
    told = {each.measure for each in found}
    rest = [each for each in standings(numbers) if each.measure in drawings and each.measure not in told]
    return slides + [_measure_slide(numbers, each, drawings[each.measure]) for each in rest]


def _without(said: str, title: str) -> str:
    """The message without the measure's name, which is the slide's title."""
    words = said.removeprefix(f"{title}: ")
    return words[:1].upper() + words[1:]


def _measure_slide(numbers: Numbers, each: Standing, drawing: Drawing) -> Slide:
    if each.verdict == "missed":
        question = f"What stands between us and the standard of {markup.percent(each.target, 1)}?"
    else:
        question = "What have you seen at your own site that this chart can't show?"
    line = f"{numbers.windows.now.words}: {standing_line(numbers, each)}"
    return Slide(numbers.cards.cards[each.measure].title, line, question, drawing)


# --- the file ------------------------------------------------------------------------------------------------------------


def make_slides(slides: list[Slide], numbers: Numbers) -> bytes:
    """The slides as a .pptx: a title slide, the slides given, next steps. The same slides give the same bytes.

    Every slide has a title, every picture the words for those who cannot see it, and what is read aloud comes in the order title,
    sentence, chart, question. No text is smaller than 18 points. The notes name the source.
    """
    deck = Presentation()
    _make_wide(deck)
    _title_slide(deck, numbers)
    for slide in slides:
        _chart_slide(deck, slide, _source(numbers))
    _next_steps(deck, slides, _source(numbers))
    for page in deck.slides:
        for shape in page.shapes:
            if shape.has_text_frame:
                _set_language(shape.text_frame)
        _set_language(page.notes_slide.notes_text_frame)
    _set_properties(deck, numbers)
    file = io.BytesIO()
    deck.save(file)
    return with_fixed_times(file.getvalue())


def _make_wide(deck: Deck) -> None:
    """Stretch the template, which is 4:3, with all its layouts: a slide that is added later has its title in place too."""
    ratio = WIDTH / deck.slide_width
    deck.slide_width, height = WIDTH, deck.slide_height
    deck.slide_height = HEIGHT
    for master in deck.slide_masters:
        for shape in (*master.shapes, *(shape for layout in master.slide_layouts for shape in layout.shapes)):
            if shape.element.xpath("./p:spPr/a:xfrm"):
                shape.left, shape.width = Emu(round(shape.left * ratio)), Emu(round(shape.width * ratio))
                shape.top, shape.height = (
                    Emu(round(shape.top * HEIGHT / height)),
                    Emu(round(shape.height * HEIGHT / height)),
                )


def _title_slide(deck: Deck, numbers: Numbers) -> None:
    page = deck.slides.add_slide(deck.slide_layouts[TITLE_SLIDE])
    title, under = page.shapes.title, page.placeholders[1]
    _place(title, MARGIN, Inches(1.4), TEXT_WIDTH, Inches(1.8))
    _place(under, MARGIN, Inches(3.4), TEXT_WIDTH, Inches(3.2))
    _write(title.text_frame, [f"{numbers.study.service}, {numbers.windows.now.words}"], TITLE + 4, bold=True)
    lines = [f"{numbers.study.title}. Records to {wording.day_words(numbers.covers[1])}."]
    _write(under.text_frame, [*lines, *([numbers.study.made_up] if numbers.study.made_up else [])], SENTENCE - 2)
    page.notes_slide.notes_text_frame.text = _source(numbers)


def _chart_slide(deck: Deck, slide: Slide, source: str) -> None:
    page = deck.slides.add_slide(deck.slide_layouts[TITLE_AND_TEXT])
    title, sentence = page.shapes.title, page.placeholders[1]
    _place(title, MARGIN, Inches(0.3), TEXT_WIDTH, Inches(0.8))
    _place(sentence, MARGIN, Inches(1.15), TEXT_WIDTH, Inches(1.5))
    _write(title.text_frame, [slide.title], TITLE, bold=True)
    _write(sentence.text_frame, [slide.sentence], _fitting(slide.sentence))
    top, left, width = Inches(2.8), MARGIN, TEXT_WIDTH
    if slide.drawing is not None:
        _add_picture(page, slide, top)
        left, width = MARGIN + Inches(PICTURE + 0.3), TEXT_WIDTH - Inches(PICTURE + 0.3)
    if slide.question:
        box = page.shapes.add_textbox(left, top, width, Inches(3.8))
        box.name = "Question"
        _write(box.text_frame, ["Question for the room", slide.question], QUESTION, first_bold=True)
    said = f" Chart: {slide.drawing.alt}" if slide.drawing is not None else ""
    page.notes_slide.notes_text_frame.text = f"{source}{said}"


def _add_picture(page: Page, slide: Slide, top: Emu) -> None:
    dots = io.BytesIO(slide.drawing.png(inches=PICTURE))
    picture = page.shapes.add_picture(dots, MARGIN, top, width=Inches(PICTURE))
    named = picture._element.nvPicPr.cNvPr
    named.set("descr", slide.drawing.alt)
    named.set("name", f"Chart: {slide.title}")


def _next_steps(deck: Deck, slides: list[Slide], source: str) -> None:
    page = deck.slides.add_slide(deck.slide_layouts[TITLE_AND_TEXT])
    title, body = page.shapes.title, page.placeholders[1]
    _place(title, MARGIN, Inches(0.3), TEXT_WIDTH, Inches(0.8))
    _place(body, MARGIN, Inches(1.3), TEXT_WIDTH, Inches(5.6))
    _write(title.text_frame, ["Next steps"], TITLE, bold=True)
    steps = [f"{slide.title}: {slide.question} ({NOT_WRITTEN})" for slide in slides if slide.question]
    _write(body.text_frame, steps or [NOT_WRITTEN.capitalize()], SMALLEST + 2, bullets=True)
    page.notes_slide.notes_text_frame.text = source


# --- text ------------------------------------------------------------------------------------------------------------------


def _place(shape, left: int, top: int, width: int, height: int) -> None:
    shape.left, shape.top, shape.width, shape.height = left, top, width, height


def _write(
    frame: TextFrame,
    lines: list[str],
    points: int,
    *,
    bold: bool = False,
    first_bold: bool = False,
    bullets: bool = False,
) -> None:
    frame.word_wrap = True
    for at, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if at == 0 else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.LEFT
        if bullets:
            paragraph.space_after = Pt(points / 2)
        else:
            _without_bullet(paragraph)
        run = paragraph.add_run()
        run.text = line
        run.font.size, run.font.bold = Pt(points), bold or (first_bold and at == 0)
        run.font.color.rgb = INK


def _without_bullet(paragraph) -> None:
    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", "0")
    properties.set("indent", "0")
    properties.append(OxmlElement("a:buNone"))


def _fitting(sentence: str) -> int:
    """The size at which a sentence stays within its three lines: some 90 letters of 24 points fill the width of a slide.

    >>> _fitting("Short."), _fitting("x" * 400)
    (24, 18)
    """
    return next((points for points in (SENTENCE, 22, 20) if len(sentence) <= 3 * 85 * SENTENCE / points), SMALLEST)


def _set_language(frame: TextFrame) -> None:
    for paragraph in frame.paragraphs:
        for run in paragraph.runs:
            run.font._element.set("lang", LANGUAGE)


def _source(numbers: Numbers) -> str:
    """Where the figures of a slide come from, and by which rules."""
    first, last = (wording.day_words(day) for day in numbers.covers)
    made_up = f" {numbers.study.made_up}" if numbers.study.made_up else ""
    return (
        f"Source: {numbers.study.title}, records from {first} to {last}.{made_up} Small counts are hidden. A figure is called changed "
        "only where its chart says so by the rules that stand under it in the brief."
    )


# --- the same bytes every time -----------------------------------------------------------------------------------------------


def _set_properties(deck: Deck, numbers: Numbers) -> None:
    """Who and when; the day to which the records reach, in place of the time of writing."""
    about, day = deck.core_properties, numbers.covers[1]
    about.title = f"{numbers.study.service}, {numbers.windows.now.words}"
    about.author = about.last_modified_by = numbers.study.title
    about.created = about.modified = datetime(day.year, day.month, day.day)
    about.language, about.revision = LANGUAGE, 1


def with_fixed_times(package: bytes) -> bytes:
    """An office file with one time for each of its parts, in place of the time of writing."""
    settled = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as written, zipfile.ZipFile(settled, "w") as fixed:
        for name in written.namelist():
            fixed.writestr(zipfile.ZipInfo(name, ZIP_TIME), written.read(name), compress_type=zipfile.ZIP_DEFLATED)
    return settled.getvalue()
