"""What a user sees of `docker compose up`, and that no container can do more than it must."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.docker.compose import PATIENCE_S, Compose, called, docker
from tests.docker.load import Load
from tests.docker.waiting import wait

pytestmark = pytest.mark.timeout(600)

OURS = ("worker-text", "worker-state", "watch", "api", "poller")
LOOK = "touch /x 2>&1; touch ~/x && rm ~/x && echo written; id -u; grep -E 'CapEff|NoNewPrivs' /proc/self/status"
STATS = "/var/lib/newsloom/workers/slot-0/stats.json"
HANG = "import json, os; os.kill(json.load(open('{report}'))['pid'], {number})"
REPORTS = {"worker-state": STATS} | {name: f"/var/lib/newsloom/{name}.json" for name in ("api", "poller", "watch")}
SIGSTOP = 19


PROFILES = ("--profile core --profile feeds --profile observe", "--env-file deploy/ha.env --profile ha --profile feeds")


@pytest.mark.parametrize("options", PROFILES)
def test_profiles_go_together(core: Compose, options: str) -> None:
    assert called([*core.command, *options.split(), "config", "--quiet"]) == ""


def test_a_folder_of_articles_ends_with_stories_on_the_page(core: Compose) -> None:
    wait(lambda: "Kim Jong Un" in httpx.get(f"{core.api}/", timeout=PATIENCE_S).text, "a story there", within_s=60)
    (story,) = core.stories("Kim Jong Un")
    assert story["article_count"] == 2


@pytest.mark.parametrize("service", OURS)
def test_a_container_writes_to_its_state_alone_and_has_no_rights(core: Compose, image: str, service: str) -> None:
    said = core.execute(service, "sh", "-c", LOOK)
    assert said.expandtabs(1).splitlines() == [
        "touch: cannot touch '/x': Read-only file system",
        "written",
        "10001",
        "CapEff: 0000000000000000",
        "NoNewPrivs: 1",
    ]
    (known,) = json.loads(docker("image", "inspect", image))
    assert core.facts(core.container(service))["Image"] == known["Id"]


def test_topics_are_made_by_a_container_that_ends(core: Compose) -> None:
    state = core.facts(core.container("init"))["State"]
    assert (state["Status"], state["ExitCode"]) == ("exited", 0)


def test_the_poller_takes_feeds_from_an_address_that_is_allowed(core: Compose, image: str) -> None:
    site = docker(
        "run", "--detach", "--rm", "--network", f"container:{core.container('poller')}",
        "--entrypoint", "python", image, "-m", "streams.local.site", "8970",
    ).strip()  # fmt: skip
    try:
        core.execute("poller", "newsloom", "feeds", "add", "http://127.0.0.1:8970/gazette/feed", "--id", "gazette")
        found = f"{core.api}/v1/articles?source=gazette"
        wait(lambda: bool(httpx.get(found, timeout=PATIENCE_S).json()["items"]), "an article", within_s=180)
    finally:
        docker("rm", "--force", site)


@pytest.fixture
def two_workers(core: Compose) -> Iterator[Compose]:
    core.run("up", "-d", "--no-build", "--no-recreate", "--scale", "worker-text=2")
    yield core
    core.run("up", "-d", "--no-build", "--no-recreate", "--scale", "worker-text=1")


def normalized(container: str) -> int:
    """Documents that the worker in `container` has normalized."""
    stats = json.loads(docker("exec", container, "cat", STATS))
    return sum(stats["stages"]["normalize"]["outcomes"].values())


@pytest.mark.slow
async def test_a_second_worker_takes_its_share(two_workers: Compose, tmp_path: Path) -> None:
    containers = two_workers.containers("worker-text")
    assert len(containers) == 2
    wait(lambda: two_workers.states("worker-text") == ["healthy"] * 2, "a second worker", within_s=60)
    before = {each: normalized(each) for each in containers}
    load = Load(two_workers.bootstrap, tmp_path, seed=8)
    await load.push(100)
    await load.through()
    wait(lambda: all(normalized(each) > before[each] for each in containers), "work of both", within_s=5)


@pytest.mark.slow
@pytest.mark.parametrize("service", REPORTS)
async def test_what_hangs_is_seen_killed_and_started_again(
    core: Compose, tmp_path: Path, figure: Callable[[str], None], service: str
) -> None:
    container = core.container(service)

    def restarts() -> int:
        return int(core.facts(container)["RestartCount"])

    before = restarts()
    docker("exec", container, "python", "-c", HANG.format(report=REPORTS[service], number=SIGSTOP))
    seen = wait(lambda: core.states(service) == ["unhealthy"], f"an unhealthy {service}", within_s=90)
    again = seen + wait(lambda: restarts() > before, "a restart", within_s=60)
    well = again + wait(lambda: core.states(service) == ["healthy"], f"a healthy {service}", within_s=60)
    figure(
        f"{service} that hangs: unhealthy after {seen:.0f} s, started again after {again:.0f}, healthy after {well:.0f}"
    )
    load = Load(core.bootstrap, tmp_path, seed=9)
    await load.push(20)
    await load.through()
    report = await load.audit()
    assert report.ok, report.as_json()
