"""The deployment examples: held against the schemas that are published for them, and against the image they name."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import Any

import hcl2
import kubernetes_validate
import pytest
import yaml
from cfnlint.api import lint_all
from cloudcoil.models.knative_serving.serving.v1 import Service

from lambdakit.container.ports import PORT
from lambdakit.packaging.rootfs.contents import GROUP_ID, USER_ID
from tests.runtime_process import ROOT

DEPLOY = ROOT / "examples/deploy"
KUBERNETES = "1.32"
HEALTH = "/_lambdakit/health"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.suffix in (".yaml", ".tf"))


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text()))


@pytest.mark.parametrize("document", documents("kubernetes.yaml"), ids=lambda document: str(document["kind"]))
def test_kubernetes_takes_it(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_the_schema_refuses_what_kubernetes_would() -> None:
    document = documents("kubernetes.yaml")[0]
    document["spec"]["template"]["spec"]["containers"][0]["redyProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_knative_takes_it() -> None:
    (document,) = documents("knative.yaml")
    taken = Service.model_validate(document).model_dump(by_alias=True, exclude_none=True, mode="json")
    assert taken == document  # the model leaves out what it does not know


@pytest.mark.parametrize("name", ["kubernetes.yaml", "knative.yaml"])
def test_concurrency_health_and_shutdown_are_the_fronts_own(name: str) -> None:
    pod = documents(name)[0]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    settings = {entry["name"]: entry["value"] for entry in container["env"]}
    security = {**pod.get("securityContext", {}), **container["securityContext"]}
    assert str(container["ports"][0]["containerPort"]) == PORT
    assert container["readinessProbe"]["httpGet"]["path"] == HEALTH
    assert (security["runAsUser"], security["runAsNonRoot"], security["readOnlyRootFilesystem"]) == (
        USER_ID,
        True,
        True,
    )
    assert security.get("runAsGroup", GROUP_ID) == GROUP_ID
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp"]
    if name == "knative.yaml":
        assert settings["LAMBDAKIT_FRONT_ENVIRONMENTS"] == str(pod["containerConcurrency"])
        assert int(settings["AWS_LAMBDA_FUNCTION_TIMEOUT"]) < pod["timeoutSeconds"]
    else:
        end = container["lifecycle"]["preStop"]["sleep"]["seconds"] + int(settings["LAMBDAKIT_FRONT_DRAIN_SECONDS"])
        assert int(settings["AWS_LAMBDA_FUNCTION_TIMEOUT"]) <= int(settings["LAMBDAKIT_FRONT_DRAIN_SECONDS"])
        assert end < pod["terminationGracePeriodSeconds"]


def complaints(text: str) -> list[str]:
    """Errors and warnings; not the remarks, which are asked for on the command line only."""
    return [str(match) for match in lint_all(text) if match.rule.severity != "informational"]


@pytest.mark.parametrize("kind", ["zip", "layer", "image"])
def test_cloudformation_takes_the_template(kind: str) -> None:
    text = (DEPLOY / f"sam/{kind}/template.yaml").read_text()
    assert complaints(text) == []
    assert complaints(text.replace("MemorySize: 512", "MemorySize: much"))


@pytest.mark.parametrize("kind", ["zip", "layer", "image"])
def test_terraform_parses_and_says_what_the_template_says(kind: str) -> None:
    parsed = hcl2.loads((DEPLOY / f"terraform/{kind}/main.tf").read_text())
    resources = {key.strip('"'): value for block in parsed["resource"] for key, value in block.items()}
    function = next(iter(resources["aws_lambda_function"].values()))
    template = yaml.load((DEPLOY / f"sam/{kind}/template.yaml").read_text(), Loader=yaml.BaseLoader)
    said = template["Resources"]["Thumbnail"]["Properties"]
    assert str(function["memory_size"]) == said["MemorySize"]
    assert str(function["timeout"]) == said["Timeout"]
    assert "aws_lambda_layer_version" in resources if kind == "layer" else "aws_lambda_layer_version" not in resources
    if kind == "image":
        assert said["PackageType"] in str(function["package_type"])
    else:
        assert said["Runtime"] in str(function["runtime"])


def commands() -> list[tuple[str, str]]:
    """Every `lambdakit` command that the examples tell to run, with the file that does."""
    found: list[tuple[str, str]] = []
    for file in [*FILES, DEPLOY / "README.md"]:
        lines = re.findall(r"^(?:# )?lambdakit ((?:package|image) .+)$", file.read_text(), re.MULTILINE)
        found += [(file.relative_to(DEPLOY).as_posix(), line) for line in lines]
    return found


@pytest.mark.parametrize(("file", "line"), commands())
def test_the_commands_have_options_that_there_are(file: str, line: str) -> None:
    verb, *arguments = line.split()
    done = subprocess.run(
        [sys.executable, "-m", "lambdakit.cli", verb, *arguments, "--help"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for option in (argument for argument in arguments if argument.startswith("-")):
        assert re.search(rf"(?<!\S){re.escape(option)}(?!\S)", done.stdout.replace(",", " ")), option
