"""The commands that need no broker, on files: push --dry-run, run --memory, and each stage alone."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas import Article, RawDocument, StoryCandidate
from streams.cli import main
from streams.demo import samples
from streams.ids import document_id
from tests.builders import BODY, TITLE

MTIME = datetime(2025, 5, 6, 7, 8, 9, tzinfo=UTC)
OTHER = """\
Chess club of Ostrava wins the national league for the first time since 1987

The chess club of Ostrava beat its rivals from the capital by five boards to three on Sunday and so won the national \
league for the first time since 1987, before four hundred spectators in the old mining hall.

Captain Radek Novotny, who drew his own game after six hours, said that nobody in the team was paid for playing."""


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    os.utime(path, (MTIME.timestamp(), MTIME.timestamp()))
    return str(path)


@pytest.fixture
def articles(tmp_path: Path) -> str:
    """Three files: an article, the same with another head and tail, and one about something else."""
    folder = tmp_path / "articles"
    folder.mkdir()
    write(folder / "1.txt", f"{TITLE}\n\n{BODY}\n")
    write(folder / "2.txt", f"{TITLE}\n\nShare this article\n\n{BODY}\n\nLeave a reply\n")
    write(folder / "3.txt", OTHER)
    return str(folder)


class Output:
    """Runs commands and gives what they print."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd = capfd
        self.err = ""

    def lines(self, *arguments: str, code: int = 0) -> list[Any]:
        assert main(arguments) == code
        out, self.err = self._capfd.readouterr()
        return [json.loads(line) for line in out.splitlines()]

    def text(self, *arguments: str, code: int = 0) -> str:
        assert main(arguments) == code
        out, self.err = self._capfd.readouterr()
        return out


@pytest.fixture
def output(capfd: pytest.CaptureFixture[str]) -> Output:
    return Output(capfd)


def saved(path: Path, lines: list[Any]) -> str:
    return write(path, "".join(json.dumps(line) + "\n" for line in lines))


def test_a_record_of_another_system_becomes_a_raw_document(tmp_path: Path, output: Output) -> None:
    fields = {
        "id": "A-17",
        "source": "Gazette",
        "source_url": "gazette.example",
        "url": "https://gazette.example/17",
        "title": TITLE,
        "date": "2019-07-11",
        "authors": "Ilse Varga",
        "topic": "harbours",
        "text": BODY,
    }
    path = saved(tmp_path / "dump.jsonl", [fields])
    (line,) = output.lines("push", "--dry-run", path)
    document = RawDocument.model_validate(line)
    assert document.document_id == document_id("Gazette", "A-17")
    assert (document.source.id, document.url, document.title) == ("Gazette", "https://gazette.example/17", TITLE)
    assert (document.published_at, document.byline, document.content) == ("2019-07-11", "Ilse Varga", BODY)
    assert document.first_seen_at == MTIME
    assert output.lines("push", "--dry-run", path) == [line]


def test_options_decide_source_media_type_and_time(tmp_path: Path, output: Output) -> None:
    path = write(tmp_path / "a.txt", "<p>x")
    options = ("--source", "herald", "--media-type", "text/html", "--first-seen", "2026-01-02T03:04:05")
    (line,) = output.lines("push", "--dry-run", path, *options)
    assert (line["source"]["id"], line["media_type"], line["first_seen_at"]) == (
        "herald",
        "text/html",
        "2026-01-02T03:04:05Z",
    )


def test_what_is_not_taken_is_named_and_the_rest_goes_on(tmp_path: Path, output: Output) -> None:
    good = write(tmp_path / "good.txt", "Good.")
    hostile = tmp_path / "\x1b[2Jbad.txt"
    hostile.symlink_to(good)
    lines = output.lines("push", "--dry-run", str(tmp_path), str(tmp_path / "missing"), code=4)
    assert [line["content"] for line in lines] == ["Good."]
    assert "\\x1b[2Jbad.txt: symlink" in output.err
    assert "missing: not_found" in output.err
    assert "\x1b" not in output.err


def test_normalize_prints_articles(articles: str, output: Output) -> None:
    lines = output.lines("normalize", articles)
    cleaned = [Article.model_validate(line) for line in lines]
    assert [article.title for article in cleaned[:2]] == [TITLE, TITLE]
    assert "Leave a reply" not in cleaned[1].body_text
    assert output.err == "3 in, 0 dead letters, 0 dropped, 0 not taken\n"


def test_a_dead_letter_is_one_line_and_code_4(tmp_path: Path, output: Output) -> None:
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7 \x00\xff")
    assert output.lines("normalize", str(tmp_path / "x.pdf"), code=4) == []
    assert output.err.startswith("dead letter: x.pdf: unsupported_media_type in normalize")
    assert output.err.endswith("1 in, 1 dead letters, 0 dropped, 0 not taken\n")


