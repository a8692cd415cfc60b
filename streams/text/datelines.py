"""The head of a wire story, `SEOUL, Feb 20 (Reuters) - `, and the agencies that sign there."""

import re
from dataclasses import dataclass

__all__ = ["StatedDateline", "agency_in", "split_dateline"]

_AGENCIES = {
    "ap": "AP", "associated press": "AP", "reuters": "Reuters", "afp": "AFP", "agence france-presse": "AFP",
    "xinhua": "Xinhua", "pti": "PTI", "ani": "ANI", "ians": "IANS", "upi": "UPI", "tass": "TASS", "kcna": "KCNA",
    "efe": "EFE", "dpa": "dpa", "ansa": "ANSA", "bloomberg": "Bloomberg", "kyodo": "Kyodo", "yonhap": "Yonhap",
    "app": "APP", "cp": "The Canadian Press", "the canadian press": "The Canadian Press", "pa": "PA", "cna": "CNA",
    "interfax": "Interfax", "anadolu": "Anadolu", "aap": "AAP", "sapa": "SAPA", "bernama": "Bernama", "ukrinform":
    "Ukrinform", "cnn": "CNN", "cnn business": "CNN", "the associated press": "AP", "ap photo": "AP",
}  # fmt: skip

_DATE = (
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?\s\d{1,2}(?:,?\s\d{4})?"
    r"|\d{1,2}\s(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)[a-z]{0,6}\.?(?:,?\s\d{4})?)"
)
_UPPER = r"[A-ZÀ-Þ][A-ZÀ-Þ.'’-]{1,20}"
_CAPITALS = rf"{_UPPER}(?:[ /]{_UPPER}){{0,3}}(?:,\s[A-ZÀ-Þ][\w.'’]{{1,20}}(?:\s[A-ZÀ-Þ][\w.'’]{{1,20}})?)?"
_TITLED = r"[A-ZÀ-Þ][\w.'’-]{1,20}(?:[ /][A-ZÀ-Þ][\w.'’-]{1,20}){0,3}(?:,\s[A-ZÀ-Þ][\w.'’]{1,20}){0,2}"
_DASH = r"\s{0,2}(?:[—–]|-{1,3})\s{1,2}|\s{0,2}—\s{0,2}"

_SIGNED = re.compile(
    rf"(?P<place>{_CAPITALS}|{_TITLED})(?:,\s(?P<date>(?i:{_DATE})))?\s{{0,2}}"
    rf"\((?P<agency>[^()\n]{{2,40}})\)(?:{_DASH}|\s{{0,2}}[:.]\s{{1,2}}|\s{{0,2}}-)"
)
_DATED = re.compile(rf"(?P<place>{_CAPITALS}|{_TITLED}),\s(?P<date>(?i:{_DATE}))(?:{_DASH}|:\s{{1,2}})")
_PLAIN = re.compile(rf"(?P<place>{_CAPITALS})(?:{_DASH}|:\s{{1,2}})")

_NO_PLACE = re.compile(
    r"(?:BREAKING|EXCLUSIVE|UPDATE|WATCH|VIDEO|LIVE|OPINION|ANALYSIS|EDITORIAL|REVIEW|FACT|NOTE|EDITOR|PHOTO|READ|MORE"
    r"|CORRECTION|CLARIFICATION|WARNING|SPOILER|Q|A|FAQ|TIP|PS|NEWS|SPORTS?|POLITICS|BUSINESS|WORLD|INTERVIEW|POLL|WHO"
    r"|WHAT|WHEN|WHERE|WHY|HOW|THE|FILE|KEY|TOP|LATEST|STEP|PART|CHAPTER|ADVERTISEMENT)\b"
)


@dataclass(frozen=True, slots=True)
class StatedDateline:
    """`text` is the whole head as it stood; the parts are None where it names none."""

    text: str
    place: str | None
    date: str | None
    agency: str | None


def split_dateline(paragraph: str) -> tuple[StatedDateline, str] | None:
    """The dateline in front of a story's first paragraph, and the paragraph without it."""
    for pattern in (_SIGNED, _DATED, _PLAIN):
        match = pattern.match(paragraph)
        if match is None or _NO_PLACE.match(match["place"]):
            continue
        parts = match.groupdict()
        agency = agency_in(parts.get("agency") or "")
        rest = paragraph[match.end() :].lstrip()
        if ("agency" in parts and agency is None and not match["place"].isupper()) or not rest:
            continue
        return StatedDateline(match[0].strip(), match["place"], parts.get("date"), agency), rest
    return None


def agency_in(name: str) -> str | None:
    """The usual name of the news agency `name`, None when it is none that we know."""
    return _AGENCIES.get(" ".join(name.split()).lower().strip("."))
