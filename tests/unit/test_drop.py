"""A drop folder gives whole files, each once, and nothing that lies outside it."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import DroppedFile
from streams.codec import encode
from streams.drop.folder import Folder
from streams.drop.ledger import entry, entry_message, faces, file_id, of_folder
from streams.drop.settling import Face, Settling, is_ours
from streams.errors import UsageError
from streams.ingest.options import UnfitError
from tests.builders import SEEN_AT

A, B = Face(10, 1), Face(20, 2)


def test_a_file_is_taken_once_two_looks_have_found_it_the_same() -> None:
    settling = Settling(looks=2)
    assert settling.look({"a": A}, {}) == []
    assert settling.waiting == 1
    assert settling.look({"a": B}, {}) == []
    assert settling.look({"a": B, "b": A}, {}) == ["a"]
    assert settling.look({"a": B, "b": A}, {"a": B}) == ["b"]
    assert settling.waiting == 0


def test_what_is_known_is_not_taken_and_what_changes_is_again() -> None:
    settling = Settling(looks=1)
    assert settling.look({"a": A}, {"a": A}) == []
    assert settling.look({"a": B}, {"a": A}) == ["a"]


def test_a_file_that_goes_and_comes_again_settles_anew() -> None:
    settling = Settling(looks=2)
    settling.look({"a": A}, {})
    settling.look({}, {})
    assert settling.look({"a": A}, {}) == []


@given(st.lists(st.sampled_from([A, B, None]), max_size=12), st.integers(1, 4))
def test_nothing_is_taken_before_it_has_been_still_for_so_many_looks(found: list[Face | None], looks: int) -> None:
    settling = Settling(looks)
    for number, face in enumerate(found):
        taken = settling.look({} if face is None else {"a": face}, {})
        still = number + 1 >= looks and face is not None and set(found[number + 1 - looks : number + 1]) == {face}
        assert taken == (["a"] if still else [])


@pytest.mark.parametrize("name", [".a.txt", "a.part", "a.txt.tmp", "a.TMP", "a.crdownload", "a~", ".hidden"])
def test_hidden_and_unfinished_names_are_passed_over(name: str) -> None:
    assert not is_ours(name)


def test_regular_files_at_any_depth_are_seen_and_what_is_none_is_marked(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.txt").write_text("A ferry.")
    (tmp_path / "in" / ".hidden").mkdir()
    (tmp_path / "in" / ".hidden" / "b.txt").write_text("not ours")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    (tmp_path / "in" / "link.txt").symlink_to(outside / "secret.txt")
    (tmp_path / "in" / "folder-link").symlink_to(outside)
    os.mkfifo(tmp_path / "in" / "pipe")
    found = Folder(tmp_path / "in").faces()
    assert {path: face.regular for path, face in found.items()} == {
        "deep/a.txt": True,
        "link.txt": False,
        "folder-link": False,
        "pipe": False,
    }


def test_a_snapshot_is_a_copy_with_its_hash(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A ferry.")
    folder = Folder(tmp_path)
    with folder.snapshot("a.txt") as one:
        assert one is not None
        assert (one.content.read(), one.face) == (b"A ferry.", folder.faces()["a.txt"])
    (tmp_path / "b.txt").write_text("A ferry.")
    with folder.snapshot("b.txt") as two:
        assert two is not None
        assert two.digest == one.digest
    with folder.snapshot("gone.txt") as none:
        assert none is None


def test_a_file_that_is_replaced_by_a_link_a_pipe_or_a_socket_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    inside = tmp_path / "in"
    (inside / "sub").mkdir(parents=True)
    (inside / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(inside / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(inside)  # a socket's path has room for a hundred bytes
    listening.bind("socket")
    (inside / "sub").rmdir()
    (inside / "sub").symlink_to(tmp_path)
    for path in ("link", "pipe", "socket", "sub/secret"):
        with pytest.raises(UnfitError), Folder(inside).snapshot(path):
            pass
    listening.close()


def test_a_file_that_grows_while_it_is_read_is_left_for_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("half")
    fstat = os.fstat
    calls: list[int] = []

    def growing(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        if not calls:
            path.write_text("half, and the other half")
        calls.append(descriptor)
        return found

    monkeypatch.setattr(os, "fstat", growing)
    with Folder(tmp_path).snapshot("a.txt") as snapshot:
        assert snapshot is None


def test_what_is_done_is_moved_or_removed_unless_it_has_changed(tmp_path: Path) -> None:
    inside, done = tmp_path / "in", tmp_path / "done"
    (inside / "sub").mkdir(parents=True)
    (inside / "sub" / "a.txt").write_text("one")
    folder = Folder(inside)
    face = folder.faces()["sub/a.txt"]
    assert not folder.move("sub/a.txt", Face(face.size + 1, face.modified_ns), done)
    assert folder.move("sub/a.txt", face, done)
    (inside / "sub" / "a.txt").write_text("two")
    assert not folder.remove("sub/a.txt", face)
    assert folder.move("sub/a.txt", folder.faces()["sub/a.txt"], done)
    assert sorted(each.name for each in (done / "sub").iterdir()) == ["a-1.txt", "a.txt"]
    (inside / "b.txt").write_text("three")
    assert folder.remove("b.txt", folder.faces()["b.txt"])
    assert folder.faces() == {}


def test_a_name_that_is_no_text_has_an_entry_too() -> None:
    strange = os.fsdecode(b"caf\xe9\n.txt")
    known = entry("/drop", strange, A, "done", SEEN_AT)
    again = DroppedFile.model_validate_json(entry_message(known).value or b"")
    ledger = of_folder({b"k": encode(again)}, "/drop")
    assert faces(ledger, "/drop", [strange, "other"]) == {strange: A}
    assert file_id("/drop", strange) != file_id("/drop", "caf?.txt")


def test_an_entry_of_another_folder_or_garbage_is_passed_over() -> None:
    known = entry("/drop", "a", A, "scheduled", SEEN_AT)
    table = {b"a": encode(known), b"b": b"{", b"c": encode(entry("/else", "a", A, "done", SEEN_AT))}
    ledger = of_folder(table, "/drop")
    assert list(ledger.values()) == [known]
    assert faces(ledger, "/drop", ["a"]) == {}


def test_what_is_no_folder_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder"):
        Folder(tmp_path / "missing")
