"""scripts/serve.py before it starts anything: ports, and what is not there. The servers: tests/e2e/test_serve.py."""

from __future__ import annotations

import socket
from contextlib import closing
from pathlib import Path

import pytest

from healthqa.encoder import CARD_FILE, EncoderCard
from healthqa.safety import classifier
from healthqa.settings import Settings
from scripts import serve
from scripts.children import HOST


def settings(folder: Path) -> Settings:
    return Settings.from_env(
        {}, encoder_dir=folder / "encoder", index_dir=folder / "index", alarm_model_dir=folder / "alarms"
    )


def test_missing_parts_are_named_with_what_to_do(tmp_path: Path) -> None:
    encoder, index, alarms = serve.missing_parts(settings(tmp_path))
    assert str(tmp_path / "encoder") in encoder and "copy that folder" in encoder
    assert str(tmp_path / "index") in index and "healthqa index" in index
    assert str(tmp_path / "alarms") in alarms and "fewer emergencies" in alarms


def test_nothing_is_missing_with_cards_and_pointer(tmp_path: Path) -> None:
    for folder in ("encoder", "index", "alarms"):
        (tmp_path / folder).mkdir()
    card = EncoderCard("fake", 4, 16, "mean", True, "0", "0")
    (tmp_path / "encoder" / CARD_FILE).write_text(card.to_json(), encoding="utf-8")
    (tmp_path / "index" / "current").write_text("20260101T000000-1", encoding="utf-8")
    alarms = classifier.AlarmCard(examples="0", base_sha256="0", max_length=16)
    (tmp_path / "alarms" / classifier.CARD_FILE).write_text(alarms.to_json(), encoding="utf-8")
    assert serve.missing_parts(settings(tmp_path)) == []


def test_serve_without_a_model_starts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    assert serve.main() == 1
    assert "models/" in capsys.readouterr().err


def test_serve_with_a_wrong_setting_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "one.tar.gz").touch()
    monkeypatch.setattr(serve, "ROOT", tmp_path)
    monkeypatch.setenv("HEALTHQA_TOP_K", "many")
    assert serve.main() == 1
    assert "HEALTHQA_TOP_K" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["no", "0", "65536", "-1", "1.5"])
def test_port_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(serve.PortError, match="PORT="):
        serve.chosen_port("PORT", 5005, "the page")


def test_port_in_use_is_refused_with_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(socket.socket()) as other:
        other.bind((HOST, 0))
        other.listen()
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        with pytest.raises(serve.PortError, match="make run PORT="):
            serve.chosen_port("PORT", 5005, "the page")
