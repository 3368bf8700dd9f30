"""`mlps diff` on results: plans first, then surroundings, then what may be claimed."""

import json
import shutil
import subprocess
import sys

import pytest

from mlps.cli import main
from mlps.plan import render
from tests.comparison.results import campaign, demo, run_of
from tests.rules import plans

SLOW, FAST = (0.920, 0.921, 0.919), (0.960, 0.961, 0.959)
NOISY = (0.91, 0.92, 0.96)


@pytest.fixture
def say(capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as exited:
            main(["diff", *(str(a) for a in arguments)])
        said = capsys.readouterr()
        return int(exited.value.code or 0), said.out, said.err

    return run


@pytest.fixture(scope="module")
def sides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides")
    many = demo(1, epochs=4)
    return {
        "slow": campaign(folder / "slow", SLOW),
        "fast": campaign(folder / "fast", FAST),
        "noisy": campaign(folder / "noisy", NOISY),
        "lone": campaign(folder / "lone", [0.92], many),
        "other lone": campaign(folder / "other", [0.96], many, edit=uneven),
    }


def uneven(tables):
    """Epochs that differ a little, and a host of its own."""
    steps = tables["steps"]
    for epoch in range(1, 5):
        own = steps["epoch"] == epoch
        steps["wait_ns"][own] += 1000 * epoch
    tables["hosts"]["hostname"] = b"elsewhere"
    tables["hosts"]["kernel"] = b"6.2"


def elsewhere(tables):
    tables["hosts"]["hostname"] = b"else\x1b[2Jwhere"
    tables["hosts"]["memory_bytes"] *= 2
    tables["ranks"]["software_digest"] = b"sha256:other"


WORDS = ("faster", "slower", "higher", "lower", "distinguishable", "claim")


def rows(out):
    """Last word about each metric by its title."""
    lines = [line for line in out.splitlines() if line.startswith("  ")]
    return {
        line[2:18].split("  ")[0].strip(): line.split()[-1]
        for line in lines
        if line.split()[-1] in WORDS
    }


def test_faster_runs_are_faster(say, sides):
    status, out, err = say(sides["slow"], sides["fast"])
    assert (status, err) == (0, "")
    found = rows(out)
    assert found["AU rules"] == "higher"
    assert found["samples"] == found["read"] == found["step"] == "faster"
    assert "the unit is the run: 3 in A, 3 in B" in out
    assert "3, 3" in out
    turned = rows(say(sides["fast"], sides["slow"])[1])
    assert (turned["AU rules"], turned["step"]) == ("lower", "slower")


def test_noise_is_not_distinguishable(say, sides):
    found = rows(say(sides["slow"], sides["noisy"])[1])
    for title in ("AU rules", "samples", "read", "step", "step wait p50"):
        assert found[title] == "distinguishable", title


def test_the_same_plan_and_hosts_are_a_fair_comparison(say, sides):
    _, out, _ = say(sides["slow"], sides["fast"])
    assert "the plans differ" not in out
    assert "taken elsewhere" not in out
    assert "no difference: the plans are the same" in out
    assert "taken on the same hosts, with the same code" in out


def test_a_result_against_itself_says_so(say, sides):
    _, out, _ = say(sides["slow"], sides["slow"])
    assert "A and B hold the same run" in out
    assert set(rows(out).values()) == {"distinguishable"}


def test_single_runs_are_compared_by_epochs(say, sides):
    one, other = run_of(sides["slow"], 2), run_of(sides["fast"], 3)
    _, out, _ = say(one, other)
    assert "the unit is the epoch: 2 in A, 2 in B" in out
    assert "no interval: 2 epochs" in out
    assert set(rows(out).values()) <= {"claim", "distinguishable"}
    assert "epochs of one run share" in out


def test_four_epochs_give_an_interval(say, sides):
    _, out, _ = say(run_of(sides["lone"], 2), run_of(sides["other lone"], 2))
    assert "the unit is the epoch: 4 in A, 4 in B" in out
    assert rows(out)["step"] == "faster"


def test_a_campaign_of_one_measured_run_is_compared_by_epochs(say, sides):
    _, out, _ = say(sides["lone"], sides["other lone"])
    assert "the unit is the epoch: 4 in A, 4 in B" in out


def test_a_campaign_against_a_run_says_so(say, sides):
    _, out, _ = say(sides["slow"], run_of(sides["fast"], 2))
    assert "A is a campaign, B a single run" in out
    assert "the unit is the epoch: 6 in A, 2 in B" in out


def test_other_hosts_and_code_are_told_on_top(say, sides, tmp_path):
    other = campaign(tmp_path, FAST, edit=elsewhere)
    _, out, _ = say(sides["slow"], other)
    top = out[: out.index("the unit is")]
    assert "NOT A FAIR COMPARISON" in top
    assert "taken elsewhere: other hosts, memory, code" in top
    assert "  memory: 8.00 GiB -> 16.00 GiB" in top
    assert "node0 -> else\\x1b[2Jwhere" in top
    assert "\x1b" not in out
    assert "B is INVALID: EV-10 rankCode" in top


def test_other_plans_are_still_compared_with_a_headline(say, sides, tmp_path):
    plan = plans.changed(demo(3), "workload.reader.read_threads", 9)
    plan = plans.changed(plan, "workload.train.computation_time_s", 0.002)
    other = campaign(tmp_path, FAST, plans.consistent(plan))
    _, out, _ = say(sides["slow"], other)
    head = out.index("NOT A FAIR COMPARISON")
    assert "the plans differ: 1 in official values, 1 in what CLOSED lets change" in out
    order = [
        head,
        out.index(
            "official value needed in CLOSED:\n  workload.train.computation_time_s"
        ),
        out.index("may be changed in CLOSED:\n  workload.reader.read_threads: 4 -> 9"),
        out.index("taken on the same hosts"),
        out.index("the unit is the run"),
    ]
    assert order == sorted(order)


def test_a_plan_against_a_result_compares_plans(say, sides, tmp_path):
    plan = tmp_path / "mine.yaml"
    other = plans.changed(demo(3), "workload.reader.read_threads", 9)
    plan.write_bytes(render(plans.frozen(plans.consistent(other))))
    status, out, _ = say(plan, sides["slow"])
    assert status == 0
    assert "A is a plan, nothing was run: only plans are compared" in out
    assert "workload.reader.read_threads: 9 -> 4" in out
    assert "the unit is" not in out
    assert "B is a plan" in say(sides["slow"], plan)[1]


def test_a_run_that_measured_nothing(say, sides):
    status, out, _ = say(run_of(sides["slow"], 0), run_of(sides["fast"], 2))
    assert status == 0
    assert "A is a datagen run, not a measured one" in out
    assert "the unit is" not in out


def test_plain_data(say, sides):
    status, out, _ = say(sides["slow"], sides["fast"], "--json")
    data = json.loads(out)
    assert (status, data["schema"], data["unit"]) == (0, "difference/1", "run")
    assert data["a"]["stage"] == "campaign"
    assert (data["config"], data["environment"]) == ([], [])
    found = {row["metric"]: row for row in data["metrics"]}
    row = found["au_rules_percent"]
    assert (len(row["a"]), len(row["b"])) == (3, 3)
    assert row["difference"] == pytest.approx(4, abs=0.1)
    assert row["interval"][0] < row["difference"] < row["interval"][1]
    assert (row["verdict"], row["why"]) == ("higher", "")


# -- what can't be read: exit 2, one line


def unreadable(say, *arguments):
    status, out, err = say(*arguments)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("mlps: ")
    return err


def test_nothing_there(say, sides, tmp_path):
    assert "is missing" in unreadable(say, tmp_path / "nothing", sides["slow"])
    (tmp_path / "empty").mkdir()
    assert "nothing to judge" in unreadable(say, sides["slow"], tmp_path / "empty")


def test_a_changed_plan(say, sides, tmp_path):
    plan = tmp_path / "plan.yaml"
    text = (sides["slow"] / "plan.yaml").read_text()
    plan.write_text(text.replace("read_threads: 4", "read_threads: 5"))
    assert "changed after it was compiled" in unreadable(say, plan, sides["slow"])


def test_several_results(say, sides):
    err = unreadable(say, sides["slow"].parents[1], sides["fast"])
    assert "holds 5 results; name one of them" in err


def test_a_run_that_can_not_be_read_is_not_left_out(say, sides, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(sides["fast"], copy)
    path = run_of(copy, 3) / "evidence.h5"
    path.write_bytes(path.read_bytes()[:1000])
    err = unreadable(say, sides["slow"], copy)
    assert "03-measured" in err
    assert "would be another one" in err


def test_rows_that_make_no_sense(say, sides, tmp_path):
    def negative(tables):
        tables["latency"]["bucket"] = -5

    other = campaign(tmp_path, FAST, edit=negative)
    assert "bucket" in unreadable(say, sides["slow"], other)


def test_a_tampered_result_is_compared_with_a_warning(say, sides, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(sides["fast"], copy)
    (run_of(copy, 2) / "summary.json").write_text("{}")
    status, out, _ = say(sides["slow"], copy, "--json")
    data = json.loads(out)
    assert (status, data["b"]["verdict"]) == (0, "INVALID")
    wanted = {"EV-05 summaryRecomputes", "EV-06 sha256sums"}
    assert wanted <= {*data["b"]["failed"]} - {*data["a"]["failed"]}
    assert any(text.startswith("B is INVALID: ") for text in data["unfair"])
    assert len(data["metrics"]) > 5


NO_NUMPY = """
import sys
from mlps.cli import commands
commands.main(["diff", *sys.argv[1:]], standalone_mode=False)
sys.exit(bool({"numpy", "h5py", "rich"} & set(sys.modules)))
"""


def test_a_pair_of_plans_needs_no_numpy(sides):
    plan = str(sides["slow"] / "plan.yaml")
    command = [sys.executable, "-c", NO_NUMPY, plan, plan]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
