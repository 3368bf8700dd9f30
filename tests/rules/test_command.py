"""`mlps verify` and `mlps rules` as people and programs see them."""

import json
import shutil

import pytest
from click.testing import CliRunner, Result

from mlps.plan import Division, render
from rules.catalogue import CATALOGUE
from rules.command import rules, verify
from rules.finding import Finding, Verdict
from rules.render import clean, table
from tests.rules import plans


def verified(*args: object) -> Result:
    return CliRunner().invoke(verify, [str(a) for a in args])


def ruled(*args: str) -> Result:
    return CliRunner().invoke(rules, list(args))


def stored(plan, folder):
    path = folder / "plan.yaml"
    path.write_bytes(render(plans.frozen(plan)))
    return path


def test_a_closed_campaign(bench):
    done = verified(bench.closed.path)
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert lines[0].startswith("campaign ")
    assert lines[2] == "  claim    closed, edition 3.0"
    assert lines[3] == "  sealed   1 datagen, 1 warmup, 5 measured"
    assert "  06-measured  93.00 % of a possible 99.00 %" in done.output
    assert lines[-2].startswith("verdict: CLOSED (claimed closed): ")
    assert "\x1b" not in done.output


def test_a_demo_says_that_it_never_counts(bench):
    done = verified(bench.demo.path)
    assert done.exit_code == 0
    assert "verdict: WHATIF (claimed demo; can never count)" in done.output
    assert "waived by submission demo: laptop" in done.output


def test_a_failure_shows_all_its_parts_and_exits_1(bench):
    campaign = bench.demo
    shutil.rmtree(campaign.run(3))
    done = verified(campaign.path)
    assert done.exit_code == 1
    after = done.output.partition("EV-03")[2].partition("EV-04")[0]
    for part in ("FAIL", "expected", "actual", "where", "fix"):
        assert part in after
    assert "verdict: INVALID (claimed demo; can never count)" in done.output


def test_a_plan_alone(tmp_path):
    done = verified(stored(plans.official_plan(), tmp_path))
    assert done.exit_code == 0
    assert "verdict: CLOSED (claimed closed; plan only, nothing was run)" in done.output
    assert "3.3.1 trainingRunDataMatchesDatasize NOT_APPLICABLE: judged" in " ".join(
        done.output.split()
    )


def test_h100_is_whatif_in_3_0_and_closed_in_2_0(tmp_path):
    plan = plans.changed(plans.official_plan(), "system.accelerator", "h100")
    plan = plans.changed(plan, "workload.train.computation_time_s", 0.323)
    claimed = verified(stored(plans.consistent(plan), tmp_path))
    assert claimed.exit_code == 1
    said = " ".join(claimed.output.split())
    assert "2.1.11 trainingWorkloads FAIL" in said
    assert "whatif in edition 3.0, CLOSED in edition 2.0" in said
    assert "claim nothing (division whatif) for unet3d on h100" in said
    plan = plans.changed(plan, "submission.division", Division.WHATIF)
    assert verified(stored(plans.consistent(plan), tmp_path)).exit_code == 0
    plan = plans.changed(plan, "submission.division", Division.CLOSED)
    plan = plans.changed(plan, "submission.edition", "2.0")
    plan = plans.changed(plan, "workload.checkpoint", True)
    assert verified(stored(plans.consistent(plan), tmp_path)).exit_code == 0


def test_no_plan_exits_2_in_one_line(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text("a: 1\n")
    done = verified(path)
    assert done.exit_code == 2
    assert "no plan" in done.output
    assert "Traceback" not in done.output


def test_a_missing_path_exits_2(tmp_path):
    assert verified(tmp_path / "nowhere").exit_code == 2


def test_an_unknown_edition_exits_2(tmp_path):
    done = verified(stored(plans.official_plan(edition="4.0"), tmp_path))
    assert done.exit_code == 2
    assert "'4.0' is no edition" in done.output


def test_a_link_given_by_its_user_is_followed(bench, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(bench.demo.path)
    assert verified(link).exit_code == 0


def test_plain_data(bench):
    campaign = bench.demo
    done = verified(campaign.path, "--json")
    data = json.loads(done.output)
    assert data["schema"] == "verdict/1"
    assert data["exit_status"] == done.exit_code == 0
    (subject,) = data["subjects"]
    assert subject["stage"] == "campaign"
    assert subject["digest"] == campaign.doc.digest
    assert subject["verdict"] == "WHATIF"
    ours = {r.id for r in CATALOGUE if r.judge}
    assert {f["rule"] for f in subject["findings"]} == ours
    assert [r["kind"] for r in subject["runs"]][1:] == [
        "warmup",
        "measured",
        "measured",
    ]
    assert subject["runs"][2]["au_rules_percent"] == pytest.approx(94, abs=0.01)


def test_plain_data_of_a_folder_takes_the_worst_status(bench):
    bench.copy("demo")
    broken = bench.folder / "broken"
    (broken / "runs").mkdir(parents=True)
    done = verified(bench.folder, "--json")
    data = json.loads(done.output)
    assert done.exit_code == data["exit_status"] == 2
    assert sorted("problem" in s for s in data["subjects"]) == [False, True]


def test_rules_lists_the_catalogue():
    done = ruled()
    assert done.exit_code == 0
    lines = [line.split() for line in done.output.splitlines()]
    for rule in CATALOGUE:
        assert [rule.id, rule.name] in [line[::2][:2] for line in lines]


@pytest.mark.parametrize("rule", CATALOGUE, ids=lambda r: r.id)
def test_rules_explains_each(rule):
    done = ruled(rule.id)
    assert done.exit_code == 0
    assert done.output.startswith(f"{rule.id} {rule.name}\n\n")
    assert rule.explanation.splitlines()[0] in done.output


def test_rules_shows_the_numbers_of_an_edition():
    assert "retinanet: at least 85 %" in ruled("3.3.2").output
    assert "cosmoflow: at least 70 %" in ruled("3.3.2", "--edition", "2.0").output
    assert "retinanet" not in ruled("3.3.2", "--edition", "2.0").output


def test_rules_finds_the_nearest_id():
    done = ruled("3.3.9")
    assert done.exit_code == 2
    assert "did you mean" in done.output
    assert ruled("--edition", "9").exit_code == 2


def test_text_of_strangers_can_not_move_the_cursor():
    assert clean("a\x1b[2J\nb\u202e") == "a\\x1b[2J\\x0ab\\x202e"
    finding = Finding(
        rule_id="X", name="x", verdict=Verdict.FAIL, actual="evil \x1b[31m", fix="f"
    )
    assert "\x1b" not in table([finding])
    assert "\x1b[31mFAIL\x1b[0m" in table([finding], colour=True)


def test_evidence_over_the_budget_names_the_option_that_allows_it(bench):
    campaign = bench.demo
    assert verified(campaign.path, "--max-evidence-mib", "1000").exit_code == 0
    (place,) = campaign.path.glob("runs/02-*")
    with (place / "evidence.h5").open("r+b") as file:
        file.truncate(200 * 2**20)
    done = verified(campaign.path)
    assert done.exit_code == 1
    assert "--max-evidence-mib" in " ".join(done.output.split())