def test_dedupe_decides_in_arrival_order(articles: str, output: Output) -> None:
    first, second, third = output.lines("dedupe", articles)
    assert [line["decision"] for line in (first, second, third)] == ["unique", "duplicate", "unique"]
    assert second["duplicate_of"] == first["article_id"]
    final = output.lines("dedupe", articles, "--final")
    assert final[0].keys() == {first["article_id"], third["article_id"]}
    assert final[0][third["article_id"]] == [third["article_id"]]


def test_the_same_file_twice_is_dropped_the_second_time(articles: str, output: Output) -> None:
    once, again = output.lines("dedupe", articles), output.lines("dedupe", articles, articles)
    assert again == once
    assert output.err.count("dropped: ") == 3
    assert "repushed in dedupe" in output.err


def test_stages_read_what_the_stages_before_them_print(articles: str, tmp_path: Path, output: Output) -> None:
    whole = output.lines("cluster", articles)
    normalized = saved(tmp_path / "normalized.jsonl", output.lines("normalize", articles))
    assert output.lines("cluster", normalized) == whole
    unique = saved(tmp_path / "unique.jsonl", output.lines("dedupe", normalized))
    tagged = output.lines("tag", unique)
    assert tagged == output.lines("tag", articles)
    assert output.lines("cluster", saved(tmp_path / "tagged.jsonl", tagged)) == whole
    candidates = output.lines("tag", "--candidates", unique)
    assert [StoryCandidate.model_validate(line).article_id for line in candidates] == [t["article_id"] for t in tagged]
    assert output.lines("cluster", saved(tmp_path / "candidates.jsonl", candidates)) == whole


def test_cluster_ends_in_a_partition_of_all_articles(articles: str, output: Output) -> None:
    events = output.lines("cluster", articles)
    (final,) = output.lines("cluster", articles, "--final")
    placed = {event["article"]["article_id"] for event in events if event["kind"] in ("created", "article_added")}
    assert sorted(article for members in final.values() for article in members) == sorted(placed)
    assert len(placed) == 2


@pytest.mark.parametrize(("command", "made_by"), [("normalize", "normalize"), ("dedupe", "candidates")])
def test_records_of_a_later_stage_are_no_input(
    command: str, made_by: str, articles: str, tmp_path: Path, output: Output
) -> None:
    made = (
        output.lines("normalize", articles) if made_by == "normalize" else output.lines("tag", "--candidates", articles)
    )
    path = saved(tmp_path / "made.jsonl", made)
    output.lines(command, path, code=4)
    assert f"{command} does not read" in output.err


def test_a_broken_record_of_a_stage_is_not_taken(articles: str, tmp_path: Path, output: Output) -> None:
    lines = output.lines("normalize", articles)
    lines[1]["language"] = "!"
    (first, third) = output.lines("dedupe", saved(tmp_path / "broken.jsonl", lines), code=4)
    assert (first["article_id"], third["article_id"]) == (lines[0]["article_id"], lines[2]["article_id"])
    assert "broken.jsonl:2: bad_record: as Article: language" in output.err


def test_the_samples_make_one_story_in_memory(output: Output) -> None:
    (story,) = output.lines("run", "--memory", samples(), "--json")
    assert story["article_count"] == 2
    assert len(story["articles"]) == 2
    names = {entity["name"] for article in story["articles"] for entity in article["entities"]}
    assert names >= {"Kim Jong Un", "Vladimir Putin", "Russia", "North Korea"}
    assert "normalize: ok 2" in output.err


def test_a_memory_run_for_people_is_a_table(articles: str, output: Output) -> None:
    text = output.text("run", "--memory", articles)
    assert text.splitlines()[0].split() == ["story", "articles", "sources", "last", "seen", "lang", "title"]
    assert TITLE in text


def test_two_memory_runs_dump_the_same_bytes(articles: str, output: Output) -> None:
    first = output.text("run", "--memory", articles, "--dump", "stories")
    assert first == output.text("run", "--memory", articles, "--dump", "stories")
    key, value = first.splitlines()[0].split("\t")
    assert json.loads(value)["story_id"] == key
    assert len(output.text("run", "--memory", articles, "--dump", "raw").splitlines()) == 3
    assert output.text("run", "--memory", articles, "--dump", "raw.dlq") == ""


def test_hostile_text_is_neutralised_in_a_table(tmp_path: Path, output: Output) -> None:
    path = saved(tmp_path / "hostile.jsonl", [{"id": "1", "title": "Bridge\x1b[2J \u202ereopens", "text": BODY}])
    text = output.text("run", "--memory", path)
    assert "\x1b" not in text
    assert "\u202e" not in text
