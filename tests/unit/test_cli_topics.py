"""What `newsloom topics describe` says of a topic that the broker does not name."""

import pytest

from streams.cli.root import main
from streams.edge.admin import TopicFacts
from streams.endpoint import Endpoint
from streams.observe.balance import Balance

LOGIN = {
    "NEWSLOOM_BROKER": "kafka:9092",
    "NEWSLOOM_SECURITY_PROTOCOL": "SASL_SSL",
    "NEWSLOOM_SASL_USERNAME": "newsloom-api",
    "NEWSLOOM_SASL_PASSWORD": "a secret",
}


@pytest.mark.parametrize(("login", "said"), [({}, "missing"), (LOGIN, "missing, or hidden from newsloom-api")])
def test_a_login_that_is_not_told_of_a_topic_may_not_be_allowed_to_see_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], login: dict[str, str], said: str
) -> None:
    async def broker(*_: object, **__: object) -> Endpoint:
        return Endpoint("kafka:9092")

    async def facts(*_: object) -> list[TopicFacts]:
        return [TopicFacts("news.raw.v1", exists=False)]

    async def nothing(*_: object) -> list[object]:
        return []

    async def books(*_: object) -> Balance:
        return Balance(0, 0, 0, 0, 0, 0)

    monkeypatch.setattr("streams.app.connected", broker)
    monkeypatch.setattr("streams.edge.admin.describe", facts)
    monkeypatch.setattr("streams.edge.admin.stage_lags", nothing)
    monkeypatch.setattr("streams.observe.balance.balance", books)
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    assert main(["topics", "describe"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("news.raw.v1")]
    assert " ".join(line.split()) == f"news.raw.v1 - {said}"
