"""A small day of news of our own: three events, copies, a page, another language, and what is no article."""

from datetime import timedelta

from schemas import RawDocument
from tests.builders import SEEN_AT, raw_document

FERRY = (
    "The ferry Halvard ran aground on the Skerrow reef on Tuesday evening with 214 passengers on board.",
    "Coastguard helicopters lifted 36 people from the Halvard before the tide rose, said Captain Runa Eide.",
    "Divers found a tear of nine metres in the hull of the ferry, below the engine room.",
    "The owner of the Halvard, Eide Lines, has run the route between Skerrow and Tarnmouth since 1998.",
    "Passengers told reporters that the lights on the ferry had failed minutes before it struck the reef.",
)
RESCUE = (
    "All 214 people on the Halvard are safe after the ferry hit the Skerrow reef, the coastguard said on Wednesday.",
    "Captain Runa Eide was the last to leave the ferry; a helicopter took her ashore shortly after two in the morning.",
    "Eide Lines promised passengers of the Halvard their fares back, and buses between Skerrow and Tarnmouth.",
    "Investigators will ask why the engine room of the ferry lost power so close to the reef.",
)
BUDGET = (
    "Finance minister Otto Brandal presented a budget with a deficit of four billion crowns to parliament.",
    "The opposition called the budget of Otto Brandal a wish list and asked for a vote before Easter.",
    "Pensions rise by three per cent under the budget, while the tax on diesel stays where it is.",
    "Economists of the central bank had warned the minister that the deficit would push interest rates up.",
    "Parliament debates the budget for two weeks; the government has a majority of one seat.",
)
VOTE = (
    "Parliament will vote on the budget of finance minister Otto Brandal in the week before Easter.",
    "The deficit of four billion crowns divides the government, whose majority is a single seat.",
    "Two members have said that they cannot support the budget unless Brandal takes back the rise in pensions.",
    "Should the vote fail, the minister would have to present another budget to parliament by May.",
)
COMET = (
    "Astronomers at the Ullern observatory have photographed a comet that will pass the Earth in October.",
    "The comet, named after its discoverer Mei Tanaka, has a tail of two million kilometres.",
    "Nobody alive will see the comet Tanaka again: it returns in some eleven thousand years.",
    "From the Ullern observatory the comet can be seen with the naked eye from the first week of October.",
    "Mei Tanaka found the comet on plates that had been exposed for a survey of asteroids.",
)
SKY = (
    "Where to look for the comet Tanaka: low in the west after sunset, says the Ullern observatory.",
    "In October the comet passes the Earth at a distance of ninety million kilometres, and its tail points up.",
    "Astronomers at Ullern open their domes to visitors on four evenings, with Mei Tanaka as a guest.",
    "Binoculars show the tail of the comet well before it can be seen with the naked eye.",
)
RAILWAY = (
    "Hallitus esitteli tiistaina suunnitelman, jonka mukaan uusi rautatie Tampereelta Poriin valmistuu vuonna 2031.",
    "Liikenneministeri sanoi, että rautatie maksaa kaksi miljardia euroa ja lyhentää matkaa puolella tunnilla.",
    "Oppositio arvosteli suunnitelmaa ja vaati, että rahat käytetään nykyisten ratojen korjaamiseen.",
)


def _text(title: str, sentences: tuple[str, ...]) -> str:
    return f"{title}\n\n" + "\n\n".join(sentences) + "\n"


def _page(title: str, sentences: tuple[str, ...]) -> str:
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in sentences)
    return (
        f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>"
    )


def documents() -> list[RawDocument]:
    """Raw documents in the order of their times, a few minutes apart."""
    contents: list[tuple[str, str]] = [
        ("text/plain", _text("Ferry runs aground on Skerrow reef", FERRY)),
        ("text/plain", _text("Brandal presents budget with a deficit", BUDGET)),
        ("text/plain", _text("Passengers lifted from the ferry Halvard", RESCUE)),
        ("text/plain", _text("Ferry runs aground on Skerrow reef", FERRY)),
        ("text/html", _page("Comet Tanaka comes close in October", COMET)),
        ("text/plain", _text("Uusi rautatie Tampereelta Poriin", RAILWAY)),
        ("text/plain", "   \n"),
        ("text/plain", _text("Opposition: a wish list by Otto Brandal", VOTE)),
        ("application/octet-stream", "no article"),
        ("text/plain", _text("A comet for October", SKY)),
        ("text/plain", _text("Ferry aground on Skerrow reef", FERRY[::-1])),
        ("text/html", _page("Comet Tanaka comes close in October", COMET)),
    ]
    return [
        raw_document(
            content,
            natural_id=str(number),
            media_type=media_type,
            first_seen_at=SEEN_AT + timedelta(minutes=3 * number),
        )
        for number, (media_type, content) in enumerate(contents)
    ]
