"""How hard a page is to read: words a sentence, and the school grade by Flesch and Kincaid, counted by ourselves.

Kincaid, Fishburne, Rogers and Chissom 1975, Research Branch Report 8-75: 0.39 words a sentence + 11.8 syllables a word - 15.59.
"""

import html
import re
from dataclasses import dataclass

# What a reader takes as a sentence of its own, whether or not it ends with a stop. Cells of tables are no sentences.
BLOCKS = re.compile(r"<(p|li)\b[^>]*>(.*?)</\1>", flags=re.DOTALL)
WORD = re.compile(r"[A-Za-zÀ-ÿ]+(?:['’][A-Za-z]+)*|\d[\d,.]*\d|\d")


@dataclass(frozen=True)
class Reading:
    """A text as a counter sees it: its sentences, each a list of words."""

    sentences: tuple[tuple[str, ...], ...]

    @property
    def grade(self) -> float:
        """Flesch-Kincaid school grade of the whole."""
        words = [word for sentence in self.sentences for word in sentence]
        return 0.39 * len(words) / len(self.sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59

    @property
    def longest(self) -> str:
        """The sentence with the most words."""
        return " ".join(max(self.sentences, key=len))

    @property
    def most_words(self) -> int:
        return max(map(len, self.sentences))


def syllables(word: str) -> int:
    """Groups of vowels, without a silent e at the end; a number counts as one, however it is spoken."""
    letters = re.sub(r"['’]s?", "", word.lower())
    if not letters or letters[0].isdigit():
        return 1
    letters = re.sub(r"(?<=[^aeiouyl])e$|(?<=[aeiouy]l)e$|(?<=[^aeiouydt])ed$|(?<=[^aeioushxcgz])es$", "", letters)
    return max(1, len(re.findall(r"[aeiouyà-ÿ]+", letters)))


def reading(markup: str) -> Reading:
    """The sentences of a piece of a page: those of its paragraphs and lists, without headings, tables and notes under them."""
    plain = re.sub(
        r'<table\b.*?</table>|<nav\b.*?</nav>|<p class="(?:note|madeup)".*?</p>|<svg\b.*?</svg>',
        " ",
        markup,
        flags=re.DOTALL,
    )
    said = [html.unescape(re.sub(r"<[^>]+>", " ", inner)) for _, inner in BLOCKS.findall(plain)]
    parts = [part for text in said for part in re.split(r"(?<=[.!?])\s+", text)]
    return Reading(tuple(words for part in parts if (words := tuple(WORD.findall(part)))))
