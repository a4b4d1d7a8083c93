# ruff: noqa: RUF001 - names in other scripts are the point of this file
"""What people are called, in their own script and as it looks in an e-mail address."""

from __future__ import annotations

import unicodedata
from random import Random

Spelling = tuple[str, str]
"""As written at home, and in plain ASCII."""

_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "đ": "d", "ʻ": ""})


def plain(text: str) -> str:
    """Lower-case ASCII letters, digits and hyphens of a Latin text."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    kept = "".join(c if c.isalnum() else "-" for c in decomposed if ord(c) < 128 and c != "'")
    return "-".join(part for part in kept.lower().split("-") if part)


def _latin(text: str) -> tuple[Spelling, ...]:
    return tuple((name, plain(name)) for name in text.split())


def _pairs(text: str) -> tuple[Spelling, ...]:
    words = text.split()
    return tuple(zip(words[::2], words[1::2], strict=True))


FIRST: dict[str, tuple[Spelling, ...]] = {
    "english": _latin(
        "James Mary Oliver Amelia Noah Harper Ethan Chloe Lucas Grace Mason Ruby Aaron Tessa Owen Paige Dylan "
        "Hazel Marcus Ivy Simon Joan Peter Susan Ray Denise Caleb Naomi Trevor Beth"
    ),
    "german": _latin(
        "Jürgen Katrin Stefan Anke Günter Sabine Björn Heike Lukas Jana Matthias Ute Florian Änne Tobias Silke "
        "Rüdiger Nele Uwe Friederike"
    ),
    "french": _latin(
        "François Chloé Benoît Élodie Gérard Anaïs Rémi Océane Jérôme Maëlle Thibault Zoé Noël Agnès Loïc Inès"
    ),
    "spanish": _latin(
        "José María Íñigo Lucía Andrés Begoña Raúl Inés Martín Sofía Óscar Pilar Hernán Xóchitl"
    ),
    "portuguese": _latin(
        "João Conceição Inácio Luísa Sérgio Antônia Caio Beatriz Thaís Estêvão Rui Patrícia"
    ),
    "nordic": _latin("Åsa Björk Søren Håkan Øyvind Maj Ingrid Jörgen Solveig Anders Märta Eskil"),
    "polish": _latin("Łukasz Małgorzata Wojciech Agnieszka Grzegorz Zofia Paweł Bożena Mirosław Jadwiga"),
    "indian": _latin(
        "Aarav Priya Rohan Ananya Vikram Kavya Arjun Meera Sanjay Divya Rahul Isha Deepak Lakshmi"
    ),
    "cyrillic": _pairs(
        "Олександр oleksandr Марія mariia Іван ivan Наталія nataliia Георги georgi Десислава desislava "
        "Тарас taras Світлана svitlana Петър petar Юлія yuliia Богдан bohdan Ірина iryna"
    ),
    "japanese": _pairs(
        "太郎 taro 花子 hanako 健一 kenichi 美咲 misaki 大輔 daisuke さくら sakura 翔太 shota 結衣 yui 直樹 naoki "
        "陽菜 hina 拓也 takuya 真由美 mayumi"
    ),
    "arabic": _pairs(
        "محمد mohammed فاطمة fatima أحمد ahmed ليلى layla يوسف youssef مريم mariam خالد khaled نور nour "
        "عمر omar سارة sara"
    ),
}

LAST: dict[str, tuple[Spelling, ...]] = {
    "english": _latin(
        "Walker Bennett Hughes Foster Palmer Reyes Coleman Hart Sutton Doyle Pryce Nolan Whitfield Marsh Keane "
        "Ferris Aldridge Boone Castell Draper Ellison Fay Garland Hobbs Irwin Jarvis Kemp Lowry Maddox Nash "
        "Ogden Pike Quill Rusk Sterling Tate Usher Vance Weller Yates"
    ),
    "german": _latin(
        "Müller Schröder Weiß Köhler Krüger Jäger Voß Hölzl Brandt Lindner Öztürk Schäfer Böhm Großmann Fürst "
        "Zöller Kühn Rößler Thiel Urban"
    ),
    "french": _latin(
        "Lefèvre Béranger Dubois Hénin Côté Marchand Périer Rousseau Guérin Moulin Légaré Fabre"
    ),
    "spanish": _latin("García Núñez Ibáñez Muñoz Gómez Peña Ordóñez Vázquez Cañete Solís Márquez Zúñiga"),
    "portuguese": _latin("Gonçalves Araújo Magalhães Simões Brandão Falcão Mendonça Galvão Assunção Leitão"),
    "nordic": _latin("Åström Bjørnsen Ekström Lindgård Sørensen Hågensen Öberg Nygård Strømme Wikström"),
    "polish": _latin("Wiśniewski Dąbrowska Zieliński Wójcik Kamińska Łukasik Śliwa Źródło Gąsior Nowak"),
    "indian": _latin("Sharma Patel Iyer Reddy Banerjee Nair Kulkarni Chopra Desai Menon Joshi Bhat"),
    "cyrillic": _pairs(
        "Шевчук shevchuk Коваленко kovalenko Бондар bondar Іваненко ivanenko Димитров dimitrov Петрова petrova "
        "Мельник melnyk Кравець kravets Стоянов stoyanov Гриценко hrytsenko"
    ),
    "japanese": _pairs(
        "佐藤 sato 鈴木 suzuki 高橋 takahashi 田中 tanaka 渡辺 watanabe 伊藤 ito 山本 yamamoto 中村 nakamura "
        "小林 kobayashi 斎藤 saito 髙島 takashima 渡邊 watanabe"
    ),
    "arabic": _pairs(
        "الأحمد alahmad حداد haddad منصور mansour الخطيب alkhatib ناصر nasser درويش darwish عباس abbas "
        "السيد alsayed قاسم qasim شاهين shahin"
    ),
}

# Names that have broken somebody's import once: a name that reads as null, quotes, emoji, a formula, a missing
# first name, the longest last name that Salesforce takes (80 characters), double width and combining marks.
AWKWARD: tuple[tuple[str | None, str, str], ...] = (
    ("Jennifer", "Null", "jennifer.null"),
    ("Seán", "O'Brien", "sean.obrien"),
    ("Zoë 🚀", "Álvarez", "zoe.alvarez"),
    (None, "Cher", "cher"),
    ("", "Unknown", "unknown"),
    ("=1+1", "Formula", "formula"),
    ("True", "False", "true.false"),
    ("Bob\\", 'Quote"s; --', "bob.quotes"),
    ("Maximiliane", "Freifrau-von-und-zu-" * 4, "mfreifrau"),
    ("Ｗｉｄｅ", "Ｆｏｒｍ", "wide.form"),
    ("Nguye\u0302\u0303n", "Va\u0306n A\u0309", "nguyen.van.a"),
    ("שרה", "כהן", "sara.cohen"),
)


def full_name(rng: Random, culture: str) -> tuple[str, str, str]:
    """First name, last name, and the local part that such a person tends to get in an address."""
    first, first_plain = rng.choice(FIRST[culture])
    last, last_plain = rng.choice(LAST[culture])
    style = rng.random()
    if style < 0.7:
        return first, last, f"{first_plain}.{last_plain}"
    if style < 0.88:
        return first, last, f"{first_plain[0]}{last_plain}"
    return first, last, f"{last_plain}.{first_plain}"
